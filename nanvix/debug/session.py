"""A guest under a debugger: the sandbox's own way of building a VM, with a journal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nanvix.abi.layout import BOOT_TRACE
from nanvix.assembly import Stdio, assemble, launch
from nanvix.debug.live import LiveMachine
from nanvix.machine.journal import Journal
from nanvix.named import NamedTuple
from nanvix.result import Phases
from nanvix.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import ExitStack

    from nanvix.debug.present import PresentMachine
    from nanvix.guest.launch import Launch
    from nanvix.machine.outcome import Listener
    from nanvix.macro.services import Services
    from nanvix.snapshot.state import Saved
    from nanvix.trace.recording import Recording


def open_recording(recording: Recording, stack: ExitStack, events: Listener) -> LiveMachine:
    """The machine of a recording before its first instruction; released with ``stack``.

    ``events`` hears what it heard the first time, if anybody listened then.

    A recording from KVM is replayed once beforehand, to find where its interrupts belong. Raises
    RecordingError.
    """
    from nanvix.replay.recorded import boot_spec, recorded_machine
    from nanvix.replay.session import exact

    recording = exact(recording)
    header = recording.header
    journal = Journal(list(recording.entries), exact=True, own_timers=header.own_timers)
    heard = boot_spec(header, recording.manifest).flags & BOOT_TRACE
    listener = events if heard else None
    return recorded_machine(recording, journal, stack, LiveMachine, events=listener)


def open_session(
    argv: Sequence[str], stdio: Stdio, stack: ExitStack, **settings: Any
) -> tuple[LiveMachine, Launch]:
    """A booted machine before its first instruction, released with ``stack``, and its program.

    ``settings`` are those of :class:`nanvix.settings.Settings`.
    """
    chosen = Settings(backend="emu", **settings)
    program = launch(chosen, argv)
    machine = assemble(
        chosen, program, stdio, stack, Phases(), journal=Journal(), make_machine=LiveMachine
    ).machine
    assert isinstance(machine, LiveMachine)
    return machine, program


def open_saved(
    saved: Saved, stdio: Stdio, stack: ExitStack, **settings: Any
) -> tuple[LiveMachine, Launch]:
    """A saved machine, from whichever backend, at the moment it was saved; as :func:`open_session`.

    Raises NanvixError where it cannot go on here, which is to say on the emulator.
    """
    chosen = Settings(backend="emu", **settings)
    _, program = chosen.take_over(saved.memory, saved.about)
    machine = assemble(
        chosen, program, stdio, stack, Phases(), journal=Journal(), saved=saved,
        make_machine=LiveMachine,
    ).machine  # fmt: skip
    assert isinstance(machine, LiveMachine)
    return machine, program


class OnKvm(NamedTuple):
    """A machine on KVM, and what else it takes to save it (nanvix.snapshot.state.save)."""

    machine: PresentMachine
    services: Services
    about: dict[str, Any]
    settings: Settings


def open_present(
    argv: Sequence[str],
    stdio: Stdio,
    stack: ExitStack,
    make_machine: type[PresentMachine],
    *,
    recording: Any = None,
    **settings: Any,
) -> OnKvm:
    """A booted machine on KVM before its first instruction, released with ``stack``.
    ``recording``: keeps its run (nanvix.debug.kept.KeptRun).

    Raises BackendUnavailable where KVM does not work.
    """
    chosen = Settings(backend="kvm", **settings)
    program = launch(chosen, argv)
    machine, _, services = assemble(
        chosen, program, stdio, stack, Phases(), make_machine=make_machine, recording=recording
    )
    assert isinstance(machine, make_machine)
    return OnKvm(machine, services, chosen.about(program, argv), chosen)

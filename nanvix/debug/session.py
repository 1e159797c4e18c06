"""A guest under a debugger: the sandbox's own way of building a VM, with a journal."""

from collections.abc import Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from nanvix.debug.live import LiveMachine
from nanvix.guest.launch import Launch, prepare
from nanvix.machine.journal import Journal
from nanvix.sandbox import Sandbox, Stdio, _Phases, open_backend

if TYPE_CHECKING:
    from nanvix.machine.machine import Machine
    from nanvix.trace.recording import Recording


class Session(Sandbox):
    """Limits and grants as for any sandbox; :meth:`open` builds the machine and starts nothing."""

    def open(
        self, argv: Sequence[str], stdio: Stdio, stack: ExitStack
    ) -> tuple[LiveMachine, Launch]:
        """A booted machine before its first instruction; released with ``stack``."""
        launch = prepare(argv, self.env, self.directory, self.mounts)
        machine, *_ = self._build(launch, stdio, stack, _Phases(), Journal())
        assert isinstance(machine, LiveMachine)
        return machine, launch

    def _machine_type(self) -> "type[Machine]":
        return LiveMachine


def open_recording(recording: "Recording", stack: ExitStack) -> LiveMachine:
    """The machine of a recording before its first instruction; released with ``stack``.

    A recording from KVM is replayed once beforehand, to find where its interrupts belong. Raises
    RecordingError.
    """
    from nanvix.abi.call import WatchTable
    from nanvix.machine.image import KernelImage
    from nanvix.machine.memory import GuestMemory
    from nanvix.replay.session import boot_spec, check_kernel, exact, never

    image = KernelImage.load()
    check_kernel(recording, image)
    if not recording.header.exact:
        recording = exact(recording)
    header = recording.header
    memory = GuestMemory(header.memory)
    stack.callback(memory.close)
    backend = open_backend("emu", memory)
    stack.callback(backend.close)
    machine = LiveMachine(
        memory,
        backend,
        image,
        boot_spec(header, recording.manifest),
        dict.fromkeys(header.ops, never),
        WatchTable(),
        journal=Journal(list(recording.entries), exact=header.exact, own_timers=header.own_timers),
    )
    stack.callback(machine.close)
    return machine


def open_session(
    argv: Sequence[str], stdio: Stdio, stack: ExitStack, **settings: Any
) -> tuple[LiveMachine, Launch]:
    """See :class:`Session`; ``settings`` are those of a sandbox."""
    return Session(backend="emu", **settings).open(argv, stdio, stack)

"""A guest on KVM whose run is kept: for a bug capsule, or to go back through it in the emulator.

    with Kept(["./a.out"]) as guest:
        guest.run()
        guest.recorded()                         # a Recording, up to here
        debugger = guest.in_emulator((0, 1, 2))  # the whole run, forward and back

It runs at KVM's speed, can be paused and looked into, and nothing else: what a debugger did to it
would not happen when the run is repeated.
"""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from nanvix.abi.layout import BOOT_TRACE
from nanvix.debug.control import RECORDED
from nanvix.debug.errors import DebugError
from nanvix.debug.posthumous import Posthumous
from nanvix.debug.session import OnKvm, open_present
from nanvix.machine.journal import End as JournalEnd
from nanvix.machine.journal import Entry, Journal
from nanvix.trace.record import Interruptible, controlled, describe, witness
from nanvix.trace.recording import Header, Recording

if TYPE_CHECKING:
    from nanvix.assembly import Stdio
    from nanvix.debug.debugger import Debugger
    from nanvix.guest.launch import Launch
    from nanvix.machine.backend import Backend
    from nanvix.machine.boot import BootSpec
    from nanvix.machine.image import KernelImage
    from nanvix.machine.machine import Machine
    from nanvix.machine.memory import GuestMemory
    from nanvix.machine.outcome import Outcome
    from nanvix.macro.services import Services

LAST = (1 << 62) - 1
"""A moment behind every other: where the run ends, however long it is."""
_ALONE = "a guest whose run is kept is left alone"


class _Journal(Journal):
    """Keeps all, and repeats nothing."""

    failed: Callable[[OSError], None] | None = None

    @property
    def live(self) -> bool:
        """Always."""
        return True


class KeptRun:
    """Stands where the file of a recorded run does (nanvix.recorded.RecordedRun), in memory."""

    recorder: _Journal
    _header: Header
    _manifest: bytes

    def __init__(self, argv: Sequence[str]) -> None:
        self._argv = argv

    def begin(
        self,
        launch: "Launch",
        spec: "BootSpec",
        image: "KernelImage",
        backend: "Backend",
        memory: "GuestMemory",
        services: "Services",
    ) -> "tuple[BootSpec, Journal]":
        """The spec under which the machine can be recorded, and its journal. Raises DebugError."""
        assert isinstance(backend, Interruptible)
        spec = controlled(spec, backend)
        spec = spec._replace(flags=spec.flags | BOOT_TRACE)
        try:
            self._header = describe(
                argv=self._argv, program=launch.program, spec=spec, image=image, backend=backend,
                memory=memory, ops=services.handlers, cpuid=backend.shown_cpuid(),
            )  # fmt: skip
        except OSError as error:
            raise DebugError(f"cannot read {launch.program}: {error.strerror}") from None
        self._manifest = spec.manifest
        self.recorder = _Journal(exact=False)
        witness(self.recorder, backend, memory)
        return spec, self.recorder

    def report(self, machine: "Machine") -> Callable[[OSError], None]:
        """Nothing is written, so nothing fails."""
        return lambda _: None

    def recording(self, outcome: "Outcome | None") -> Recording:
        """All of it so far: up to the guest's end, or to what has entered it last."""
        if outcome is not None:
            self.recorder.take_readings(0)
        entries: list[Entry] = list(self.recorder.entries)
        how = (RECORDED, 0, "it goes no further") if outcome is None else outcome[:3]
        return Recording(self._header, self._manifest, [*entries, JournalEnd(0, *how)])


class Kept(Posthumous):
    """See the module; arguments as for a Present."""

    def _open(self, stdio: "Stdio", stack: ExitStack, settings: dict[str, Any]) -> OnKvm:
        self._run = KeptRun(self.argv)
        return open_present(
            self.argv, stdio, stack, self.make_machine, recording=self._run, **settings
        )

    @property
    def lacks(self) -> dict[str, str]:
        """What cannot be done here, and why."""
        return {
            "step": _ALONE, "points": _ALONE, "watch": _ALONE, "travel": "KVM keeps no moments",
        }  # fmt: skip

    def recorded(self) -> Recording:
        """All that has happened so far."""
        return self._run.recording(self.machine.outcome)

    def in_emulator(self, stdio: "Stdio") -> "Debugger":
        """The whole run in the emulator, at the fault if one has ended it, else at its end; it goes
        no further there. Raises RecordingError where it cannot be repeated."""
        from nanvix.debug.debugger import Debugger

        outcome = self.machine.outcome
        debugger = Debugger(self.recorded(), mounts=self._built.settings.mounts)
        if outcome is not None and outcome.reason == "signal":
            debugger.run()
        else:
            debugger.go(LAST)
        return debugger

    def write_memory(self, address: int, data: bytes, *, pid: int | None = None) -> None:
        """Raises DebugError: what is changed here would not change when the run is repeated."""
        raise DebugError(f"nothing can be changed: {_ALONE}")

    def set_register(self, name: str, value: int) -> None:
        """Raises DebugError."""
        raise DebugError(f"nothing can be changed: {_ALONE}")

"""A guest under a debugger: the sandbox's own way of building a VM, with a taped backend."""

from collections.abc import Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from nanvix.debug.live import LiveMachine, TapedBackend
from nanvix.errors import BackendUnavailable
from nanvix.guest.launch import Launch, prepare
from nanvix.sandbox import Sandbox, Stdio, _Phases

if TYPE_CHECKING:
    from nanvix.machine.backend import Backend
    from nanvix.machine.machine import Machine
    from nanvix.machine.memory import GuestMemory
    from nanvix.trace.recording import Recording


class Session(Sandbox):
    """Limits and grants as for any sandbox; :meth:`open` builds the machine and starts nothing."""

    def open(
        self, argv: Sequence[str], stdio: Stdio, stack: ExitStack
    ) -> tuple[LiveMachine, Launch]:
        """A booted machine before its first instruction; released with ``stack``."""
        launch = prepare(argv, self.env, self.directory, self.mounts)
        machine, *_ = self._build(launch, stdio, stack, _Phases())
        assert isinstance(machine, LiveMachine)
        return machine, launch

    def _open_backend(self, memory: "GuestMemory") -> "Backend":
        try:
            return TapedBackend(memory)
        except RuntimeError as error:
            raise BackendUnavailable(f"the emulator does not work: {error}") from None

    def _machine_type(self) -> "type[Machine]":
        return LiveMachine


def open_recording(recording: "Recording", stack: ExitStack) -> LiveMachine:
    """The machine of a recording before its first instruction; released with ``stack``.

    A recording from KVM is replayed once beforehand, to find where its interrupts belong. Raises
    RecordingError.
    """
    from nanvix.abi.call import WatchTable
    from nanvix.machine.image import KernelImage
    from nanvix.machine.journal import Journal
    from nanvix.machine.memory import GuestMemory
    from nanvix.replay.session import boot_spec, check_kernel, exact, never

    image = KernelImage.load()
    check_kernel(recording, image)
    if not recording.header.exact:
        recording = exact(recording)
    header = recording.header
    memory = GuestMemory(header.memory)
    stack.callback(memory.close)
    backend = TapedBackend(memory)
    stack.callback(backend.close)
    machine = LiveMachine(
        memory,
        backend,
        image,
        boot_spec(header, recording.manifest),
        dict.fromkeys(header.ops, never),
        WatchTable(),
        journal=Journal(recording.entries, exact=header.exact, own_timers=header.own_timers),
    )
    stack.callback(machine.close)
    return machine


def open_session(
    argv: Sequence[str], stdio: Stdio, stack: ExitStack, **settings: Any
) -> tuple[LiveMachine, Launch]:
    """See :class:`Session`; ``settings`` are those of a sandbox."""
    return Session(backend="emu", **settings).open(argv, stdio, stack)

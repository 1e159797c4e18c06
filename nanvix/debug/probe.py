"""What to look for while the guest runs: a :class:`Plan` is attached to the engine for one run.

The plain plan looks for nothing and costs nothing. A subclass fills ``code``, ``memory`` and
``entries`` and says in its callbacks whether to stop.
"""

from nanvix.emu.backend import EmuBackend
from nanvix.emu.probes import Probes


class Plan:
    """``code``: linear addresses; ``memory``: (first, last, READ | WRITE) physical ranges;
    ``entries``: whether ways into the kernel are of interest. ``stopped``: whether a callback has
    said so; ``stale``: whether the sets must be computed anew before the guest runs on;
    ``unsettled``: whether it was stopped within a moment, so that the moment must be gone to."""

    def __init__(self) -> None:
        self.code: set[int] = set()
        self.memory: set[tuple[int, int, int]] = set()
        self.entries = False
        self.stopped = False
        self.stale = False
        self.unsettled = False
        self._probes: Probes | None = None

    def on_code(self, address: int, count: int) -> bool:
        """An instruction is about to run (see nanvix.emu.probes)."""
        return False

    def on_memory(self, access: int, physical: int, size: int, value: int, count: int) -> bool:
        """A probed range is being read or about to be written."""
        return False

    def on_entry(self, kind: int, code: int, rip: int, count: int) -> bool:
        """The kernel is about to be entered (see nanvix.emu.intercepts)."""
        return False

    def host_write(self, gpa: int, size: int) -> bool:
        """The host has written guest memory."""
        return False

    def on_doorbell(self, page: int) -> bool:
        """The host has answered the request at a physical address."""
        return False

    def prepare(self) -> None:
        """Compute the sets; called before the first instruction and whenever ``stale``."""

    def attach(self, probes: Probes, backend: EmuBackend) -> None:
        """Install."""
        self._probes = probes
        self._install()
        backend.observer = self.on_entry if self.entries else None

    def refresh(self) -> None:
        """Install again what has become stale."""
        if self.stale:
            self._install()

    def detach(self, probes: Probes, backend: EmuBackend) -> None:
        """Take everything out again."""
        self._probes = None
        backend.observer = None

    def finish_instruction(self) -> None:
        """In :meth:`on_code`: stop behind this instruction."""
        assert self._probes is not None
        self._probes.finish_instruction()

    def _install(self) -> None:
        assert self._probes is not None
        self.stale = False
        self.prepare()
        self._probes.place(self.code, self.on_code, self.memory, self.on_memory)

"""What the machine says of itself: how a run ended, what the guest did, its part of a moment."""

from __future__ import annotations

from nanvix.abi.layout import CONTROL, CONTROL_PHYS, COUNT_SLOTS, COUNTS_PHYS
from nanvix.named import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from nanvix.machine.crash import CrashRecord
    from nanvix.machine.memory import GuestMemory
    from nanvix.machine.trace_ring import TraceEvent

    Listener = Callable[[TraceEvent], None]
    Log = Callable[[int, str], None]

SAVED = "saved"
"""The reason of a stop at which the machine can be saved: :meth:`Machine.step` looks for one."""


class Outcome(NamedTuple):
    """How a run ended. ``reason``: exit, signal, timeout, budget, panic, shutdown, error or what
    was given to :meth:`Machine.stop`. ``status``: the first process's wait status (exit code
    << 8 | signal) for exit and signal. ``crash``: the last fault report of the run, if any."""

    reason: str
    status: int = 0
    detail: str = ""
    crash: CrashRecord | None = None


class Checkpoint(NamedTuple):
    """The machine's own part of a moment, as :meth:`Machine.checkpoint` gives it."""

    timers: tuple[int | None, int | None]
    idle: tuple[bool, int | None, int, int | None]
    event_tail: int
    trace_tail: int
    trace_lost: int
    counts: tuple[int, ...]
    crash: CrashRecord | None
    position: int
    signals: frozenset[int]


def syscalls(memory: GuestMemory) -> dict[int, int]:
    """System calls entered, by number, as the guest kernel counts them."""
    counts = memoryview(memory.read(COUNTS_PHYS, COUNT_SLOTS * 8)).cast("Q")
    return {number: count for number, count in enumerate(counts) if count}


def peak_memory(memory: GuestMemory) -> int:
    """Most bytes of guest memory the guest kernel has handed out at a time."""
    frames = int.from_bytes(memory.read(CONTROL_PHYS + CONTROL.offsets["frames_peak"], 8), "little")
    return min(frames << 12, memory.size)

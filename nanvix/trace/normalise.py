"""What two runs of the same program must have in common, whatever the backend.

Normalising an event stream

* drops time: the ``tsc`` of every event, and results of calls that return a time;
* drops what follows from how a CPU behaves rather than from what the program does: the boot
  record, hypercalls (how much the kernel asks the host to do depends on the backend's quirks)
  and page faults (pages may be mapped around a fault);
* drops the birth of threads and processes, of which the call that made them tells as well;
* drops requests for the randomness of a temporary name: glibc makes it of the clock first, and asks
  again for one in twenty (sysdeps/posix/tempname.c);
* cuts a system call's arguments to those it has, because the other registers hold leftovers (which
  futex has depends on its operation);
* sorts events by thread: which thread runs when is up to timer interrupts, what each does is not.

Addresses stay: the layout of a guest process depends only on its seed.

A run and the replay of its recording have more in common: the same time, the same randomness, the
same answers of the host at the same moments. Of these :class:`Course` keeps all events in the order
in which they came, requests to the host included. Only what follows from the CPU is left out: the
boot record, page faults, how the kernel drives the machine itself, and leftovers in registers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nanvix.abi import layout
from nanvix.abi.channel import OPS
from nanvix.abi.syscalls import SYSCALLS
from nanvix.machine.arity import arguments
from nanvix.named import NamedTuple

if TYPE_CHECKING:
    from nanvix.machine.trace_ring import TraceEvent

_PAGE_FAULT = 14
_TIMES = frozenset(number for number, name in SYSCALLS.items() if name in ("time", "times"))
_GETRANDOM = next(number for number, name in SYSCALLS.items() if name == "getrandom")
_FUTEX = next(number for number, name in SYSCALLS.items() if name == "futex")
_FUTEX_COMMAND = 0x7F
_FUTEX_ARGUMENTS = {
    0: (0, 1, 2, 3), 1: (0, 1, 2), 3: (0, 1, 2, 3, 4), 6: (0, 1, 3), 7: (0, 1), 8: (0, 1),
    9: (0, 1, 2, 3, 5), 10: (0, 1, 2, 5), 11: (0, 1, 2, 3, 4), 13: (0, 1, 3),
}  # fmt: skip
"""By operation, where not all six count (futex(2))."""
_OF_A_NAME = (8, 1)
"""A u64, GRND_NONBLOCK."""
_DROPPED = frozenset((layout.TRACE_HYPERCALL, layout.TRACE_FORK))
_OF_THE_MACHINE = frozenset(OPS[name][0] for name in ("TRACE", "MEMORY"))
"""Requests that nothing outside the machine hears of."""


class Step(NamedTuple):
    """A normalised event; two runs agree when their steps are equal."""

    kind: int
    code: int
    tid: int
    args: tuple[int, ...]


def normalise(event: TraceEvent, *, same_input: bool = False) -> Step | None:
    """The comparable part of an event, or None when it does not count. ``same_input``: one of the
    runs is the replay of the other."""
    kind, code, tid, args = event.kind, event.code, event.tid, event.args
    if kind == layout.TRACE_EXCEPTION and code == _PAGE_FAULT:
        return None
    if same_input and kind == layout.TRACE_HYPERCALL:
        return None if code in _OF_THE_MACHINE else Step(kind, code, tid, args)
    if kind == layout.TRACE_BOOT or (kind in _DROPPED and not same_input):
        return None
    if kind == layout.TRACE_SYSCALL_ENTER and code == _FUTEX:
        used = _FUTEX_ARGUMENTS.get(args[1] & _FUTEX_COMMAND, range(6))
        return Step(kind, code, tid, tuple(args[i] for i in used))
    if kind == layout.TRACE_SYSCALL_ENTER:
        return Step(kind, code, tid, args[: arguments(code)])
    if kind == layout.TRACE_SYSCALL_EXIT:
        return Step(kind, code, tid, () if code in _TIMES and not same_input else args[:1])
    return Step(kind, code, tid, args)


class Course:
    """A listener that keeps the steps of a run that is recorded, or replayed, in order, up to
    ``limit``. ``truncated``: there were more."""

    def __init__(self, limit: int = 2_000_000) -> None:
        self.steps: list[Step] = []
        self.truncated = False
        self._limit = limit

    def __call__(self, event: TraceEvent) -> None:
        """Take one event."""
        step = normalise(event, same_input=True)
        if step is None:
            return
        if len(self.steps) >= self._limit:
            self.truncated = True
            return
        self.steps.append(step)


class Collector:
    """A listener that keeps the normalised steps of every thread, up to ``limit`` in all."""

    def __init__(self, limit: int = 1_000_000) -> None:
        self.threads: dict[int, list[Step]] = {}
        self.count = 0
        self.truncated = False
        self._limit = limit
        self._naming: set[int] = set()

    def __call__(self, event: TraceEvent) -> None:
        """Take one event."""
        step = normalise(event)
        if step is None or self._names(event.tid, step):
            return
        if self.count >= self._limit:
            self.truncated = True
            return
        self.count += 1
        self.threads.setdefault(event.tid, []).append(step)

    def _names(self, tid: int, step: Step) -> bool:
        """Whether the thread asks, or is answered, how to name a temporary file."""
        if step.code == _GETRANDOM and step.kind == layout.TRACE_SYSCALL_ENTER:
            if step.args[1:] == _OF_A_NAME:
                self._naming.add(tid)
                return True
        elif tid in self._naming and step.kind == layout.TRACE_SYSCALL_EXIT:
            self._naming.discard(tid)
            return True
        return False

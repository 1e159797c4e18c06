"""What two runs of the same program must have in common, whatever the backend.

Normalising an event stream

* drops time: the ``tsc`` of every event, and results of calls that return a time;
* drops what follows from how a CPU behaves rather than from what the program does: the boot
  record, hypercalls (how much the kernel asks the host to do depends on the backend's quirks)
  and page faults (pages may be mapped around a fault);
* cuts a system call's arguments to those it has, because the other registers hold leftovers;
* sorts events by thread: which thread runs when is up to timer interrupts, what each does is not.

Addresses stay: the layout of a guest process depends only on its seed.
"""

from typing import NamedTuple

from nanvix.abi import layout
from nanvix.abi.syscalls import SYSCALLS
from nanvix.machine.arity import arguments
from nanvix.machine.trace_ring import TraceEvent

_PAGE_FAULT = 14
_TIMES = frozenset(number for number, name in SYSCALLS.items() if name in ("time", "times"))
_DROPPED = frozenset((layout.TRACE_BOOT, layout.TRACE_HYPERCALL))


class Step(NamedTuple):
    """A normalised event; two runs agree when their steps are equal."""

    kind: int
    code: int
    args: tuple[int, ...]


def normalise(event: TraceEvent) -> Step | None:
    """The comparable part of an event, or None when it does not count."""
    kind, code, args = event.kind, event.code, event.args
    if kind in _DROPPED or (kind == layout.TRACE_EXCEPTION and code == _PAGE_FAULT):
        return None
    if kind == layout.TRACE_SYSCALL_ENTER:
        return Step(kind, code, args[: arguments(code)])
    if kind == layout.TRACE_SYSCALL_EXIT:
        return Step(kind, code, () if code in _TIMES else args[:1])
    return Step(kind, code, args)


class Collector:
    """A listener that keeps the normalised steps of every thread, up to ``limit`` in all."""

    def __init__(self, limit: int = 1_000_000) -> None:
        self.threads: dict[int, list[Step]] = {}
        self.count = 0
        self.truncated = False
        self._limit = limit

    def __call__(self, event: TraceEvent) -> None:
        """Take one event."""
        step = normalise(event)
        if step is None:
            return
        if self.count >= self._limit:
            self.truncated = True
            return
        self.count += 1
        self.threads.setdefault(event.tid, []).append(step)

"""The log of system calls, hypercalls, exceptions, signals, exec and exit, with their moments."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from nanvix.abi.layout import CONTROL, CONTROL_PHYS, TRACE_PHYS, TRACE_RECORD, TRACE_RECORDS
from nanvix.machine.describe import KINDS, describe
from nanvix.machine.trace_ring import TraceEvent
from nanvix.named import NamedTuple

if TYPE_CHECKING:
    from nanvix.machine.machine import Machine

LIMIT = 1_000_000
_HEAD = CONTROL_PHYS + CONTROL.offsets["trace_head"]
_TAIL = CONTROL_PHYS + CONTROL.offsets["trace_tail"]


class Event(NamedTuple):
    """``kind``: boot, enter, return, exception, exec, exit, signal or hypercall. ``moment``: when
    the kernel noted it, in the middle of its work; go there to see why."""

    moment: int
    kind: str
    tid: int
    record: TraceEvent

    @property
    def text(self) -> str:
        """One line, as ``nanvix run --trace`` would name it."""
        return describe(self.record)


class EventLog:
    """Hears a live machine's events in order; ``lost``: how many the limit has cost."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._events: list[Event] = []
        self._recent: list[Event] = []
        self._limit = limit
        self._known = -1
        self.lost = 0
        self.machine: Machine | None = None

    def __call__(self, record: TraceEvent) -> None:
        """A listener for the machine."""
        if record.tsc <= self._known:
            return
        if len(self._events) >= self._limit:
            self.lost += 1
            return
        self._recent.clear()
        self._events.append(self._event(record))

    def catch_up(self) -> None:
        """See what the guest has noted since the machine last looked; the guest does not notice."""
        machine = self.machine
        assert machine is not None
        read = machine.memory.read
        head, tail = (int.from_bytes(read(at, 8), "little") for at in (_HEAD, _TAIL))
        self._recent = []
        for number in range(max(tail, head - TRACE_RECORDS, 0), min(head, tail + TRACE_RECORDS)):
            at = TRACE_PHYS + number % TRACE_RECORDS * TRACE_RECORD.size
            kind, code, tid, tsc, *args = TRACE_RECORD.codec.unpack(read(at, TRACE_RECORD.size))
            if tsc > self._known:
                self._recent.append(self._event(TraceEvent(kind, code, tid, tsc, tuple(args))))

    def cut(self, tsc: int) -> None:
        """What has been noted later than at that value of the counter will be noted anew."""
        self._events = [event for event in self.all() if event.record.tsc <= tsc]
        self._recent, self._known = [], tsc

    def all(self) -> list[Event]:
        """Everything up to the frontier, oldest first."""
        return self._events + self._recent

    def rest(self, number: int) -> list[Event]:
        """All but the first ``number``."""
        known = len(self._events)
        if number >= known:
            return self._recent[number - known :]
        return self._events[number:] + self._recent

    def between(self, start: int, end: int) -> list[Event]:
        """Those of moments in [start, end)."""
        events = self.all()
        first = bisect_left(events, start, key=_moment)
        return events[first : bisect_left(events, end, key=_moment)]

    def _event(self, record: TraceEvent) -> Event:
        kind = KINDS.get(record.kind, str(record.kind))
        return Event(self._moment(record.tsc), kind, record.tid, record)

    def _moment(self, tsc: int) -> int:
        """Instructions retired: the counter without the time the guest has slept."""
        backend = self.machine.backend if self.machine is not None else None
        idle = backend.tsc() - (backend.instructions() or 0) if backend is not None else 0
        return max(0, tsc - idle)


def _moment(event: Event) -> int:
    return event.moment

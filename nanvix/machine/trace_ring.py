"""Guest to host: the trace ring, a flight recorder that a listener may also follow.

The guest owns the memory and the cursor, so a reading is bounded by the ring's size and a
cursor that jumps costs the guest its own records.
"""

from __future__ import annotations

from struct import Struct

from nanvix.abi.layout import (
    CONTROL,
    CONTROL_PHYS,
    TRACE_HYPERCALL,
    TRACE_PHYS,
    TRACE_RECORD,
    TRACE_RECORDS,
)
from nanvix.named import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from nanvix.abi.call import Call
    from nanvix.machine.memory import GuestMemory
    from nanvix.machine.outcome import Listener

_CURSOR = Struct("<Q")
_HEAD_AT = CONTROL_PHYS + CONTROL.offsets["trace_head"]
_TAIL_AT = CONTROL_PHYS + CONTROL.offsets["trace_tail"]
_RECORD = TRACE_RECORD.codec.unpack_from
_MASK = (1 << 64) - 1


class TraceEvent(NamedTuple):
    """One event: ``kind`` is a TRACE_* number, ``code`` a syscall number, vector, signal or op.

    ``args``: six u64 whose meaning depends on ``kind`` (see nanvix.abi.layout). Of a
    TRACE_HYPERCALL, written by the host: arg0..arg3, bytes in all segments, result.
    """

    kind: int
    code: int
    tid: int
    tsc: int
    args: tuple[int, ...]


class TraceRing:
    """Reads the ring of one VM. ``lost``: records overwritten before they were drained;
    ``tail``: how many have been read or lost."""

    __slots__ = ("_view", "lost", "tail")

    def __init__(self, memory: GuestMemory) -> None:
        self._view = memory.view
        self.tail = 0
        self.lost = 0

    def drain(self) -> list[TraceEvent]:
        """All records since the last drain that are still there, oldest first."""
        head: int = _CURSOR.unpack_from(self._view, _HEAD_AT)[0]
        if head == self.tail:
            return []
        fresh = head - self.tail & _MASK
        if fresh > TRACE_RECORDS:
            self.lost += fresh - TRACE_RECORDS
            fresh = TRACE_RECORDS
        self.tail = head
        _CURSOR.pack_into(self._view, _TAIL_AT, head)
        return self._records(head - fresh, fresh)

    def skip(self) -> None:
        """Leave out what is there already: nobody has listened so far."""
        self.tail = _CURSOR.unpack_from(self._view, _HEAD_AT)[0]
        _CURSOR.pack_into(self._view, _TAIL_AT, self.tail)

    def last(self, count: int) -> list[TraceEvent]:
        """The newest ``count`` records, oldest first, drained or not."""
        head: int = _CURSOR.unpack_from(self._view, _HEAD_AT)[0]
        count = min(count, head, TRACE_RECORDS)
        return self._records(head - count, count)

    def _records(self, start: int, count: int) -> list[TraceEvent]:
        view, size = self._view, TRACE_RECORD.size
        events = []
        for index in range(start, start + count):
            kind, code, tid, tsc, *args = _RECORD(view, TRACE_PHYS + index % TRACE_RECORDS * size)
            events.append(TraceEvent(kind, code, tid, tsc, tuple(args)))
        return events


class EventStream:
    """What a listener hears of a run, in order: the guest's records and the channel's calls.

    One that fails (a full disk, say) is not asked again: ``listener`` is None from then on, and
    ``failed`` hears why. ``counter`` gives the time-stamp of a call.
    """

    __slots__ = ("_counter", "_failed", "_ring", "listener")

    def __init__(
        self,
        ring: TraceRing,
        listener: Listener | None,
        counter: Callable[[], int],
        failed: Callable[[Exception], None],
    ) -> None:
        self._ring = ring
        self.listener = listener
        self._counter = counter
        self._failed = failed

    def drain(self) -> None:
        """Hand on the guest's new records."""
        if self.listener is not None:
            for event in self._ring.drain():
                self.emit(event)

    def call(self, call: Call, result: int) -> None:
        """A call of the channel has been answered."""
        size = sum(map(len, call.inputs)) + sum(map(len, call.outputs))
        args = (*call.arg[:4], size, result & _MASK)
        self.emit(TraceEvent(TRACE_HYPERCALL, call.op, 0, self._counter(), args))

    def emit(self, event: TraceEvent) -> None:
        """Hand on one event."""
        if self.listener is None:
            return
        try:
            self.listener(event)
        except Exception as error:
            self.listener = None
            self._failed(error)

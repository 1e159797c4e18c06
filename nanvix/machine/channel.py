"""The host's end of the hypercall channel: the one place where a guest's request is checked.

A request page is copied once and decoded from the copy, so nothing that happens to the page
later (a segment may overlap it) changes what has been checked. What a service then sees is a
:class:`Call` whose views lie inside RAM.
"""

from __future__ import annotations

from errno import EFAULT, EINVAL, EIO, EMSGSIZE, ENOSYS
from struct import Struct

from nanvix.abi.call import Call
from nanvix.abi.channel import MAX_SEGMENTS, REQUEST, SEGMENT
from nanvix.abi.layout import PAGE_SHIFT, PAGE_SIZE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from nanvix.abi.call import Handler
    from nanvix.machine.journal import Journal
    from nanvix.machine.memory import GuestMemory

    Policy = Callable[[Call], int | None]
    """Asked before a service: None lets the call through, a number is its result."""

MAX_BYTES = 64 << 20
"""Most bytes one request may name, all segments together."""
MAX_FAULTS = 16
"""How many internal errors are kept as text."""

_OPS = 256
_HEADER = REQUEST.codec.unpack_from
_RESULT_AT = REQUEST.offsets["result"]
_ANSWER = Struct("<q7Q").pack
_RESULT = Struct("<q7Q").pack_into
_SEGMENTS = [Struct(f"<{count * 2}Q").unpack_from for count in range(MAX_SEGMENTS + 1)]
_SEGMENTS_AT = REQUEST.size
_NO_VIEWS: list[memoryview] = []
_NO_OUT = (0,) * 7

assert _SEGMENTS_AT + MAX_SEGMENTS * SEGMENT.size <= PAGE_SIZE


class Channel:
    """Decodes requests from ``memory`` and serves them by ``handlers`` (op number to handler).

    ``counts``: calls per op number, ``total``: calls in all, ``violations``: malformed ones,
    ``faults``: tracebacks of our own errors (the first MAX_FAULTS), ``fault_count``: how many.
    ``written`` hears of every range a service may have written, ``observer`` of every call and
    its result; ``policy`` is asked before a service runs; ``journal`` keeps what enters the guest,
    or repeats it. All are None when not wanted.
    """

    __slots__ = (
        "_handlers", "_memory", "counts", "fault_count", "faults", "journal", "observer",
        "policy", "total", "violations", "written",
    )  # fmt: skip

    def __init__(self, memory: GuestMemory, handlers: Mapping[int, Handler]) -> None:
        self._memory = memory
        self._handlers: list[Handler | None] = [handlers.get(op) for op in range(_OPS)]
        self.counts = [0] * _OPS
        self.total = 0
        self.violations = 0
        self.faults: list[str] = []
        self.fault_count = 0
        self.written: Callable[[int, int], None] | None = None
        self.observer: Callable[[Call, int], None] | None = None
        self.policy: Policy | None = None
        self.journal: Journal | None = None

    def ring(self, doorbell: int) -> bool:
        """Serve the request in guest page ``doorbell``.

        Whatever the page says, the answer is a result in the page; False only when there is no
        such page and so nowhere to answer.
        """
        memory = self._memory
        gpa = doorbell << PAGE_SHIFT
        self.total += 1
        if gpa < 0 or gpa + PAGE_SIZE > memory.size:
            self.violations += 1
            return False
        view = memory.view
        page = bytes(view[gpa : gpa + PAGE_SIZE])
        op, _, nin, nout, cookie, a0, a1, a2, a3, a4, a5 = _HEADER(page)[:11]

        segments = nin + nout
        if segments == 0:
            inputs = outputs = _NO_VIEWS
            numbers: tuple[int, ...] = ()
        elif segments > MAX_SEGMENTS:
            return self._refuse(gpa, EINVAL)
        else:
            numbers = _SEGMENTS[segments](page, _SEGMENTS_AT)
            size, left, views = memory.size, MAX_BYTES, []
            for index in range(0, segments * 2, 2):
                start, length = numbers[index], numbers[index + 1]
                if start + length > size:
                    return self._refuse(gpa, EFAULT)
                left -= length
                if left < 0:
                    return self._refuse(gpa, EMSGSIZE)
                views.append(view[start : start + length])
            inputs, outputs = views[:nin], views[nin:]

        if op >= _OPS or self._handlers[op] is None:
            return self._refuse(gpa, ENOSYS)
        self.counts[op] += 1
        call = Call(op, (a0, a1, a2, a3, a4, a5), inputs, outputs, cookie)
        if self.journal is None:
            result = self._invoke(call)
        else:
            result = self.journal.serve(call, self._invoke)
        _RESULT(view, gpa + _RESULT_AT, result, *call.out)

        if nout and self.written is not None:
            for index in range(nin * 2, segments * 2, 2):
                self.written(numbers[index], numbers[index + 1])
        if self.observer is not None:
            self.observer(call, result)
        return True

    def _invoke(self, call: Call) -> int:
        """What the service answers; its errors as negative numbers."""
        try:
            answer = self.policy(call) if self.policy is not None else None
            if answer is None:
                handler = self._handlers[call.op]
                assert handler is not None
                answer = handler(call)
            _ANSWER(answer, *call.out)  # whether it fits
        except OSError as error:
            # Some library errors carry numbers that are no errno.
            result = -(error.errno if error.errno and 0 < error.errno < 4096 else EIO)
        except Exception:
            result = -EIO
            self._record_fault()
        else:
            return answer
        call.out[:] = _NO_OUT
        return result

    def _refuse(self, gpa: int, errno: int) -> bool:
        self.violations += 1
        _RESULT(self._memory.view, gpa + _RESULT_AT, -errno, *_NO_OUT)
        return True

    def _record_fault(self) -> None:
        # Kept as text: a traceback object would keep views of guest memory alive.
        self.fault_count += 1
        if len(self.faults) < MAX_FAULTS:
            import traceback

            self.faults.append(traceback.format_exc())

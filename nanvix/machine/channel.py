"""The host's end of the hypercall channel: the one place where a guest's request is checked.

A request page is copied once and decoded from the copy, so nothing that happens to the page
later (a segment may overlap it) changes what has been checked. What a service then sees is a
:class:`Call` whose views lie inside RAM.
"""

from collections.abc import Callable, Mapping
from errno import EFAULT, EINVAL, EIO, EMSGSIZE, ENOSYS
from struct import Struct

from nanvix.abi.call import Call, Handler
from nanvix.abi.channel import MAX_SEGMENTS, REQUEST, SEGMENT
from nanvix.abi.layout import PAGE_SHIFT, PAGE_SIZE
from nanvix.machine.memory import GuestMemory

MAX_BYTES = 64 << 20
"""Most bytes one request may name, all segments together."""
MAX_FAULTS = 16
"""How many internal errors are kept as text."""

_OPS = 256
_HEADER = REQUEST.codec.unpack_from
_RESULT_AT = REQUEST.offsets["result"]
_RESULT = Struct("<q7Q").pack_into
_SEGMENTS = [Struct(f"<{count * 2}Q").unpack_from for count in range(MAX_SEGMENTS + 1)]
_SEGMENTS_AT = REQUEST.size
_NO_VIEWS: list[memoryview] = []

assert _SEGMENTS_AT + MAX_SEGMENTS * SEGMENT.size <= PAGE_SIZE

Policy = Callable[[Call], int | None]
"""Asked before a service: None lets the call through, a number is its result."""


class Channel:
    """Decodes requests from ``memory`` and serves them by ``handlers`` (op number to handler).

    ``counts``: calls per op number, ``total``: calls in all, ``violations``: malformed ones,
    ``faults``: tracebacks of our own errors (the first MAX_FAULTS), ``fault_count``: how many.
    ``written`` hears of every range a service may have written, ``observer`` of every call and
    its result; ``policy`` is asked before a service runs. All three are None when not wanted.
    """

    __slots__ = (
        "_handlers", "_memory", "counts", "fault_count", "faults", "observer", "policy",
        "total", "violations", "written",
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

        handler = self._handlers[op] if op < _OPS else None
        if handler is None:
            return self._refuse(gpa, ENOSYS)
        self.counts[op] += 1
        call = Call(op, (a0, a1, a2, a3, a4, a5), inputs, outputs, cookie)
        try:
            answer = self.policy(call) if self.policy is not None else None
            result = handler(call) if answer is None else answer
            _RESULT(view, gpa + _RESULT_AT, result, *call.out)
        except OSError as error:
            # Some library errors carry numbers that are no errno.
            result = -(error.errno if error.errno and 0 < error.errno < 4096 else EIO)
            self._answer(gpa, result)
        except Exception:
            result = -EIO
            self._record_fault()
            self._answer(gpa, result)

        if nout and self.written is not None:
            for index in range(nin * 2, segments * 2, 2):
                self.written(numbers[index], numbers[index + 1])
        if self.observer is not None:
            self.observer(call, result)
        return True

    def _answer(self, gpa: int, result: int) -> None:
        _RESULT(self._memory.view, gpa + _RESULT_AT, result, 0, 0, 0, 0, 0, 0, 0)

    def _refuse(self, gpa: int, errno: int) -> bool:
        self.violations += 1
        self._answer(gpa, -errno)
        return True

    def _record_fault(self) -> None:
        # Kept as text: a traceback object would keep views of guest memory alive.
        self.fault_count += 1
        if len(self.faults) < MAX_FAULTS:
            import traceback

            self.faults.append(traceback.format_exc())

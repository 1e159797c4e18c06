"""What entered a guest, in order: enough to let it run again without the world around it.

Everything the host gives a guest passes a :class:`Journal`: results and data of hypercalls,
events, interrupts, and how long it slept. A machine with a journal appends while it is at the
end ("live") and repeats while it is not. The guest's own part is not kept: on the emulator, which
is deterministic, the same things entering at the same counter values give the same run.
"""

import zlib
from collections.abc import Callable
from typing import NamedTuple

from nanvix.abi.call import Call
from nanvix.abi.channel import ATTR, OPS, STATFS

Serve = Callable[[Call], int]

_MASK64 = (1 << 64) - 1
_TERMIOS_SIZE = 36


class Served(NamedTuple):
    """A hypercall. ``tsc``: the counter then. ``digest``: of the request. ``data``: what was
    written into the outputs, which count as one buffer, as (position, bytes) pieces."""

    tsc: int
    op: int
    digest: int
    result: int
    out: tuple[int, ...]
    data: tuple[tuple[int, bytes], ...]


class Arrival(NamedTuple):
    """Events put into the ring as (kind, value, cookie), and vectors injected for them."""

    tsc: int
    events: tuple[tuple[int, int, int], ...]
    vectors: tuple[int, ...]


class Wake(NamedTuple):
    """The end of a sleep; ``tsc`` is the counter after it."""

    tsc: int


Entry = Served | Arrival | Wake

_SYSTEM = frozenset(number for number, _ in OPS.values() if number < OPS["ENTROPY"][0]) | {
    OPS["CRASH"][0]
}
"""Served by the machine itself, from what is in the guest: nothing enters by them."""


class Journal:
    """``entries``, and the ``position`` of the next one to repeat; at the end it is live.

    ``diverged``: what the guest asked for that it had not asked for the first time; one line.
    ``moved`` is called after every change of ``position``.
    """

    def __init__(self, entries: list[Entry] | None = None) -> None:
        self.entries: list[Entry] = [] if entries is None else entries
        self.position = 0
        self.diverged: str | None = None
        self.moved: Callable[[], None] = _nothing
        self.counter: Callable[[], int] = _zero
        """The machine's time-stamp counter."""

    @property
    def live(self) -> bool:
        """Whether what enters the guest comes from the world now."""
        return self.position >= len(self.entries)

    def next(self) -> Entry | None:
        """The entry to repeat next; None when live."""
        return None if self.live else self.entries[self.position]

    def advance(self) -> None:
        """The next entry has been repeated."""
        self.position += 1
        self.moved()

    def append(self, entry: Entry) -> None:
        """Something has entered the guest just now. Only when live."""
        self.entries.append(entry)
        self.position += 1

    def diverge(self, expected: object, got: object) -> None:
        """Keep the first difference."""
        if self.diverged is None:
            self.diverged = f"diverged at event {self.position}: expected {expected}, got {got}"

    def serve(self, call: Call, invoke: Serve) -> int:
        """A hypercall: through ``invoke`` when live, else from the journal."""
        if call.op in _SYSTEM:
            return invoke(call)
        tsc = self.counter()
        asked = digest(call)
        if self.live:
            result = invoke(call)
            data = written(call, result)
            self.append(Served(tsc, call.op, asked, result, tuple(call.out), data))
            return result
        entry = self.entries[self.position]
        if not isinstance(entry, Served):
            self.diverge(describe(entry), f"{_op(call.op)} at {tsc}")
            return 0
        if (entry.tsc, entry.op, entry.digest) != (tsc, call.op, asked):
            what = f"{_op(call.op)} at {tsc}"
            if (entry.tsc, entry.op) == (tsc, call.op):
                what += " with another request"
            self.diverge(describe(entry), what)
            return 0
        fill(call, entry)
        self.advance()
        return entry.result


def describe(entry: Entry) -> str:
    """A few words, for messages."""
    if isinstance(entry, Served):
        return f"{_op(entry.op)} at {entry.tsc}"
    return f"{type(entry).__name__.lower()} at {entry.tsc}"


def digest(call: Call) -> int:
    """A checksum of what a request asks for: arguments, cookie, inputs, room for output."""
    room = sum(map(len, call.outputs))
    value = zlib.crc32(repr((call.op, call.arg, call.cookie, room)).encode())
    for view in call.inputs:
        value = zlib.crc32(view, value)
    return value


def fill(call: Call, entry: Served) -> None:
    """Answer a call as it was answered before."""
    call.out[:] = entry.out
    for position, data in entry.data:
        at, left = position, memoryview(data)
        for view in call.outputs:
            if at < len(view):
                part = min(len(view) - at, len(left))
                view[at : at + part] = left[:part]
                at, left = 0, left[part:]
                if not left:
                    break
            else:
                at -= len(view)


def written(call: Call, result: int) -> tuple[tuple[int, bytes], ...]:
    """What the service has written into a call's outputs."""
    if not call.outputs:
        return ()
    extents = _WRITTEN.get(call.op, _everything)(call, result)
    return tuple((at, _read(call.outputs, at, size)) for at, size in extents if size > 0)


def _read(outputs: list[memoryview], at: int, size: int) -> bytes:
    parts = []
    for view in outputs:
        if at < len(view):
            part = view[at : at + size]
            parts.append(part)
            size -= len(part)
            at = 0
            if size <= 0:
                break
        else:
            at -= len(view)
    return b"".join(parts)


_Extents = list[tuple[int, int]]


def _everything(call: Call, result: int) -> _Extents:
    return [(0, sum(map(len, call.outputs)))]


def _result_bytes(call: Call, result: int) -> _Extents:
    return [(0, result)]


def _walked(call: Call, result: int) -> _Extents:
    """FS_WALK: a record per component reached, then content behind the first output."""
    return [(0, max(result, 0) * ATTR.size), (len(call.outputs[0]), call.out[1])]


def _record(size: int) -> Callable[[Call, int], _Extents]:
    def extents(call: Call, result: int) -> _Extents:
        return [(0, size if result >= 0 else 0)]

    return extents


_ATTRIBUTES = _record(ATTR.size)
_WRITTEN: dict[int, Callable[[Call, int], _Extents]] = {
    OPS[name][0]: extents
    for names, extents in (
        (("CON_READ", "FS_READ", "FS_READDIR", "FS_READLINK"), _result_bytes),
        (("FS_WALK",), _walked),
        (("FS_GETATTR", "FS_SETATTR", "FS_CREATE", "FS_MKDIR", "FS_SYMLINK", "FS_LINK"),
         _ATTRIBUTES),
        (("FS_STATFS",), _record(STATFS.size)),
        (("CON_GETATTR",), _record(_TERMIOS_SIZE)),
    )
    for name in names
}  # fmt: skip
"""Which part of its outputs an op writes; of one that is not here, all of them count."""


def _op(number: int) -> str:
    from nanvix.machine.describe import op_name

    return op_name(number)


def _nothing() -> None:
    pass


def _zero() -> int:
    return 0

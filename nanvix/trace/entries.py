"""Journal entries as bytes and back: the content of a recording's chunks."""

import struct
from collections.abc import Iterator
from struct import Struct, pack, unpack_from

from nanvix.machine.journal import Arrival, End, Entry, Landing, Readings, Served, Wake

_SERVED, _ARRIVAL, _WAKE, _LANDING, _END, _READINGS = range(1, 7)

_HEAD = Struct("<BQ")
"""Kind and counter."""
_CALL = Struct("<BIqBH")
"""Op, digest, result, which ``out`` are not 0, how many pieces."""
_PIECE = Struct("<II")
_EVENTS = Struct("<BB")
_EVENT = Struct("<IIQ")
_PLACE = Struct("<BHQI17Q")
"""Vector, how many bytes of stack follow, system calls, readings of the clock, registers."""
_READ = Struct("<IIIH")
"""Head, first, tail, how many values."""
_FINISH = Struct("<qHH")
_OUT = [Struct(f"<{count}Q") for count in range(8)]


class Malformed(ValueError):
    """These bytes are no entries."""


def encode(entry: Entry) -> list[bytes | memoryview]:
    """The entry's bytes, in parts so that data need not be copied."""
    if isinstance(entry, Served):
        out = [value for value in entry.out if value]
        present = sum(1 << index for index, value in enumerate(entry.out) if value)
        parts: list[bytes | memoryview] = [
            _HEAD.pack(_SERVED, entry.tsc),
            _CALL.pack(entry.op, entry.digest, entry.result, present, len(entry.data)),
            _OUT[len(out)].pack(*out),
        ]
        for position, data in entry.data:
            parts += (_PIECE.pack(position, len(data)), data)
        return parts
    if isinstance(entry, Arrival):
        head = _HEAD.pack(_ARRIVAL, entry.tsc) + _EVENTS.pack(len(entry.events), len(entry.vectors))
        return [head, *(_EVENT.pack(*event) for event in entry.events), bytes(entry.vectors)]
    if isinstance(entry, Wake):
        return [_HEAD.pack(_WAKE, entry.tsc)]
    if isinstance(entry, Landing):
        counts = len(entry.stack), entry.calls, entry.readings
        place = _PLACE.pack(entry.vector, *counts, *entry.registers)
        return [_HEAD.pack(_LANDING, entry.tsc), place, entry.stack]
    if isinstance(entry, Readings):
        count = len(entry.values)
        head = _READ.pack(entry.head, entry.first, entry.tail, count)
        return [_HEAD.pack(_READINGS, entry.tsc), head, pack(f"<{count}Q", *entry.values)]
    assert isinstance(entry, End), "nobody debugs a run that is recorded"
    reason, detail = entry.reason.encode(), entry.detail.encode()[:4096]
    head = _FINISH.pack(entry.status, len(reason), len(detail))
    return [_HEAD.pack(_END, entry.tsc), head, reason, detail]


def decode(data: bytes) -> Iterator[Entry]:
    """The entries in a chunk. Raises Malformed."""
    at = 0
    while at < len(data):
        try:
            kind, tsc = _HEAD.unpack_from(data, at)
            entry, at = _DECODERS[kind](data, at + _HEAD.size, tsc)
        except (struct.error, KeyError, UnicodeDecodeError) as error:
            raise Malformed(f"no entry at {at}: {error}") from None
        if at > len(data):
            raise Malformed("an entry reaches behind the end")
        yield entry


def _served(data: bytes, at: int, tsc: int) -> tuple[Entry, int]:
    op, digest, result, present, pieces = _CALL.unpack_from(data, at)
    at += _CALL.size
    codec = _OUT[(present & 0x7F).bit_count()]
    values = iter(codec.unpack_from(data, at))
    at += codec.size
    out = tuple(next(values) if present >> index & 1 else 0 for index in range(7))
    found = []
    for _ in range(pieces):
        position, size = _PIECE.unpack_from(data, at)
        at += _PIECE.size
        found.append((position, data[at : at + size]))
        at += size
    return Served(tsc, op, digest, result, out, tuple(found)), at


def _arrival(data: bytes, at: int, tsc: int) -> tuple[Entry, int]:
    events, vectors = _EVENTS.unpack_from(data, at)
    at += _EVENTS.size
    found = []
    for _ in range(events):
        kind, value, cookie = _EVENT.unpack_from(data, at)
        found.append((kind, value, cookie))
        at += _EVENT.size
    return Arrival(tsc, tuple(found), tuple(data[at : at + vectors])), at + vectors


def _wake(data: bytes, at: int, tsc: int) -> tuple[Entry, int]:
    return Wake(tsc), at


def _landing(data: bytes, at: int, tsc: int) -> tuple[Entry, int]:
    vector, size, calls, readings, *registers = _PLACE.unpack_from(data, at)
    at += _PLACE.size
    stack = data[at : at + size]
    return Landing(vector, tuple(registers), stack, calls, tsc, readings), at + size


def _readings(data: bytes, at: int, tsc: int) -> tuple[Entry, int]:
    head, first, tail, count = _READ.unpack_from(data, at)
    at += _READ.size
    values = unpack_from(f"<{count}Q", data, at)
    return Readings(tsc, head, first, tail, values), at + count * 8


def _end(data: bytes, at: int, tsc: int) -> tuple[Entry, int]:
    status, reason, detail = _FINISH.unpack_from(data, at)
    at += _FINISH.size
    text = data[at : at + reason].decode(), data[at + reason : at + reason + detail].decode()
    return End(tsc, text[0], status, text[1]), at + reason + detail


_DECODERS = {
    _SERVED: _served,
    _ARRIVAL: _arrival,
    _WAKE: _wake,
    _LANDING: _landing,
    _END: _end,
    _READINGS: _readings,
}

"""A hypercall's answer: what of it goes into the journal, and how it is given again."""

from __future__ import annotations

import zlib

from nanvix.abi.channel import ATTR, OPS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from nanvix.abi.call import Call
    from nanvix.machine.journal import Served

    _Extents = list[tuple[int, int]]

COUNTED = frozenset(OPS[name][0] for name in ("CON_READ", "FS_READ", "FS_READDIR", "FS_READLINK"))
"""Ops whose result is the number of bytes written; the rest of their outputs is as it was."""


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


def written(call: Call, result: int) -> list[tuple[int, list[memoryview]]]:
    """What the service has written into a call's outputs: where, and the memory it is in."""
    if not call.outputs:
        return []
    extents = _WRITTEN.get(call.op, _everything)(call, result)
    return [(at, _views(call.outputs, at, size)) for at, size in extents if size > 0]


def _views(outputs: list[memoryview], at: int, size: int) -> list[memoryview]:
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
    return parts


def _everything(call: Call, result: int) -> _Extents:
    return [(0, sum(map(len, call.outputs)))]


def _result_bytes(call: Call, result: int) -> _Extents:
    return [(0, result)]


def _walked(call: Call, result: int) -> _Extents:
    """FS_WALK: a record per component reached, then content behind the first output."""
    return [(0, max(result, 0) * ATTR.size), (len(call.outputs[0]), call.out[1])]


_WRITTEN: dict[int, Callable[[Call, int], _Extents]] = {
    **dict.fromkeys(COUNTED, _result_bytes),
    OPS["FS_WALK"][0]: _walked,
}
"""Which part of its outputs an op writes, where they may be much larger than the answer. Of an op
that is not here all of them count, so that a new one is right from the start."""

"""DNS messages, as far as a resolver that knows addresses only has to read and write them.

RFC 1035, section 4; one question, class IN. A reply fits in 512 bytes, which every client takes.
"""

from __future__ import annotations

from struct import pack, unpack_from
from typing import TYPE_CHECKING

from nanvix.named import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nanvix.policy.egress import Address

A, AAAA = 1, 28
NO_ERROR, FORMAT_ERROR, SERVER_FAILURE, NAME_ERROR, NOT_IMPLEMENTED = range(5)
_IN = 1
_HEADER = 12
_REPLY_MAX = 512
_TTL_S = 60
_RESPONSE, _RECURSION_DESIRED, _RECURSION_AVAILABLE = 0x8000, 0x0100, 0x0080
_OPCODE = 0x7800


class Query(NamedTuple):
    """One question. ``name`` without the dot at its end; ``kind``: record type."""

    id: int
    flags: int
    name: str
    kind: int
    question: bytes


def parse(message: bytes) -> Query | None:
    """The question in a message; None for what is not a question we understand."""
    if len(message) < _HEADER:
        return None
    number, flags, questions = unpack_from(">3H", message)
    if flags & (_RESPONSE | _OPCODE) or questions != 1:
        return None
    labels, at = [], _HEADER
    while True:
        if at >= len(message):
            return None
        size = message[at]
        at += 1
        if size == 0:
            break
        # A pointer to elsewhere makes no sense in the first name of a message.
        if size > 63 or at + size > len(message):
            return None
        labels.append(message[at : at + size])
        at += size
    if at + 4 > len(message):
        return None
    kind, network = unpack_from(">2H", message, at)
    name = b".".join(labels)
    if network != _IN or len(name) > 253 or not name.isascii() or any(b"." in x for x in labels):
        return None
    return Query(number, flags, name.decode(), kind, message[_HEADER : at + 4])


def reply(query: Query, code: int, addresses: Iterable[Address] = ()) -> bytes:
    """The answer: the addresses of the version asked for, as many as fit."""
    room = _REPLY_MAX - _HEADER - len(query.question)
    version = {A: 4, AAAA: 6}.get(query.kind)
    records = []
    for address in addresses:
        if address.version != version:
            continue
        # The name is a pointer to the question's.
        record = pack(">3HIH", 0xC000 | _HEADER, query.kind, _IN, _TTL_S, len(address.packed))
        record += address.packed
        room -= len(record)
        if room >= 0:
            records.append(record)
    flags = _RESPONSE | _RECURSION_AVAILABLE | (query.flags & _RECURSION_DESIRED) | code
    header = pack(">6H", query.id, flags, 1, len(records), 0, 0)
    return header + query.question + b"".join(records)

"""Recordings: a file with all that is needed to run a guest again, and nothing of the host's.

The format: a magic number and a version, then chunks of a kind (four letters), a size, the CRC-32
of kind and content, and the content:

    HEAD  JSON: what machine it was (see :class:`Header`)
    BOOT  the boot manifest
    EVTS  journal entries (nanvix/trace/entries.py), as many chunks as it takes
    DONE  empty; without it the file has been cut off

All numbers are little-endian.
"""

from __future__ import annotations

import zlib
from struct import Struct
from typing import IO, TYPE_CHECKING, Any

from nanvix.abi.layout import HUGE_SIZE, MEMORY_MAX
from nanvix.errors import NanvixError
from nanvix.named import NamedTuple
from nanvix.trace.entries import Malformed, decode, encode

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nanvix.machine.cpuid import Row
    from nanvix.machine.journal import Entry

MAGIC = b"nvrec\r\n\x1a"
VERSION = 3

_VERSION = Struct("<I")
_CHUNK = Struct("<4sII")
CHUNK_MAX = 256 << 20
_GATHERED = 1 << 20
"""Bytes of entries before a chunk of them is written."""


class RecordingError(NanvixError):
    """A recording cannot be read or used; one line says why."""


class Header(NamedTuple):
    """What machine was recorded. ``exact``, ``own_timers``: see Journal. ``ops``: numbers of the
    calls that were served. ``spec``: the fields of the BootSpec but its manifest, with ``seed`` in
    hex. ``kernel``, ``program_file``: fingerprints of the files. ``abi``: of the contract.
    ``cpuid``: where programs saw something else than nanvix.machine.cpuid."""

    abi: int
    kernel: str
    backend: str
    memory: int
    exact: bool
    own_timers: bool
    ops: list[int]
    spec: dict[str, Any]
    quirks: int
    program: str
    program_file: str
    argv: list[str]
    cpuid: list[Row]


_KINDS = (int, str, str, int, bool, bool, list, dict, int, str, str, list, list)
"""Of the header's fields, in their order."""
_ROW = 6
"""Numbers in a row of CPUID."""


class Recording(NamedTuple):
    """A whole recording."""

    header: Header
    manifest: bytes
    entries: list[Entry]


def start(file: IO[bytes], header: Header, manifest: bytes) -> None:
    """Begin a file. Raises OSError."""
    import json  # only now: while a guest runs, this is done beside it

    file.write(MAGIC + _VERSION.pack(VERSION))
    write_chunk(file, b"HEAD", [json.dumps(header._asdict()).encode()])
    write_chunk(file, b"BOOT", [manifest])


def write_chunk(file: IO[bytes], kind: bytes, parts: Sequence[bytes | memoryview]) -> None:
    """Add a chunk. Raises OSError."""
    checksum = zlib.crc32(kind)
    for part in parts:
        checksum = zlib.crc32(part, checksum)
    file.write(_CHUNK.pack(kind, sum(map(len, parts)), checksum))
    file.writelines(parts)


def dump(file: IO[bytes], recording: Recording) -> None:
    """Write a whole recording. Raises OSError."""
    start(file, recording.header, recording.manifest)
    parts: list[bytes | memoryview] = []
    size = 0
    for entry in recording.entries:
        fresh = encode(entry)
        parts += fresh
        size += sum(map(len, fresh))
        if size >= _GATHERED:
            write_chunk(file, b"EVTS", parts)
            parts, size = [], 0
    write_chunk(file, b"EVTS", parts)
    write_chunk(file, b"DONE", [])


def load(path: str) -> Recording:
    """Read a recording to its end. Raises RecordingError."""
    try:
        with open(path, "rb") as file:
            return read(file, path)
    except OSError as error:
        raise RecordingError(f"cannot read {path}: {error.strerror}") from None


def read(file: IO[bytes], name: str) -> Recording:
    """The same from an open file; ``name`` is for messages. Raises RecordingError, OSError."""
    try:
        return _read(file)
    except _Bad as error:
        raise RecordingError(f"{name} {error}") from None


def is_recording(path: str) -> bool:
    """Whether a file begins as recordings do; a damaged one does too."""
    try:
        with open(path, "rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


class _Bad(Exception):
    """What is wrong with a file."""


def _read(file: IO[bytes]) -> Recording:
    import json

    if file.read(len(MAGIC)) != MAGIC:
        raise _Bad("is no recording")
    version = _VERSION.unpack(_exactly(file, _VERSION.size))[0]
    if version != VERSION:
        raise _Bad(f"is a recording of version {version}; this nanvix reads version {VERSION}")
    chunks = _chunks(file)
    kind, data = next(chunks)
    if kind != b"HEAD":
        raise _Bad("is damaged: it has no header")
    try:
        header = _checked(Header(**json.loads(data)))
    except (ValueError, TypeError, RecursionError):
        raise _Bad("is damaged: its header makes no sense") from None
    kind, manifest = next(chunks)
    if kind != b"BOOT":
        raise _Bad("is damaged: it has no manifest")
    entries: list[Entry] = []
    for kind, data in chunks:
        if kind == b"EVTS":
            try:
                entries.extend(decode(data))
            except Malformed as error:
                raise _Bad(f"is damaged: {error}") from None
        elif kind != b"DONE":
            raise _Bad(f"is damaged: a chunk {kind!r}")
    return Recording(header, manifest, entries)


def _checked(header: Header) -> Header:
    """The header, whose values are those of one. Raises TypeError or ValueError."""
    if any(type(value) is not kind for value, kind in zip(header, _KINDS, strict=True)):
        raise TypeError("kinds")
    if not 0 < header.memory <= MEMORY_MAX or header.memory % HUGE_SIZE:
        raise ValueError("memory")
    if not all(type(op) is int and 0 <= op <= 0xFF for op in header.ops):
        raise ValueError("ops")
    if not all(isinstance(word, str) for word in header.argv):
        raise TypeError("argv")
    if any(len(row) != _ROW for row in header.cpuid):
        raise ValueError("cpuid")
    return header


def _chunks(file: IO[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Kinds and contents up to DONE."""
    kind = b""
    while kind != b"DONE":
        kind, size, checksum = _CHUNK.unpack(_exactly(file, _CHUNK.size))
        if size > CHUNK_MAX:
            raise _Bad("is damaged: a chunk of impossible size")
        data = _exactly(file, size)
        if zlib.crc32(data, zlib.crc32(kind)) != checksum:
            raise _Bad("is damaged: a checksum is wrong")
        yield kind, data


def _exactly(file: IO[bytes], size: int) -> bytes:
    data = file.read(size)
    if len(data) != size:
        raise _Bad("is truncated: the recording was not finished")
    return data

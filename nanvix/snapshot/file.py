"""The file of a saved machine: chunks with checksums, nothing in it is code.

A magic number and a version, then chunks of a kind (four letters), a size, the CRC-32 of kind and
content, and the content. All numbers are little-endian.

    HEAD  JSON: what machine it is (nanvix/snapshot/state.py)
    PAGE  guest-physical address (8 bytes), then whole pages, compressed by zlib; as many as it
          takes, in ascending order. What no chunk has is zero
    DONE  empty; without it the file has been cut off
"""

import json
import os
import zlib
from collections.abc import Iterator
from struct import Struct, error
from typing import IO, Any

from nanvix.abi.layout import PAGE_SIZE
from nanvix.errors import NanvixError
from nanvix.machine.memory import BadAddress, GuestMemory
from nanvix.snapshot.dirty import populated

MAGIC = b"nvstate\x1a"
VERSION = 3

_VERSION = Struct("<I")
_CHUNK = Struct("<4sII")
_ADDRESS = Struct("<Q")
_CHUNK_MAX = 64 << 20
_PIECE = 1 << 20
_LEVEL = 1
_ZEROS = bytes(PAGE_SIZE)


class StateError(NanvixError):
    """A machine cannot be saved, or a saved one not be used; one line says why."""


def write(path: str, header: dict[str, Any], memory: GuestMemory) -> None:
    """Write a whole file, which only its owner may read; it takes its name when it is complete.

    Raises StateError.
    """
    part = f"{path}.{os.getpid()}.part"
    try:
        fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            with open(fd, "wb") as file:
                file.write(MAGIC + _VERSION.pack(VERSION))
                _write_chunk(file, b"HEAD", json.dumps(header).encode())
                for address, pages in _runs(memory):
                    packed = zlib.compress(pages, _LEVEL)
                    _write_chunk(file, b"PAGE", _ADDRESS.pack(address) + packed)
                _write_chunk(file, b"DONE", b"")
                file.flush()
                os.fsync(fd)
            os.replace(part, path)
        except BaseException:
            os.unlink(part)
            raise
    except OSError as problem:
        raise StateError(f"cannot write {path}: {problem.strerror}") from None


def is_saved(path: str) -> bool:
    """Whether a file begins as saved machines do; a damaged one does too."""
    try:
        with open(path, "rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


class Reader:
    """An open file: its ``header``, then its memory. Raises StateError; close it."""

    def __init__(self, path: str) -> None:
        self._path = path
        try:
            self._file = open(path, "rb")  # noqa: SIM115
        except OSError as problem:
            raise StateError(f"cannot read {path}: {problem.strerror}") from None
        try:
            self.header = self._header()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the file; idempotent."""
        self._file.close()

    def fill(self, memory: GuestMemory) -> None:
        """Put the saved pages into ``memory``, which is all zeros, and read on to the end."""
        kind = b""
        while kind != b"DONE":
            kind, data = self._chunk()
            if kind == b"PAGE":
                self._pages(data, memory)
            elif kind != b"DONE":
                raise self.damaged(f"a chunk {kind!r}")

    def damaged(self, what: str) -> StateError:
        """The error for content that makes no sense."""
        return StateError(f"{self._path} is damaged: {what}")

    def _header(self) -> dict[str, Any]:
        if self._file.read(len(MAGIC)) != MAGIC:
            raise StateError(f"{self._path} is no saved machine")
        version = _VERSION.unpack(self._exactly(_VERSION.size))[0]
        if version != VERSION:
            raise StateError(
                f"{self._path} is a machine saved in version {version} of the format; "
                f"this nanvix reads version {VERSION}"
            )
        kind, data = self._chunk()
        try:
            header = json.loads(data) if kind == b"HEAD" else None
        except (ValueError, RecursionError):
            header = None
        if not isinstance(header, dict):
            raise self.damaged("it has no header")
        return header

    def _pages(self, data: bytes, memory: GuestMemory) -> None:
        unpacker = zlib.decompressobj()
        try:
            (address,) = _ADDRESS.unpack_from(data)
            pages = unpacker.decompress(data[_ADDRESS.size :], _PIECE)
            if not unpacker.eof or len(pages) % PAGE_SIZE:
                raise self.damaged("a piece of memory of impossible size")
            memory.write(address, pages)
        except (zlib.error, error, BadAddress):
            raise self.damaged("a piece of memory makes no sense") from None

    def _chunk(self) -> tuple[bytes, bytes]:
        kind, size, checksum = _CHUNK.unpack(self._exactly(_CHUNK.size))
        if size > _CHUNK_MAX:
            raise self.damaged("a chunk of impossible size")
        data = self._exactly(size)
        if zlib.crc32(data, zlib.crc32(kind)) != checksum:
            raise self.damaged("a checksum is wrong")
        return kind, data

    def _exactly(self, size: int) -> bytes:
        data = self._file.read(size)
        if len(data) != size:
            raise StateError(f"{self._path} is truncated")
        return data


def _write_chunk(file: IO[bytes], kind: bytes, data: bytes) -> None:
    if len(data) > _CHUNK_MAX:
        raise StateError("there is too much input that the guest has not read yet")
    file.write(_CHUNK.pack(kind, len(data), zlib.crc32(data, zlib.crc32(kind))))
    file.write(data)


def _runs(memory: GuestMemory) -> Iterator[tuple[int, bytes]]:
    """Addresses and contents of the runs of pages that are not all zeros."""
    for start, end in populated(memory):
        for at in range(start - start % _PIECE, end, _PIECE):
            piece = memory.read(at, min(_PIECE, memory.size - at))
            first = None
            for page in range(0, len(piece) + PAGE_SIZE, PAGE_SIZE):
                empty = page >= len(piece) or piece[page : page + PAGE_SIZE] == _ZEROS
                if empty and first is not None:
                    yield at + first, piece[first:page]
                    first = None
                elif not empty and first is None:
                    first = page

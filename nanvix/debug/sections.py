"""What an ELF file consists of: its sections and loaded segments, for names and call frames.

Debug information is read by pyelftools; this much is needed of every file, before the first screen,
and is plain tables (System V gABI, chapters 4 and 5). Whatever lies outside the file is cut off.
"""

from __future__ import annotations

import os
import stat
from mmap import ACCESS_READ, mmap
from struct import Struct, error
from typing import Any

from nanvix.named import NamedTuple

_HEADER = Struct("<16sHHIQQQIHHHHHH")
_SECTION = Struct("<IIQQQQIIQQ")
_SEGMENT = Struct("<IIQQQQQQ")
_IDENT = b"\x7fELF\x02\x01\x01"
"""ELF, 64 bits, little endian, the current version."""
_SHT_NOBITS, _SHF_COMPRESSED, _PT_LOAD = 8, 0x800, 1


class NotElf(Exception):
    """The file is none, or of another kind of machine."""


class Section(NamedTuple):
    """A section header; ``link``: number of the one it belongs to."""

    name: str
    flags: int
    address: int
    offset: int
    size: int
    link: int

    @property
    def compressed(self) -> bool:
        """Whether its content is not what it stands for."""
        return bool(self.flags & _SHF_COMPRESSED)


class ElfFile:
    """``file``: its bytes, mapped. ``segments``: (file offset, address, size in memory) of what is
    loaded. ``type``: executable (2) or shared (3). Raises NotElf, OSError, ValueError."""

    def __init__(self, path: str) -> None:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(fd, "rb", buffering=0):
            if not stat.S_ISREG(os.fstat(fd).st_mode):
                raise NotElf
            self.file: Any = mmap(fd, 0, access=ACCESS_READ)
        try:
            (ident, self.type, _, _, _, segments, sections, _, _,
             segment_size, segment_count, section_size, section_count, names,
            ) = _HEADER.unpack_from(self.file)  # fmt: skip
            if not ident.startswith(_IDENT):
                raise NotElf
            self.segments = [
                (offset, address, size)
                for kind, _, offset, address, _, _, size, _ in self._table(
                    _SEGMENT, segments, segment_size, segment_count
                )
                if kind == _PT_LOAD
            ]
            rows = self._table(_SECTION, sections, section_size, section_count)
        except error:
            raise NotElf from None
        self.sections = self._named(rows, names)

    def section(self, name: str) -> Section | None:
        """The first one of this name that has content."""
        return next((s for s in self.sections if s.name == name), None)

    def content(self, section: Section) -> bytes:
        """Its bytes as they are in the file."""
        data: bytes = self.file[section.offset : section.offset + section.size]
        return data

    def _table(self, row: Struct, at: int, size: int, count: int) -> list[tuple[int, ...]]:
        if count and size < row.size:
            raise NotElf
        return [row.unpack_from(self.file, at + size * i) for i in range(count)]

    def _named(self, rows: list[tuple[int, ...]], names: int) -> list[Section]:
        """Rows keep their numbers: they link to each other by them."""
        at, size = rows[names][4:6] if names < len(rows) else (0, 0)
        texts = self.file[at : at + size]
        return [
            Section(
                texts[row[0] : texts.find(b"\0", row[0])].decode("utf-8", "replace"),
                row[2], row[3], row[4], 0 if row[1] == _SHT_NOBITS else row[5], row[6],
            )
            for row in rows
        ]  # fmt: skip

"""The kernel image: a strict reader for the one kind of ELF file our own linker script makes.

The format is the System V ABI's ELF-64 (gABI chapters 4 and 5). Anything unexpected is an
:class:`ImageError`: a kernel that is not ours is refused, not guessed at.
"""

from __future__ import annotations

import os
from struct import Struct, iter_unpack

from nanvix.abi.layout import KERNEL_BASE, KERNEL_PHYS, MEMORY_MIN, PAGE_SIZE
from nanvix.machine.fingerprint import fingerprint
from nanvix.named import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_HEADER = Struct("<16sHHIQQQIHHHHHH")
_PROGRAM = Struct("<IIQQQQQQ")
_SECTION = Struct("<IIQQQQIIQQ")
_SYMBOL = "<IBBHQQ"

_IDENT = b"\x7fELF\x02\x01\x01"
"""64-bit, little-endian, version 1."""
_ET_EXEC, _EM_X86_64 = 2, 62
_PT_LOAD = 1
_SHT_SYMTAB = 2
_STT_NOTYPE, _STT_FUNC = 0, 2
_MAX_SEGMENTS = 16
_MAX_SECTIONS = 256


class ImageError(Exception):
    """The kernel image cannot be used; the message says why in one line."""


class Segment(NamedTuple):
    """One loadable piece: ``data`` at physical ``start``, zeros up to ``start + size``."""

    start: int
    size: int
    data: memoryview
    write: bool
    execute: bool


class KernelImage:
    """A parsed kernel: ``entry`` (virtual) and ``segments`` in ascending physical order."""

    __slots__ = ("_data", "_named", "_symbols", "end", "entry", "segments")

    def __init__(self, data: bytes) -> None:
        """Parse an ELF file's bytes. Raises ImageError."""
        self._data = data
        self._symbols: tuple[list[int], list[str]] | None = None
        self._named: dict[str, int] | None = None
        if len(data) < _HEADER.size or data[: len(_IDENT)] != _IDENT:
            raise ImageError("the kernel image is not a 64-bit little-endian ELF file")
        header = _HEADER.unpack_from(data)
        kind, machine, self.entry, offset, size, count = *header[1:3], *header[4:6], *header[9:11]
        if kind != _ET_EXEC or machine != _EM_X86_64:
            raise ImageError("the kernel image is not an x86-64 executable")
        if size != _PROGRAM.size or count > _MAX_SEGMENTS:
            raise ImageError("the kernel image has a malformed program header table")
        if offset + size * count > len(data):
            raise ImageError("the kernel image is truncated")
        self.segments = self._load(offset, count)
        self.end = self.segments[-1].start + self.segments[-1].size

    @classmethod
    def load(cls, path: str | None = None) -> KernelImage:
        """Read an image file, by default the installed one. Raises ImageError."""
        path = path or default_image_path()
        try:
            fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise ImageError(
                f"no kernel image at {path} ({error.strerror}): build it with `pip install` "
                "or `python kernel/build.py`"
            ) from None
        try:
            # Not mapped: that would hold a descriptor until nobody has the image any more.
            return cls(os.pread(fd, os.fstat(fd).st_size, 0))
        finally:
            os.close(fd)

    def sha256(self) -> str:
        """Checksum of the file, in hex."""
        from hashlib import sha256

        return sha256(self._data).hexdigest()

    def fingerprint(self) -> str:
        """What tells this build from others."""
        return fingerprint(self._data)

    def symbol(self, address: int) -> str | None:
        """``name+0x1f`` of the function a kernel address lies in, or None."""
        if self._symbols is None:
            self._symbols = self._read_symbols()
        from bisect import bisect_right

        starts, names = self._symbols
        index = bisect_right(starts, address) - 1
        if index < 0 or not starts[0] <= address < KERNEL_BASE + self.end:
            return None
        offset = address - starts[index]
        return f"{names[index]}+{offset:#x}" if offset else names[index]

    def symbols(self) -> dict[str, int]:
        """Address of every symbol by name; empty when the image is stripped. Not to be changed."""
        if self._named is None:
            self._named = {name: value for name, value, _ in self._all_symbols()}
        return self._named

    def bytes_at(self, address: int, size: int) -> bytes:
        """What the image holds at a kernel address, zeros where it holds nothing."""
        physical = address - KERNEL_BASE
        for segment in self.segments:
            if segment.start <= physical < segment.start + segment.size:
                at = physical - segment.start
                return bytes(segment.data[at : at + size]).ljust(size, b"\0")
        return bytes(size)

    def _load(self, table: int, count: int) -> tuple[Segment, ...]:
        segments: list[Segment] = []
        floor = KERNEL_PHYS
        for index in range(count):
            kind, flags, offset, virtual, physical, filled, size, _ = _PROGRAM.unpack_from(
                self._data, table + index * _PROGRAM.size
            )
            if kind != _PT_LOAD or not size:
                continue
            if virtual != KERNEL_BASE + physical or physical < floor or physical % PAGE_SIZE:
                raise ImageError("a kernel segment is not where the memory layout wants it")
            if filled > size or offset + filled > len(self._data):
                raise ImageError("a kernel segment reaches behind the end of the image")
            write, execute = bool(flags & 2), bool(flags & 1)
            if write and execute:
                raise ImageError("a kernel segment is both writable and executable")
            data = memoryview(self._data)[offset : offset + filled]
            segments.append(Segment(physical, size, data, write, execute))
            floor = -(-(physical + size) // PAGE_SIZE) * PAGE_SIZE
            if floor > KERNEL_PHYS + MEMORY_MIN:
                raise ImageError("the kernel image is too large")
        entry = self.entry - KERNEL_BASE
        if not any(s.execute and s.start <= entry < s.start + s.size for s in segments):
            raise ImageError("the kernel's entry point is not in an executable segment")
        return tuple(segments)

    def _read_symbols(self) -> tuple[list[int], list[str]]:
        """Start addresses of code in order, and the names there."""
        found = {
            value: name
            for name, value, kind in self._all_symbols()
            if kind in (_STT_NOTYPE, _STT_FUNC)
        }
        starts = sorted(found)
        return starts, [found[start] for start in starts]

    def _all_symbols(self) -> Iterator[tuple[str, int, int]]:
        """Name, value and type of every defined symbol; nothing when the image is stripped."""
        data = self._data
        header = _HEADER.unpack_from(data)
        table, size, count = header[6], header[11], header[12]
        if size != _SECTION.size or count > _MAX_SECTIONS or table + size * count > len(data):
            return
        sections = list(iter_unpack(_SECTION.format, data[table : table + size * count]))
        for section in sections:
            if section[1] != _SHT_SYMTAB or section[6] >= count:
                continue
            symbols = data[section[4] : section[4] + section[5]]
            names = sections[section[6]]
            strings = data[names[4] : names[4] + names[5]]
            for name, info, _, index, value, _ in iter_unpack(
                _SYMBOL, symbols[: section[5] // 24 * 24]
            ):
                if name and index:
                    text = strings[name : strings.find(b"\0", name)]
                    yield text.decode("ascii", "replace"), value, info & 15


def default_image_path() -> str:
    """Where the build puts the kernel: inside the installed package."""
    return os.path.join(os.path.dirname(__file__), "image", "kernel.elf")

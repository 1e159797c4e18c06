"""Names for addresses and addresses for names: the kernel, the program, its libraries.

A *module* is an ELF file as one process has mapped it. Files are read from the host, where they
have the same path unless a mount says otherwise; damage in a file means fewer names, no error.
"""

from __future__ import annotations

import os
from bisect import bisect_right
from struct import iter_unpack
from typing import TYPE_CHECKING, Any

from nanvix.abi.layout import PAGE_SIZE, PIE_BASE, USER_END
from nanvix.debug.cfi import CallFrames
from nanvix.debug.demangle import MANGLED, demangle, may_mean, means, shown
from nanvix.debug.dwarf import Dwarf
from nanvix.debug.mangled_text import plain
from nanvix.debug.sections import ElfFile, NotElf, Section
from nanvix.named import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from nanvix.debug.inlined import Inlined
    from nanvix.debug.kernel import Area
    from nanvix.machine.image import KernelImage

_SYMBOL = "<IBBHQQ"
_FUNCTION, _OBJECT, _NOTYPE, _INDIRECT = 2, 1, 0, 10
_SHN_ABS = 0xFFF1
_SHARED = 3
_DEBUG = (".debug_info", ".zdebug_info")


class Symbol(NamedTuple):
    """``address``: as linked. ``code``: a function rather than data."""

    address: int
    size: int
    name: str
    code: bool


class Binary:
    """One ELF file's symbols and segments, read when first needed."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.file: ElfFile | None = None
        self.segments: list[tuple[int, int, int]] = []
        """(file offset, address, size in memory) of what is loaded."""
        self._frames: CallFrames | None = None
        self._dwarf: Dwarf | None = None
        self._functions: tuple[list[int], list[Symbol]] | None = None
        self.names: dict[str, Symbol] = {}
        self.namesakes: dict[str, list[Symbol]] = {}
        """Functions that are called like one in ``names``: static ones of several sources."""
        self._meant: dict[str, tuple[Symbol, ...]] = {}
        try:
            self.file = ElfFile(path)
            self.segments = self.file.segments
            self._read_symbols(self.file)
        except (OSError, NotElf, ValueError):
            return

    def _read_symbols(self, file: ElfFile) -> None:
        found: dict[int, Symbol] = {}
        for section_name in (".symtab", ".dynsym"):
            section = file.section(section_name)
            if section is None or section.link >= len(file.sections):
                continue
            strings = file.content(file.sections[section.link])
            data = file.content(section)
            for name, info, _, index, value, size in iter_unpack(
                _SYMBOL, data[: len(data) // 24 * 24]
            ):
                kind = info & 15
                if not name or not index or index == _SHN_ABS:
                    continue
                if kind not in (_FUNCTION, _OBJECT, _NOTYPE, _INDIRECT):
                    continue
                text = strings[name : strings.find(b"\0", name)].decode("utf-8", "replace")
                code = kind in (_FUNCTION, _INDIRECT)
                symbol = Symbol(value, size, text, code)
                first = self.names.setdefault(text.split("@")[0], symbol)
                alike = first.address != value and code and first.code and "@" not in text
                if alike and section_name == ".symtab":
                    self.namesakes.setdefault(text, []).append(symbol)
                if kind != _NOTYPE or value not in found:
                    old = found.get(value)
                    if old is None or (old.size == 0 and size):
                        found[value] = symbol
        starts = sorted(found)
        self._functions = starts, [found[start] for start in starts]

    def meant(self, wanted: str) -> tuple[Symbol, ...]:
        """The functions and data that C++ or Rust call so, each address once."""
        known = self._meant.get(wanted)
        if known is None:
            part = may_mean(wanted)
            found = {
                symbol.address: symbol
                for name, first in self.names.items()
                if name.startswith(MANGLED) and part in name and means(wanted, name)
                for symbol in (first, *self.namesakes.get(name, ()))
            }
            known = self._meant[wanted] = tuple(found[address] for address in sorted(found))
        return known

    def paths(self, prefix: str) -> set[str]:
        """Names of C++ and Rust that begin so, without template arguments."""
        scope, _, last = prefix.rpartition("::")
        words = [*scope.split("::"), last] if scope else [last]
        found = set()
        for name in self.names:
            if name.startswith(MANGLED) and all(word in name for word in words):
                parts = demangle(name)
                path = "" if parts is None else plain(parts.path)
                if path.startswith(prefix):
                    found.add(path)
        return found

    def frames(self) -> CallFrames:
        """Call frame information, empty where there is none."""
        if self._frames is None:
            sections = {}
            for name in (".eh_frame", ".eh_frame_hdr", ".debug_frame"):
                section = self.file.section(name) if self.file is not None else None
                if self.file is not None and section is not None and section.size:
                    sections[name] = section.address, self._plain(section)
            self._frames = CallFrames(sections)
        return self._frames

    def _plain(self, section: Section) -> bytes:
        assert self.file is not None
        if not section.compressed:
            return self.file.content(section)
        found = self._library()
        whole = found.get_section_by_name(section.name) if found is not None else None
        return b"" if whole is None else bytes(whole.data())

    def dwarf(self) -> Dwarf:
        """Debug information, empty where there is none."""
        if self._dwarf is None:
            has = self.file is not None and any(map(self.file.section, _DEBUG))
            self._dwarf = Dwarf(self._library() if has else None)
        return self._dwarf

    def inlined(self, address: int) -> list[Inlined]:
        """The functions put into others that an instruction (as linked) is of, innermost first."""
        return self.dwarf().inlining.chain(address)

    def _library(self) -> Any:
        """The file as pyelftools has it; None if it does not like it."""
        from elftools.common.exceptions import ELFError
        from elftools.elf.elffile import ELFFile

        assert self.file is not None
        try:
            return ELFFile(self.file.file)
        except (ELFError, ValueError, KeyError, AssertionError):
            return None

    def nearest(self, address: int) -> Symbol | None:
        """The symbol ``address`` (as linked) lies in or, without sizes, behind."""
        if self._functions is None:
            return None
        starts, symbols = self._functions
        index = bisect_right(starts, address) - 1
        if index < 0:
            return None
        symbol = symbols[index]
        return symbol if not symbol.size or address < symbol.address + symbol.size else None


class Module(NamedTuple):
    """``bias``: what was added to the file's addresses; [start, end): where it lies."""

    path: str
    bias: int
    start: int
    end: int
    binary: Binary


class Symbols:
    """All names of one guest. ``locate``: the host path of a guest path."""

    def __init__(self, image: KernelImage, locate: Callable[[str], str] = str) -> None:
        self._image = image
        self._locate = locate
        self._kernel_names = image.symbols()
        self._binaries: dict[tuple[str, int, int, int], Binary] = {}
        self._modules: dict[tuple[Area, ...], list[Module]] = {}

    def modules(self, areas: Iterable[Area]) -> list[Module]:
        """The ELF files behind a process's mappings; the one mapped lowest first."""
        mapped = tuple(area for area in areas if area.file and area.name.startswith("/"))
        known = self._modules.get(mapped)
        if known is None:
            if len(self._modules) > 256:
                self._modules.clear()
            known = self._modules[mapped] = self._find(mapped)
        return known

    def paths(self) -> list[str]:
        """Host paths of the files seen so far."""
        return sorted({key[0] for key in self._binaries})

    def _find(self, areas: tuple[Area, ...]) -> list[Module]:
        found = []
        for path in dict.fromkeys(area.name for area in areas):
            pieces = [area for area in areas if area.name == path]
            if not any("x" in area.rights for area in pieces):
                continue
            binary = self._binary(path)
            bias = _bias(binary, pieces)
            if bias is not None:
                end = max((bias + v + size for _, v, size in binary.segments), default=0)
                found.append(Module(path, bias, pieces[0].start, max(end, pieces[-1].end), binary))
        return found

    def _binary(self, path: str) -> Binary:
        host = self._locate(path)
        try:
            status = os.stat(host)
            key = (host, status.st_mtime_ns, status.st_size, status.st_ino)
        except OSError:
            key = (host, 0, 0, 0)
        if key not in self._binaries:
            self._binaries[key] = Binary(host)
        return self._binaries[key]

    def name(self, address: int, modules: Iterable[Module]) -> str | None:
        """``main+0x12``, or None."""
        if address >= USER_END:
            return self._image.symbol(address)
        for module in modules:
            if module.start <= address < module.end:
                symbol = module.binary.nearest(address - module.bias)
                if symbol is None:
                    return None
                offset = address - module.bias - symbol.address
                name = shown(symbol.name)
                return f"{name}+{offset:#x}" if offset else name
        return None

    def symbol(self, name: str, modules: Iterable[Module]) -> tuple[int, int, bool] | None:
        """Address and size of a name, and whether it is code: the program's before its
        libraries'; ``kernel:NAME`` is the kernel's."""
        if not name.startswith("kernel:"):
            found = self.named(name, modules)
            if not found:
                return None
            symbol, bias = found[0]
            return symbol.address + bias, symbol.size, symbol.code
        address = self._kernel_names.get(name.removeprefix("kernel:"))
        if address is None:
            return None
        return address, 0, self._image.symbol(address) == name.removeprefix("kernel:")

    def named(self, name: str, modules: Iterable[Module]) -> list[tuple[Symbol, int]]:
        """What has this name in the first file where anything has, and that file's bias: one
        symbol, all static functions called so, or of C++ and Rust all that may be meant."""
        for module in modules:
            symbol = module.binary.names.get(name)
            others = module.binary.namesakes.get(name, ())
            found = module.binary.meant(name) if symbol is None else (symbol, *others)
            if found:
                return [(symbol, module.bias) for symbol in found]
        return []

    def names(self, prefix: str, modules: Iterable[Module], limit: int = 100) -> list[str]:
        """Names that begin so, for completion."""
        tables = [module.binary.names for module in modules]
        found = {name for table in tables for name in table if name.startswith(prefix)}
        found |= {name for module in modules for name in module.binary.paths(prefix)}
        kernel = (f"kernel:{name}" for name in self._kernel_names)
        found |= {name for name in kernel if name.startswith(prefix)}
        return sorted(found)[:limit]


def _bias(binary: Binary, areas: list[Area]) -> int | None:
    """Where the file's address 0 is, by the first mapping that begins where a segment does."""
    for area in areas:
        for offset, address, _ in binary.segments:
            if offset // PAGE_SIZE * PAGE_SIZE == area.offset:
                return area.start - address // PAGE_SIZE * PAGE_SIZE
    return None


def code_in_file(path: str, address: int, size: int) -> bytes:
    """What a program's file holds for an address of its process; empty when it is not there."""
    binary = Binary(path)
    if binary.file is None:
        return b""
    bias = PIE_BASE if binary.file.type == _SHARED else 0
    for offset, start, length in binary.segments:
        if start <= address - bias < start + length:
            at = offset + address - bias - start
            data: bytes = binary.file.file[at : at + size]
            return data
    return b""

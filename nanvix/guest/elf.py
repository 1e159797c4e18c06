"""A strict reader of program headers: refuses on the host what the guest could not load.

Written against the System V gABI (chapters 4 and 5) and the x86-64 psABI. The file is hostile:
every offset is checked against its size, every table is bounded, and whatever is wrong ends as
:class:`BadElf` with one line that says what.
"""

from __future__ import annotations

import os
import struct

from nanvix.abi.layout import PAGE_SIZE, USER_END
from nanvix.named import NamedTuple

_HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
_SEGMENT = struct.Struct("<IIQQQQQQ")
_DYNAMIC = struct.Struct("<qQ")

MAGIC = b"\x7fELF"
_CLASS64, _LITTLE_ENDIAN, _CURRENT = 2, 1, 1
_FOREIGN_ABIS = {1: "HP-UX", 2: "NetBSD", 6: "Solaris", 9: "FreeBSD", 12: "OpenBSD"}
_MACHINE_X86_64 = 62
_MACHINES = {
    2: "SPARC", 3: "32-bit x86", 8: "MIPS", 20: "PowerPC", 21: "64-bit PowerPC", 22: "S/390",
    40: "32-bit ARM", 183: "AArch64", 243: "RISC-V", 258: "LoongArch",
}  # fmt: skip
_KINDS = {1: "an object file", 4: "a core dump"}
_EXECUTABLE, _SHARED = 2, 3

_PT_LOAD, _PT_DYNAMIC, _PT_INTERP = 1, 2, 3
_PF_X = 1
_DT_NULL, _DT_STRTAB, _DT_STRSZ, _DT_RPATH, _DT_RUNPATH = 0, 5, 10, 15, 29

_MAX_TABLE = 1 << 16
"""Bytes of program headers, and of the dynamic section: Linux's own limit for the former."""
_MAX_PATH = 4096


class BadElf(ValueError):
    """Why a file is not a program we can run, to be read after its name."""


class Segment(NamedTuple):
    """A program header."""

    type: int
    flags: int
    offset: int
    address: int
    physical: int
    file_size: int
    memory_size: int
    alignment: int


class Elf(NamedTuple):
    """What the host wants to know of a program."""

    interpreter: str | None
    """PT_INTERP, or None for a static program."""
    library_path: tuple[str, ...]
    """DT_RPATH and DT_RUNPATH entries, in file order, ``$ORIGIN`` not yet replaced."""


def read_elf(fd: int) -> Elf:
    """Check the program behind ``fd`` and tell what it needs; raises BadElf, OSError."""
    size = os.fstat(fd).st_size
    entry, segments = _segments(fd, size)
    loads = [segment for segment in segments if segment.type == _PT_LOAD]
    _check_loads(loads, entry, size)
    return Elf(_interpreter(fd, segments, size), _library_path(fd, segments, loads, size))


def _segments(fd: int, size: int) -> tuple[int, list[Segment]]:
    """The entry address and the program headers, their own bounds checked."""
    raw = os.pread(fd, _HEADER.size, 0)
    if not raw.startswith(MAGIC):
        raise BadElf("not an ELF program")
    if len(raw) > 4 and raw[4] != _CLASS64:
        raise BadElf("a 32-bit program; nanvix runs 64-bit x86 programs")
    if len(raw) < _HEADER.size:
        raise BadElf("truncated: the ELF header is cut off")
    ident, kind, machine, _, entry, phoff, _, _, ehsize, phentsize, phnum, *_ = _HEADER.unpack(raw)
    if ident[5] != _LITTLE_ENDIAN or machine != _MACHINE_X86_64:
        name = _MACHINES.get(machine, f"machine {machine}")
        raise BadElf(f"a program for another processor ({name}); nanvix runs x86-64")
    if ident[7] in _FOREIGN_ABIS:
        raise BadElf(f"a program for {_FOREIGN_ABIS[ident[7]]}, not Linux")
    if ident[6] != _CURRENT or ehsize < _HEADER.size:
        raise BadElf("a damaged ELF header")
    if kind not in (_EXECUTABLE, _SHARED):
        raise BadElf(f"{_KINDS.get(kind, 'an ELF file of unknown kind')}, not a program")
    if phentsize != _SEGMENT.size or not phnum:
        raise BadElf("a damaged ELF header: no usable program headers")
    length = phnum * _SEGMENT.size
    if length > _MAX_TABLE:
        raise BadElf(f"a damaged ELF header: {phnum} program headers")
    if phoff + length > size:
        raise BadElf("truncated: the program headers lie behind the end of the file")
    table = os.pread(fd, length, phoff)
    if len(table) != length:
        raise BadElf("truncated: the program headers cannot be read")
    return entry, [Segment._make(fields) for fields in _SEGMENT.iter_unpack(table)]


def _check_loads(loads: list[Segment], entry: int, size: int) -> None:
    """PT_LOAD segments lie in the file and in user space, apart from each other."""
    if not loads:
        raise BadElf("a damaged program: nothing to load")
    end = 0
    for load in sorted(loads, key=lambda segment: segment.address):
        if load.memory_size < load.file_size:
            raise BadElf("a damaged program: a segment is larger in the file than in memory")
        if load.offset + load.file_size > size:
            raise BadElf("truncated: a segment lies behind the end of the file")
        if load.address + load.memory_size > USER_END:
            raise BadElf("a damaged program: a segment overflows the address space")
        if (load.address - load.offset) % PAGE_SIZE and load.file_size:
            raise BadElf("a damaged program: a segment is not aligned to pages")
        if load.address < end:
            raise BadElf("a damaged program: its segments overlap")
        end = load.address + load.memory_size
    if not any(
        load.flags & _PF_X and load.address <= entry < load.address + load.memory_size
        for load in loads
    ):
        raise BadElf("a damaged program: its entry point is outside its code")


def _interpreter(fd: int, segments: list[Segment], size: int) -> str | None:
    wanted = [segment for segment in segments if segment.type == _PT_INTERP]
    if not wanted:
        return None
    segment = wanted[0]
    if len(wanted) > 1 or not 2 <= segment.file_size <= _MAX_PATH:
        raise BadElf("a damaged program: its interpreter's name makes no sense")
    if segment.offset + segment.file_size > size:
        raise BadElf("truncated: its interpreter's name lies behind the end of the file")
    name = os.pread(fd, segment.file_size, segment.offset)
    if name.find(b"\0") != len(name) - 1:
        raise BadElf("a damaged program: its interpreter's name makes no sense")
    return os.fsdecode(name[:-1])


def _library_path(
    fd: int, segments: list[Segment], loads: list[Segment], size: int
) -> tuple[str, ...]:
    """Extra library directories. Damage here is left to the program's own loader to report."""
    dynamic = next((segment for segment in segments if segment.type == _PT_DYNAMIC), None)
    if dynamic is None or dynamic.offset + dynamic.file_size > size:
        return ()
    length = min(dynamic.file_size, _MAX_TABLE) // _DYNAMIC.size * _DYNAMIC.size
    raw = os.pread(fd, length, dynamic.offset)
    found: dict[int, int] = {}
    for tag, value in _DYNAMIC.iter_unpack(raw[: len(raw) // _DYNAMIC.size * _DYNAMIC.size]):
        if tag == _DT_NULL:
            break
        found.setdefault(tag, value)
    strings = _file_offset(loads, found.get(_DT_STRTAB, 0))
    names: list[str] = []
    for tag in (_DT_RPATH, _DT_RUNPATH):
        offset = found.get(tag)
        if strings is None or offset is None or offset >= found.get(_DT_STRSZ, 0):
            continue
        if strings + offset >= size:
            continue
        text = os.pread(fd, _MAX_PATH, strings + offset)
        path, terminator, _ = text.partition(b"\0")
        if terminator:
            names += [name for name in os.fsdecode(path).split(":") if name]
    return tuple(names)


def _file_offset(loads: list[Segment], address: int) -> int | None:
    for load in loads:
        if load.address <= address < load.address + load.file_size:
            return load.offset + address - load.address
    return None

"""Guest memory by linear addresses: reads that stop where nothing is mapped, page-table walks."""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING

from nanvix.abi.layout import DIRECT_BASE, KERNEL_BASE, PAGE_SIZE
from nanvix.machine.paging import ADDRESS_MASK, HUGE, PRESENT, canonical, walk
from nanvix.named import NamedTuple

if TYPE_CHECKING:
    from nanvix.machine.memory import GuestMemory

_QUAD = Struct("<Q")
_LEVELS = (("PML4", 39), ("PDPT", 30), ("PD", 21), ("PT", 12))


class Entry(NamedTuple):
    """One step of a page walk: the table's name, the entry's physical address and its value."""

    table: str
    address: int
    value: int

    @property
    def rights(self) -> str:
        """``PWU-A-D-H-NX`` as far as they are set."""
        bits = (("P", 0), ("W", 1), ("U", 2), ("A", 5), ("D", 6), ("H", 7), ("G", 8), ("NX", 63))
        last = self.table == "PT"
        return " ".join(n for n, b in bits if self.value >> b & 1 and not (last and n == "H"))


class Space:
    """The address space whose page tables begin at physical ``root``."""

    __slots__ = ("memory", "root")

    def __init__(self, memory: GuestMemory, root: int) -> None:
        self.memory = memory
        self.root = root

    def translate(self, address: int) -> int | None:
        """Guest-physical address, or None where nothing is mapped."""
        found = walk(self.memory, self.root, address)
        if found is None or found.physical >= self.memory.size:
            return None
        return found.physical

    def pieces(self, address: int, size: int) -> list[tuple[int, int]]:
        """Physical (address, size) of a linear range, page by page, up to what is not mapped."""
        found = []
        while size > 0:
            physical = self.translate(address)
            if physical is None:
                break
            part = min(size, PAGE_SIZE - address % PAGE_SIZE)
            found.append((physical, part))
            address, size = address + part, size - part
        return found

    def read(self, address: int, size: int) -> bytes:
        """Up to ``size`` bytes: fewer where the next page is not mapped."""
        return b"".join(self.memory.read(at, part) for at, part in self.pieces(address, size))

    def string(self, address: int, limit: int = 4096) -> bytes:
        """Bytes up to a NUL, at most ``limit``."""
        return self.read(address, limit).split(b"\0")[0]

    def walk(self, address: int) -> list[Entry]:
        """Every table entry on the way to ``address``, as far as the way goes."""
        found: list[Entry] = []
        table = self.root & ADDRESS_MASK
        if not canonical(address):
            return found
        for name, shift in _LEVELS:
            where = table + (address >> shift & 511) * 8
            if where + 8 > self.memory.size:
                break
            value: int = _QUAD.unpack_from(self.memory.view, where)[0]
            found.append(Entry(name, where, value))
            if not value & PRESENT or (value & HUGE and shift != 12):
                break
            table = value & ADDRESS_MASK
        return found


def kernel_physical(address: int, size: int) -> int | None:
    """Physical address of a pointer into the kernel's image or its map of all memory."""
    for base in (KERNEL_BASE, DIRECT_BASE):
        if base <= address < base + size:
            return address - base
    return None


def by_page(address: int, data: bytes) -> list[tuple[int, bytes]]:
    """Cut at the borders of pages."""
    found, at = [], 0
    while at < len(data):
        part = min(len(data) - at, 4096 - (address + at) % 4096)
        found.append((address + at, data[at : at + part]))
        at += part
    return found

"""Guest page tables, walked in software: 4-level paging as in Intel SDM vol. 3, 4.5.

The tables belong to the guest, so an entry may say anything: a table outside RAM ends the walk
like an absent entry, and a walk reads at most four of them.
"""

from __future__ import annotations

from struct import Struct

from nanvix.named import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nanvix.machine.memory import GuestMemory

PRESENT = 1 << 0
WRITE = 1 << 1
USER = 1 << 2
ACCESSED = 1 << 5
DIRTY = 1 << 6
HUGE = 1 << 7
"""In a level-2 or level-3 entry: it maps a page of 2 MiB or 1 GiB."""
GLOBAL = 1 << 8
NO_EXECUTE = 1 << 63
ADDRESS_MASK = 0x000F_FFFF_FFFF_F000

_ENTRY = Struct("<Q")
_LEVELS = ((39, False), (30, True), (21, True), (12, False))
"""(shift of the index, may map a page itself) from the PML4 down."""


class Translation(NamedTuple):
    """Where a linear address leads, and what may be done there (the rights of all levels)."""

    physical: int
    page_size: int
    write: bool
    user: bool
    no_execute: bool


def canonical(address: int) -> bool:
    """Whether bits 63..47 of an unsigned 64-bit address are all equal."""
    return address < 1 << 47 or (1 << 64) - (1 << 47) <= address < 1 << 64


def walk(memory: GuestMemory, cr3: int, address: int) -> Translation | None:
    """Translate ``address`` by the tables at ``cr3``; None when nothing is mapped there.

    Bits 63..52 and 11..0 of ``cr3`` are ignored. Accessed and dirty bits stay as they are.
    ``physical`` is what the tables say and may lie outside RAM.
    """
    if address < 0 or not canonical(address):
        return None
    view = memory.view
    size = memory.size
    table = cr3 & ADDRESS_MASK
    rights = WRITE | USER
    no_execute = 0
    for shift, may_map in _LEVELS:
        where = table + (address >> shift & 511) * 8
        if where + 8 > size:
            return None
        entry: int = _ENTRY.unpack_from(view, where)[0]
        if not entry & PRESENT:
            return None
        rights &= entry
        no_execute |= entry & NO_EXECUTE
        table = entry & ADDRESS_MASK
        if shift == 12:
            break
        if entry & HUGE:
            if not may_map:
                return None
            break
    page = 1 << shift
    physical = table & -page | address & page - 1
    return Translation(physical, page, bool(rights & WRITE), bool(rights & USER), no_execute != 0)

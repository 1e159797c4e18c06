"""The software page walker, on honest tables and on hostile ones."""

import struct
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nanvix.machine.memory import GuestMemory
from nanvix.machine.paging import (
    HUGE,
    NO_EXECUTE,
    PRESENT,
    USER,
    WRITE,
    Translation,
    canonical,
    walk,
)

PML4, PDPT, PD, PT = 0x1000, 0x2000, 0x3000, 0x4000
ALL = PRESENT | WRITE | USER


@pytest.fixture
def memory() -> Iterator[GuestMemory]:
    ram = GuestMemory(64 << 10)
    yield ram
    ram.close()


def put(memory: GuestMemory, table: int, index: int, entry: int) -> None:
    memory.write(table + index * 8, struct.pack("<Q", entry))


def chain(
    memory: GuestMemory, leaf: int, *, pml4: int = ALL, pdpt: int = ALL, pd: int = ALL
) -> int:
    """Tables whose entry 1 at each level leads on; the address they map."""
    put(memory, PML4, 1, PDPT | pml4)
    put(memory, PDPT, 1, PD | pdpt)
    put(memory, PD, 1, PT | pd)
    put(memory, PT, 1, leaf)
    return 1 << 39 | 1 << 30 | 1 << 21 | 1 << 12


def test_small_page(memory: GuestMemory) -> None:
    address = chain(memory, 0x7000 | ALL)
    assert walk(memory, PML4, address + 0x123) == Translation(0x7123, 4096, True, True, False)


@pytest.mark.parametrize("level", ["pml4", "pdpt", "pd", "leaf"])
def test_rights_are_those_of_all_levels(memory: GuestMemory, level: str) -> None:
    entries = {"pml4": ALL, "pdpt": ALL, "pd": ALL, "leaf": ALL}
    for missing, field in ((WRITE, "write"), (USER, "user")):
        masked = entries | {level: ALL & ~missing}
        leaf = masked.pop("leaf")
        found = walk(memory, PML4, chain(memory, 0x7000 | leaf, **masked))
        assert found is not None
        assert getattr(found, field) is False
    sealed = entries | {level: ALL | NO_EXECUTE}
    leaf = sealed.pop("leaf")
    found = walk(memory, PML4, chain(memory, 0x7000 | leaf, **sealed))
    assert found is not None
    assert found.no_execute


def test_large_pages(memory: GuestMemory) -> None:
    address = chain(memory, 0)
    put(memory, PD, 1, 0x20_0000 | ALL | HUGE)
    assert walk(memory, PML4, address) == Translation(0x20_1000, 2 << 20, True, True, False)
    put(memory, PDPT, 1, 0x4000_0000 | ALL | HUGE)
    assert walk(memory, PML4, address) == Translation(0x4020_1000, 1 << 30, True, True, False)
    put(memory, PML4, 1, PDPT | ALL | HUGE)
    assert walk(memory, PML4, address) is None


@pytest.mark.parametrize("table", [PML4, PDPT, PD, PT])
def test_absent_and_outside(memory: GuestMemory, table: int) -> None:
    address = chain(memory, 0x7000 | ALL)
    put(memory, table, 1, 0)
    assert walk(memory, PML4, address) is None
    put(memory, table, 1, 0x000F_FFFF_FFFF_F000 | ALL)
    found = walk(memory, PML4, address)
    assert (found is None) == (table != PT)


def test_canonical() -> None:
    assert canonical(0)
    assert canonical((1 << 47) - 1)
    assert not canonical(1 << 47)
    assert not canonical((1 << 64) - (1 << 47) - 1)
    assert canonical((1 << 64) - (1 << 47))
    assert canonical((1 << 64) - 1)


def test_addresses_that_are_none(memory: GuestMemory) -> None:
    chain(memory, 0x7000 | ALL)
    assert walk(memory, PML4, 1 << 47) is None
    assert walk(memory, PML4, -1) is None
    assert walk(memory, 1 << 64, 0) is None


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=st.binary(min_size=8, max_size=64 << 10),
    cr3=st.integers(0, (1 << 64) - 1) | st.integers(0, 64 << 10),
    address=st.integers(0, (1 << 64) - 1),
)
def test_hostile_tables_never_raise(
    memory: GuestMemory, data: bytes, cr3: int, address: int
) -> None:
    """Memory is filled with the pattern, so that every level reads entries made up by the guest."""
    memory.write(0, (data * (memory.size // len(data) + 1))[: memory.size])
    found = walk(memory, cr3, address)
    if found is not None:
        assert found.physical % found.page_size == address % found.page_size
        assert found.physical < 1 << 52


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(links=st.lists(st.integers(0, 15), min_size=512, max_size=512), low=st.integers(0, 0xFFF))
def test_tables_that_lead_to_themselves_end(
    memory: GuestMemory, links: list[int], low: int
) -> None:
    page = struct.pack("<512Q", *(link << 12 | low for link in links))
    for gpa in range(0, memory.size, 4096):
        memory.write(gpa, page)
    walk(memory, 0, 0x1234_5678_9ABC)

"""What the kernel finds at its first instruction: page tables, boot pages, registers."""

from collections.abc import Iterator

import pytest
from support.fake_machine import FakeBackend, make_elf
from support.patience import least, seconds

from nanvix.abi.header import abi_version
from nanvix.abi.layout import (
    BOOT_INFO,
    BOOT_INFO_PHYS,
    BOOT_MAGIC,
    CLOCK,
    CLOCK_PHYS,
    DIRECT_BASE,
    HUGE_SIZE,
    KERNEL_BASE,
    KERNEL_PHYS,
    MEMORY_MAX,
    PAGE_SIZE,
)
from nanvix.machine.boot import BootError, BootSpec, boot
from nanvix.machine.image import KernelImage
from nanvix.machine.memory import GuestMemory
from nanvix.machine.paging import Translation, walk

SPEC = BootSpec(manifest=b"manifest" * 1000, seed=bytes(range(32)), uid=7, realtime_ns=10**18)


@pytest.fixture
def memory() -> Iterator[GuestMemory]:
    ram = GuestMemory(32 << 20)
    yield ram
    ram.close()


@pytest.fixture
def backend(memory: GuestMemory) -> FakeBackend:
    backend = FakeBackend(memory)
    boot(memory, backend, KernelImage(make_elf()), SPEC)
    return backend


def test_kernel_pages_have_their_segments_rights(memory: GuestMemory, backend: FakeBackend) -> None:
    rights = {0: (False, False), 1: (False, False), 2: (False, True), 3: (True, True),
              5: (True, True)}  # fmt: skip
    for page, (write, no_execute) in rights.items():
        physical = KERNEL_PHYS + page * PAGE_SIZE
        found = walk(memory, backend.state.cr3, KERNEL_BASE + physical + 5)
        assert found == Translation(physical + 5, PAGE_SIZE, write, True, no_execute)
    for hole in (KERNEL_PHYS - PAGE_SIZE, KERNEL_PHYS + 6 * PAGE_SIZE, 0):
        assert walk(memory, backend.state.cr3, KERNEL_BASE + hole) is None


def test_direct_map_covers_ram_and_nothing_else(memory: GuestMemory, backend: FakeBackend) -> None:
    cr3 = backend.state.cr3
    for physical in (0, HUGE_SIZE - 1, HUGE_SIZE, memory.size - 1):
        found = walk(memory, cr3, DIRECT_BASE + physical)
        assert found == Translation(physical, HUGE_SIZE, True, True, True)
    assert walk(memory, cr3, DIRECT_BASE + memory.size) is None
    for address in (0, 0x40_0000, DIRECT_BASE - 1, KERNEL_BASE - 1):
        assert walk(memory, cr3, address) is None


def test_direct_map_of_several_gib() -> None:
    size = (2 << 30) + HUGE_SIZE
    ram = GuestMemory(size)
    try:
        backend = FakeBackend(ram)
        boot(ram, backend, KernelImage(make_elf()), SPEC)
        for physical in (0, (1 << 30) - 1, 1 << 30, size - 1):
            found = walk(ram, backend.state.cr3, DIRECT_BASE + physical)
            assert found is not None and found.physical == physical
        assert walk(ram, backend.state.cr3, DIRECT_BASE + size) is None
    finally:
        ram.close()


def test_the_largest_direct_map_leaves_room_for_the_image() -> None:
    assert DIRECT_BASE < DIRECT_BASE + MEMORY_MAX <= KERNEL_BASE


def test_boot_info_and_free_memory(memory: GuestMemory, backend: FakeBackend) -> None:
    info = BOOT_INFO.unpack_fields(memory.read(BOOT_INFO_PHYS, BOOT_INFO.size))
    assert info["magic"] == BOOT_MAGIC
    assert info["abi_version"] == abi_version()
    assert info["memory_size"] == memory.size
    assert info["uid"] == 7
    assert info["seed"] == tuple(
        int.from_bytes(SPEC.seed[i : i + 8], "little") for i in (0, 8, 16, 24)
    )
    manifest, size, free = info["manifest_gpa"], info["manifest_size"], info["free_start"]
    assert isinstance(manifest, int) and isinstance(size, int) and isinstance(free, int)
    assert memory.read(manifest, size) == SPEC.manifest
    assert manifest + size <= free and free % PAGE_SIZE == 0
    assert not any(memory.read(free, memory.size - free))


def test_image_is_in_place(memory: GuestMemory, backend: FakeBackend) -> None:
    assert memory.read(KERNEL_PHYS + 0x2000, 9) == b"read-only"
    assert memory.read(KERNEL_PHYS + 0x3000, 8) == b"data\0\0\0\0"


def test_entry_state(backend: FakeBackend) -> None:
    state = backend.state
    assert (state.rip, state.gpr["rdi"], state.gpr["rsp"], state.rflags) == (
        KERNEL_BASE + KERNEL_PHYS, BOOT_INFO_PHYS, 0, 2,
    )  # fmt: skip
    assert state.cr0 == 0x8001_0033 and state.cr4 == 0x6A0 and state.efer == 0xD01
    assert state.segments["cs"].attributes & 0x2000, "not a 64-bit code segment"


def test_clock_page(memory: GuestMemory, backend: FakeBackend) -> None:
    clock = CLOCK.unpack_fields(memory.read(CLOCK_PHYS, CLOCK.size))
    assert clock["realtime_offset"] == 10**18
    assert clock["mult"] == 1 and clock["shift"] == 0 and clock["tsc_base"] == 0


@pytest.mark.parametrize(
    ("size", "spec", "complaint"),
    [
        (4 << 20, SPEC, "too few"),
        (8 << 20, SPEC._replace(manifest=bytes(4 << 20)), "too few"),
        (8 << 20, SPEC._replace(manifest=bytes(16 << 20)), "too few"),
        ((8 << 20) + 4096, SPEC, "multiple of 2 MiB"),
    ],
)
def test_memory_that_does_not_do(size: int, spec: BootSpec, complaint: str) -> None:
    ram = GuestMemory(size)
    try:
        with pytest.raises(BootError, match=complaint):
            boot(ram, FakeBackend(ram), KernelImage(make_elf()), spec)
    finally:
        ram.close()


def test_boot_is_fast() -> None:
    image = KernelImage(make_elf([(KERNEL_PHYS, 5, bytes(300_000), 300_000)]))

    def once() -> float:
        ram = GuestMemory(256 << 20)
        try:
            return seconds(lambda: boot(ram, FakeBackend(ram), image, SPEC))
        finally:
            ram.close()

    assert least(once, 0.010) <= 0.010

"""Guest memory: every access is checked, whatever address the guest made up."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nanvix.machine.memory import BadAddress, GuestMemory

SIZE = 64 << 10


@pytest.fixture(scope="module")
def memory() -> Iterator[GuestMemory]:
    ram = GuestMemory(SIZE)
    yield ram
    ram.close()


def test_read_back(memory: GuestMemory) -> None:
    memory.write(SIZE - 5, b"hello")
    assert memory.read(SIZE - 5, 5) == b"hello"
    view = memory.slice(SIZE - 5, 2)
    view[:] = b"HE"
    view.release()
    assert memory.read(SIZE - 5, 5) == b"HEllo"
    assert memory.read(SIZE, 0) == b""


def test_populate(memory: GuestMemory) -> None:
    """Whole pages inside memory have their memory at once; what makes no sense is ignored."""
    blocks = os.fstat(memory.fd).st_blocks
    for gpa, size in [(-4096, 4096), (0, 0), (0, SIZE + 4096), (SIZE, 4096), (1 << 64, 4096),
                      (0, 1 << 70), (4096, -4096)]:  # fmt: skip
        memory.populate(gpa, size)
    assert os.fstat(memory.fd).st_blocks == blocks
    memory.write(0x3000, b"kept")
    memory.populate(0x2000, 0x8000)
    assert os.fstat(memory.fd).st_blocks * 512 >= 0x8000
    assert memory.read(0x3000, 5) == b"kept\0"


numbers = st.integers(-(1 << 65), 1 << 65) | st.integers(-2, SIZE + 2)


@given(numbers, numbers)
def test_bad_ranges_are_bad_addresses(memory: GuestMemory, gpa: int, size: int) -> None:
    inside = gpa >= 0 and size >= 0 and gpa + size <= SIZE
    for access in (memory.check, memory.read, memory.slice):
        if inside:
            access(gpa, size)
        else:
            with pytest.raises(BadAddress):
                access(gpa, size)


def test_write_across_the_end(memory: GuestMemory) -> None:
    for gpa in (-1, SIZE - 2, SIZE, 1 << 64):
        with pytest.raises(BadAddress):
            memory.write(gpa, b"abc")


def test_close_is_idempotent() -> None:
    ram = GuestMemory(4096)
    ram.close()
    ram.close()

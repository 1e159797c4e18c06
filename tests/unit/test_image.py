"""The kernel image reader: ours is accepted, anything else is one clear error."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.fake_machine import make_elf

from nanvix.abi.layout import KERNEL_BASE, KERNEL_PHYS
from nanvix.machine.image import ImageError, KernelImage


def test_segments_and_entry() -> None:
    image = KernelImage(make_elf())
    assert [(s.start, s.size, s.write, s.execute) for s in image.segments] == [
        (KERNEL_PHYS, 5000, False, True),
        (KERNEL_PHYS + 0x2000, 9, False, False),
        (KERNEL_PHYS + 0x3000, 0x2100, True, False),
    ]
    assert bytes(image.segments[2].data) == b"data"
    assert image.end == KERNEL_PHYS + 0x5100
    assert image.entry == KERNEL_BASE + KERNEL_PHYS


def test_nearest_symbol() -> None:
    start = KERNEL_BASE + KERNEL_PHYS
    image = KernelImage(make_elf(symbols={"_start": start, "kmain": start + 0x40}))
    assert image.symbol(start) == "_start"
    assert image.symbol(start + 0x3F) == "_start+0x3f"
    assert image.symbol(start + 0x41) == "kmain+0x1"
    assert image.symbol(start - 1) is None
    assert image.symbol(start + 0x10_0000) is None


def test_stripped_image_has_no_symbols() -> None:
    data = bytearray(make_elf())
    data[0x3C:0x3E] = b"\0\0"
    assert KernelImage(bytes(data)).symbol(KERNEL_BASE + KERNEL_PHYS) is None


@pytest.mark.parametrize(
    ("segments", "complaint"),
    [
        ([(KERNEL_PHYS, 7, b"x", 1)], "both writable and executable"),
        ([(KERNEL_PHYS - 4096, 5, b"x", 1)], "memory layout"),
        ([(KERNEL_PHYS, 5, b"x", 8192), (KERNEL_PHYS + 4096, 6, b"x", 1)], "memory layout"),
        ([(KERNEL_PHYS + 8, 5, b"x", 1)], "memory layout"),
        ([(KERNEL_PHYS, 5, b"xx", 1)], "behind the end"),
        ([(KERNEL_PHYS, 5, b"x", 1 << 40)], "too large"),
        ([(KERNEL_PHYS, 4, b"x", 1)], "entry point"),
        ([], "entry point"),
    ],
)
def test_refused_layouts(segments: list[tuple[int, int, bytes, int]], complaint: str) -> None:
    with pytest.raises(ImageError, match=complaint):
        KernelImage(make_elf(segments))


def test_missing_image_says_how_to_build_it() -> None:
    with pytest.raises(ImageError, match=r"kernel/build\.py"):
        KernelImage.load("/nonexistent/kernel.elf")


@given(st.binary(max_size=200))
def test_garbage_is_an_image_error(data: bytes) -> None:
    with pytest.raises(ImageError):
        KernelImage(data)


@given(st.integers(0, 400), st.integers(0, 255))
def test_a_damaged_header_never_breaks_the_reader(position: int, value: int) -> None:
    data = bytearray(make_elf(symbols={"_start": KERNEL_BASE + KERNEL_PHYS}))
    data[position] = value
    try:
        image = KernelImage(bytes(data))
        image.symbol(image.entry)
    except ImageError:
        pass

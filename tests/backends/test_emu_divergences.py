"""The table of divergences says what really happens: an entry that is mended must leave it."""

from struct import pack, unpack

import pytest
from backends.guests import GP, RESULT, UD2, USER_CODE, Frame, TinyGuest

from nanvix.emu import create
from nanvix.emu.divergences import DIVERGENCES
from nanvix.machine.backend import Exit

TOPICS = [entry.topic for entry in DIVERGENCES]


def in_ring_3(code: str, **registers: int) -> Frame:
    with TinyGuest(create, bytes.fromhex(code) + UD2, user=True) as guest:
        guest.state.gpr.update(registers)
        guest.start()
        return guest.event()


def test_topics_are_unique() -> None:
    assert len(set(TOPICS)) == len(TOPICS)


@pytest.mark.parametrize(
    ("topic", "code", "length"),
    [
        ("vex", "c5f877", 3),  # vzeroupper
        ("alignment", "0f280425 01e00000", 8),  # movaps RESULT + 1, %xmm0
        ("simd exceptions", "0fae1425 00e00000 0f57c0 0f5ec0", 14),  # ldmxcsr 0; 0 / 0
    ],
)
def test_what_should_fault_goes_through(topic: str, code: str, length: int) -> None:
    assert topic in TOPICS
    assert in_ring_3(code).rip == USER_CODE + length


def test_stack_fault() -> None:
    assert "stack fault" in TOPICS
    assert in_ring_3("50", rsp=0x0080_0000_0000_0000).vector == GP


def test_unknown_msr() -> None:
    assert "unknown msr" in TOPICS
    with TinyGuest(create, bytes.fromhex("0f32 e7e0")) as guest:
        guest.state.gpr.update(rcx=0xC001_1234, rax=0x77)
        guest.start()
        assert guest.backend.run() is Exit.DOORBELL
        assert guest.backend.exit_value == 0


def test_flush_to_zero() -> None:
    """The smallest normal number, by 4."""
    assert "flush to zero" in TOPICS
    load = "0fae1425 00e00000 f20f100425 08e00000"
    divide = "f20f5e0425 10e00000 f20f110425 18e00000"
    with TinyGuest(create, bytes.fromhex(load + divide) + UD2, user=True) as guest:
        guest.memory.write(RESULT, pack("<I4xdd", 0x9F80, 2.0**-1022, 4.0))
        guest.start()
        guest.event()
        assert unpack("<d", guest.memory.read(RESULT + 24, 8)) == (2.0**-1024,)


def test_string_input() -> None:
    assert "string input" in TOPICS
    with TinyGuest(create, bytes.fromhex("6d"), user=True) as guest:
        guest.state.gpr.update(rdi=RESULT, rdx=0x60)
        guest.memory.write(RESULT, b"\x55" * 8)
        guest.start()
        assert guest.event().vector == GP
        assert guest.memory.read(RESULT, 4) != b"\x55" * 4

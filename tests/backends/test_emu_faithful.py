"""What lesser emulators skip: refused instructions, gates, stacks and pages, as on the CPU."""

from struct import pack
from typing import Any

import pytest
from backends.guests import (
    ABSENT,
    GP,
    KERNEL_CODE,
    NP,
    PF,
    RESULT,
    SPARE,
    UD,
    UD2,
    USER_CODE,
    USER_STACK,
    TinyGuest,
)

from nanvix.abi.layout import SEL_KERNEL_CODE, SEL_KERNEL_DATA
from nanvix.emu import create
from nanvix.machine.backend import Exit


def emu(code: bytes, **options: Any) -> TinyGuest:
    return TinyGuest(create, code, **options)


# -- what hardware does and lesser emulators do not ----------------------------------------------


def test_a_gate_that_is_absent_is_reported() -> None:
    with emu(UD2, user=True) as guest:
        guest.gate(UD, kind=0x8E)
        guest.start()
        frame = guest.event()
        assert (frame.vector, frame.error, frame.rip) == (NP, UD * 8 + 3, USER_CODE)


@pytest.mark.parametrize(
    ("descriptor", "vector"),
    [
        (0, GP),
        (0x00AF_1B00_0000_FFFF, NP),  # not present
        (0x00AF_9300_0000_FFFF, GP),  # data
        (0x00CF_9B00_0000_FFFF, GP),  # 32-bit code
    ],
)
def test_a_handler_needs_a_64_bit_code_segment(descriptor: int, vector: int) -> None:
    with emu(UD2) as guest:
        guest.memory.write(0x5000 + 0x48, pack("<Q", descriptor))
        stub = 0x8000 + UD * 16
        guest.memory.write(0x6000 + UD * 16, pack("<QQ", stub | 0x48 << 16 | 0x8E << 40, 0))
        guest.start()
        frame = guest.event()
        assert (frame.vector, frame.error) == (vector, 0x48 | 1)


def test_code_that_runs_into_an_absent_page_faults_there() -> None:
    with emu(b"", user=True) as guest:
        guest.map(SPARE - 0x1000, SPARE - 0x1000 | 7)
        guest.map(SPARE, 0)
        guest.memory.write(SPARE - 5, bytes.fromhex("f9 48ffc3 90"))  # stc; inc %rbx; nop
        guest.state.rip = SPARE - 5
        guest.start()
        frame = guest.event()
        assert (frame.vector, frame.error, frame.rip) == (PF, 0x14, SPARE)
        assert frame.rflags & 1
        state = guest.backend.save_state()
        assert (state.cr2, state.gpr["rbx"]) == (SPARE, 1)


def test_an_instruction_half_on_an_absent_page_faults_at_its_start() -> None:
    with emu(b"", user=True) as guest:
        guest.map(SPARE - 0x1000, SPARE - 0x1000 | 7)
        guest.map(SPARE, 0)
        guest.memory.write(SPARE - 3, bytes.fromhex("90 48ff c3"))
        guest.state.rip = SPARE - 3
        guest.start()
        frame = guest.event()
        assert (frame.rip, guest.backend.save_state().cr2) == (SPARE - 2, SPARE)


@pytest.mark.parametrize("code", ["f00f05", "c50f05", "0f34", "0f01f9"])
def test_what_only_looks_like_an_instruction_is_invalid(code: str) -> None:
    """LOCK SYSCALL, VEX SYSCALL; SYSENTER and RDTSCP, which our CPU does not have."""
    with emu(b"\xf9" + bytes.fromhex(code), user=True) as guest:
        guest.state.gpr.update(rax=1, rcx=2, rdx=3)
        guest.start()
        frame = guest.event()
        assert (frame.vector, frame.rip) == (UD, USER_CODE + 1)
        assert frame.rflags & 1
        state = guest.backend.save_state()
        assert (state.gpr["rcx"], state.gpr["rdx"]) == (2, 3)


def test_system_calls_can_be_switched_off() -> None:
    with emu(b"\x0f\x05", user=True) as guest:
        guest.state.efer &= ~1
        guest.start()
        assert guest.event().vector == UD


def test_a_refused_port_changes_no_register() -> None:
    with emu(bytes.fromhex("f36d"), user=True) as guest:  # rep insl
        guest.state.gpr.update(rcx=5, rdi=RESULT, rdx=0xE0)
        guest.start()
        frame = guest.event()
        state = guest.backend.save_state()
        assert (frame.vector, frame.rip) == (GP, USER_CODE)
        assert (state.gpr["rcx"], state.gpr["rdi"]) == (5, RESULT)


@pytest.mark.parametrize("code", ["e7e0", "e460", "6d", "f00f05", "0f34", "0f01f9"])
def test_single_stepping_over_what_is_refused_stays_in_ring_3(code: str) -> None:
    with emu(bytes.fromhex(code), user=True) as guest:
        guest.state.rflags = 0x102
        guest.state.gpr.update(rdi=RESULT, rdx=0x60)
        guest.start()
        frame = guest.event()
        assert (frame.vector, frame.rip) == (UD if code.startswith(("f0", "0f")) else GP, USER_CODE)
        assert (frame.cs, frame.rsp) == (0x33, USER_STACK)
        assert frame.rflags & 0x100


def test_an_event_outside_64_bit_mode_is_an_error() -> None:
    with emu(UD2) as guest:
        guest.state.cr0 &= ~(1 << 31)
        guest.start()
        assert guest.backend.run() is Exit.ERROR
        assert "64-bit" in guest.backend.exit_detail


def test_icebp_is_a_debug_trap_that_no_gate_can_refuse() -> None:
    with emu(b"\xf1" + UD2, user=True).start() as guest:
        frame = guest.event()
        assert (frame.vector, frame.rip) == (1, USER_CODE + 1)
        assert (guest.event().vector, guest.backend.instructions()) == (UD, 1 + 2 + 1 + 2)


def test_performance_counters_are_refused_in_ring_3() -> None:
    with emu(b"\x90\x0f\x33", user=True).start() as guest:
        frame = guest.event()
        assert (frame.vector, frame.error, frame.rip) == (GP, 0, USER_CODE + 1)


def test_an_interrupt_stack_has_a_null_segment() -> None:
    with emu(UD2) as guest:
        guest.gate(UD, ist=1)
        guest.start()
        assert guest.event().ss == SEL_KERNEL_DATA
        assert guest.backend.save_state().segments["ss"].selector == 0


def test_a_frame_that_cannot_be_pushed_faults_at_its_top() -> None:
    with emu(UD2) as guest:
        guest.state.gpr["rsp"] = ABSENT + 0x800
        guest.gate(8, ist=1)
        guest.start()
        assert guest.event().vector == 8
        assert guest.backend.save_state().cr2 == ABSENT + 0x7F8


@pytest.mark.parametrize("over", [0, 16, 32])
def test_a_frame_may_lie_on_two_pages(over: int) -> None:
    """``over``: bytes of it on the upper page, which lies elsewhere in memory."""
    with emu(UD2) as guest:
        guest.state.gpr["rsp"] = SPARE + over
        guest.map(SPARE, RESULT | 3)
        guest.start()
        guest.event()
        pushed = guest.memory.read(SPARE - 40 + over, 40 - over) + guest.memory.read(RESULT, over)
        words = memoryview(pushed).cast("Q").tolist()
        assert words == [KERNEL_CODE, SEL_KERNEL_CODE, 0x10002, SPARE + over, SEL_KERNEL_DATA]


def test_a_step_over_a_branch_to_nowhere_is_one_step() -> None:
    code = b"\x48\xbb" + pack("<Q", 1 << 62) + b"\xff\xe3"  # movabs $1 << 62, %rbx; jmp *%rbx
    with emu(code, user=True).start() as guest:
        backend = guest.backend
        assert [backend.step(), backend.step()] == [Exit.PAUSED] * 2
        assert backend.general()["rip"] == 1 << 62
        assert guest.event().vector == GP

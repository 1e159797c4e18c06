"""Exceptions reach the guest's handlers as the manuals say, on both backends."""

from struct import pack

import pytest
from backends.conftest import Tiny
from backends.guests import (
    ABSENT,
    BP,
    DB,
    GP,
    IST_STACK,
    KERNEL_CODE,
    KERNEL_STACK,
    NO_EXECUTE,
    NP,
    PF,
    READ_ONLY,
    SUPERVISOR,
    UD,
    UD2,
    USER_CODE,
    USER_STACK,
    Frame,
)

from nanvix.abi.layout import (
    QUIRK_SYSCALL_FAULTS,
    SEL_KERNEL_CODE,
    SEL_USER_CODE,
    SEL_USER_DATA,
)
from nanvix.machine.backend import Exit

FLAG_TF, FLAG_IF, FLAG_NT = 1 << 8, 1 << 9, 1 << 14
STATUS = 0x8D5
PRESENT, WRITE, USER, FETCH = 1, 2, 4, 16


def load(address: int) -> bytes:
    """mov address, %rax"""
    return b"\x48\x8b\x04\x25" + pack("<I", address)


def store(address: int) -> bytes:
    """mov %rax, address"""
    return b"\x48\x89\x04\x25" + pack("<I", address)


def jump(address: int) -> bytes:
    """mov $address, %rax; jmp *%rax"""
    return b"\x48\xc7\xc0" + pack("<I", address) + b"\xff\xe0"


def in_ring_3(frame: Frame) -> bool:
    return (frame.cs, frame.ss) == (SEL_USER_CODE, SEL_USER_DATA)


@pytest.mark.parametrize(
    ("code", "address", "error"),
    [
        (load(ABSENT + 8), ABSENT + 8, USER),
        (store(ABSENT), ABSENT, USER | WRITE),
        (store(READ_ONLY), READ_ONLY, USER | WRITE | PRESENT),
        (load(SUPERVISOR), SUPERVISOR, USER | PRESENT),
        (store(SUPERVISOR + 16), SUPERVISOR + 16, USER | WRITE | PRESENT),
        (jump(NO_EXECUTE), NO_EXECUTE, USER | FETCH | PRESENT),
        (jump(ABSENT), ABSENT, USER | FETCH),
        (jump(SUPERVISOR), SUPERVISOR, USER | FETCH | PRESENT),
    ],
)
def test_page_faults_of_ring_3(tiny: Tiny, code: bytes, address: int, error: int) -> None:
    with tiny(code, user=True) as guest:
        guest.start()
        frame = guest.event()
        assert (frame.vector, frame.error) == (PF, error)
        assert guest.backend.save_state().cr2 == address
        assert frame.rip == (address if error & FETCH else USER_CODE)
        assert frame.rsp == USER_STACK
        assert in_ring_3(frame)


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (load(ABSENT), 0),
        (store(READ_ONLY), WRITE | PRESENT),  # CR0.WP
        (jump(NO_EXECUTE), FETCH | PRESENT),
    ],
)
def test_page_faults_of_ring_0(tiny: Tiny, code: bytes, error: int) -> None:
    with tiny(code) as guest:
        guest.start()
        frame = guest.event()
        assert (frame.vector, frame.error, frame.cs) == (PF, error, SEL_KERNEL_CODE)


@pytest.mark.parametrize(
    ("code", "vector", "error", "length"),
    [
        ("0f0b", UD, None, 0),  # ud2
        ("31c9 f7f1", 0, None, 2),  # xor %ecx, %ecx; div %ecx
        ("f4", GP, 0, 0),  # hlt
        ("fa", GP, 0, 0),  # cli
        ("90 0f22d8", GP, 0, 1),  # mov %rax, %cr3
        ("e7e0", GP, 0, 0),  # out: the doorbell is the kernel's
        ("90 e460", GP, 0, 1),  # in $0x60, %al
        ("48b80000000000008000 488b00", GP, 0, 10),  # load from a non-canonical address
        ("0f30", GP, 0, 0),  # wrmsr
    ],
)
def test_faults_of_ring_3(
    tiny: Tiny, code: str, vector: int, error: int | None, length: int
) -> None:
    with tiny(bytes.fromhex(code), user=True) as guest:
        guest.state.gpr["rax"] = 0x1234
        guest.start()
        frame = guest.event()
        assert (frame.vector, frame.error) == (vector, error)
        assert frame.rip == USER_CODE + length
        assert in_ring_3(frame)


def test_int3_is_a_trap_for_which_the_gate_must_be_open(tiny: Tiny) -> None:
    with tiny(b"\xcc", user=True) as guest:
        guest.gate(BP, dpl=3)
        guest.start()
        frame = guest.event()
        assert (frame.vector, frame.rip) == (BP, USER_CODE + 1)


@pytest.mark.parametrize("prefix", [b"", b"\x48"])
def test_int_0x80_needs_an_open_gate(tiny: Tiny, prefix: bytes) -> None:
    with tiny(prefix + b"\xcd\x80", user=True) as guest:
        if guest.backend.quirks & QUIRK_SYSCALL_FAULTS:
            expected: list[tuple[int, int | None, int]] = [(UD, None, 0)] * 2
        else:
            at = len(prefix)
            expected = [(GP, 0x80 * 8 + 2, at), (0x80, None, at + 2)]
        for dpl, (vector, error, length) in zip((0, 3), expected, strict=True):
            guest.gate(0x80, dpl=dpl)
            guest.start()
            frame = guest.event()
            assert (frame.vector, frame.error) == (vector, error)
            assert frame.rip - USER_CODE in (length, 0)  # a refused one may name its prefix


def test_a_handler_runs_on_the_stack_of_the_tss(tiny: Tiny) -> None:
    with tiny(UD2, user=True) as guest:
        guest.start()
        frame = guest.event()
        state = guest.backend.save_state()
        assert state.gpr["rsp"] == KERNEL_STACK - 5 * 8
        assert state.segments["cs"].selector == SEL_KERNEL_CODE
        assert state.segments["ss"].selector & ~3 in (0, 0x18)
        assert frame.rsp == USER_STACK


def test_a_fault_in_ring_0_stays_on_its_stack_but_aligned(tiny: Tiny) -> None:
    with tiny(UD2) as guest:
        guest.state.gpr["rsp"] = KERNEL_STACK - 0x104
        guest.start()
        frame = guest.event()
        assert frame.rsp == KERNEL_STACK - 0x104
        assert guest.backend.save_state().gpr["rsp"] == KERNEL_STACK - 0x110 - 5 * 8


def test_flags_are_saved_and_cleared(tiny: Tiny) -> None:
    with tiny(UD2, user=True) as guest:
        guest.state.rflags = 2 | FLAG_IF | STATUS
        guest.start()
        frame = guest.event()
        assert frame.rflags & (FLAG_IF | STATUS) == FLAG_IF | STATUS
        assert not guest.backend.save_state().rflags & FLAG_IF


@pytest.mark.parametrize("code", ["0f0b", "488b0c2500200100", "cc"])
def test_flags_computed_by_the_instruction_before_are_exact(tiny: Tiny, code: str) -> None:
    # mov $0x10000000, %eax; cmp $0x90000000, %eax: CF, PF, SF and OF
    compare = bytes.fromhex("b800000010 3d00000090")
    with tiny(compare + bytes.fromhex(code), user=True) as guest:
        guest.gate(BP, dpl=3)
        guest.start()
        assert guest.event().rflags & STATUS == 0x885


def test_a_handler_can_return_and_the_program_goes_on(tiny: Tiny) -> None:
    # load from an absent page; the host maps it while the handler waits; then ud2
    with tiny(load(ABSENT) + UD2, user=True) as guest:
        guest.start()
        assert guest.event().vector == PF
        guest.map(ABSENT, READ_ONLY | 7)
        guest.memory.write(READ_ONLY, pack("<Q", 0x1122_3344_5566_7788))
        frame = guest.event()
        assert (frame.vector, frame.rip) == (UD, USER_CODE + 8)


def test_single_step_by_the_trap_flag(tiny: Tiny) -> None:
    with tiny(b"\x90\x90\x90" + UD2, user=True) as guest:
        guest.state.rflags = 2 | FLAG_TF
        guest.start()
        seen = [guest.event() for _ in range(4)]
        assert [frame.vector for frame in seen] == [DB, DB, DB, UD]
        assert [frame.rip - USER_CODE for frame in seen] == [1, 2, 3, 3]
        assert seen[0].rflags & FLAG_TF


def test_single_step_sees_the_flags_of_each_instruction(tiny: Tiny) -> None:
    # mov $0x10000000, %ecx; cmp $0x90000000, %ecx; inc %ecx; xor %ecx, %ecx
    code = bytes.fromhex("b900000010 81f900000090 ffc1 31c9")
    with tiny(code + UD2, user=True) as guest:
        guest.state.rflags = 2 | FLAG_TF
        guest.start()
        seen = [guest.event().rflags & STATUS & ~0x10 for _ in range(4)]
        assert seen == [0, 0x885, 0x001, 0x044]


def test_a_fault_without_a_handler_becomes_a_double_fault(tiny: Tiny) -> None:
    with tiny(load(ABSENT)) as guest:
        guest.gate(PF, kind=0x8E)
        guest.gate(NP, kind=0x8E)
        guest.start()
        frame = guest.event()
        assert (frame.vector, frame.error) == (8, 0)


def test_a_triple_fault_is_a_shutdown(tiny: Tiny) -> None:
    with tiny(UD2) as guest:
        guest.state.idt_limit = 0
        guest.start()
        assert guest.backend.run() is Exit.SHUTDOWN


def test_ring_0_does_not_lose_its_way_on_a_bad_stack(tiny: Tiny) -> None:
    with tiny(UD2) as guest:
        guest.state.gpr["rsp"] = ABSENT + 0x800
        guest.start()
        assert guest.backend.run() is Exit.SHUTDOWN


def test_an_interrupt_stack_table_entry_wins(tiny: Tiny) -> None:
    with tiny(UD2) as guest:
        guest.gate(UD, ist=1)
        guest.start()
        frame = guest.event()
        assert guest.backend.save_state().gpr["rsp"] == IST_STACK - 5 * 8
        assert (frame.vector, frame.rip) == (UD, KERNEL_CODE)

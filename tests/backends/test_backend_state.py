"""Registers, memory, clock and identity of a vCPU: what both backends promise the machine."""

from struct import pack

import pytest
from backends.conftest import Tiny
from backends.guests import (
    DOORBELL_LOOP,
    KERNEL_CODE,
    ON_SVM,
    RESULT,
    SPARE,
    UD,
    UD2,
    USER_CODE,
    TinyGuest,
    drop_what_may_differ,
)

from nanvix.abi.layout import (
    QUIRK_HOST_CPUID,
    QUIRK_SYSCALL_FAULTS,
    VECTOR_TIMER,
)
from nanvix.machine.backend import Exit
from nanvix.machine.cpuid import BASIC_MAX, cpuid, entries
from nanvix.machine.state import VcpuState

STORE_RAX = b"\x48\x89\x04\x25" + pack("<I", RESULT)


def test_swapgs_and_the_base_registers(tiny: Tiny) -> None:
    # swapgs; mov %gs:0, %rax; bell
    with tiny(bytes.fromhex("0f01f8 65488b042500000000 e7e0")) as guest:
        guest.state.kernel_gs_base = SPARE
        guest.state.segments["gs"].base = 0x1234
        guest.memory.write(SPARE, pack("<Q", 0x5EED))
        guest.start()
        assert guest.backend.run() is Exit.DOORBELL
        state = guest.backend.save_state()
        assert guest.backend.exit_value == 0x5EED
        assert (state.kernel_gs_base, state.segments["gs"].base) == (0x1234, SPARE)


@pytest.mark.parametrize(
    "msr",
    [0xC0000081, 0xC0000082, 0xC0000083, 0xC0000084, 0xC0000100, 0xC0000101, 0xC0000102],
)
def test_model_specific_registers_hold_what_is_written(tiny: Tiny, msr: int) -> None:
    # write it, clear the registers, read it back, bell
    with tiny(bytes.fromhex("0f30 31c0 31d2 0f32 e7e0")) as guest:
        guest.state.gpr.update(rcx=msr, rax=0x4000, rdx=0x1234)
        guest.start()
        assert guest.backend.run() is Exit.DOORBELL
        assert guest.backend.exit_value == 0x4000
        assert guest.backend.save_state().gpr["rdx"] == 0x1234


# -- state ---------------------------------------------------------------------------------------


def rich_state(guest: TinyGuest) -> VcpuState:
    state = guest.state
    for index, name in enumerate(state.gpr):
        state.gpr[name] = 0x1111_1111_1111_1111 * index
    state.rflags = 0x2 | 0x8D5 | 0x400
    state.kernel_gs_base, state.lstar = 0x1234_5000, 0xFFFF_8000_0000_1000
    state.cstar = 0xFFFF_8000_0000_3000
    state.sfmask, state.cr2 = 0x4_7700, 0xDEAD_B000
    state.segments["fs"].base = 0x7FFF_0000_1000
    state.segments["gs"].base = 0xFFFF_8000_0000_2000
    image = bytearray(state.fxsave)
    image[0:6] = b"\x7f\x02\x00\x28\xe0\x00"  # FCW: 53 bits; FSW: top 5; three registers valid
    image[24:28] = b"\xa0\x5f\0\0"  # MXCSR: round up, underflow seen
    for i in range(3):
        image[32 + 16 * i : 42 + 16 * i] = bytes([i + 1]) * 8 + b"\xff\x3f"
    for i in range(16):
        image[160 + 16 * i : 176 + 16 * i] = bytes(range(i, i + 16))
    state.fxsave = bytes(image)
    state.pending = frozenset({VECTOR_TIMER})
    return state


def test_state_survives_a_round_trip(tiny: Tiny) -> None:
    with tiny(DOORBELL_LOOP) as guest:
        state = rich_state(guest)
        guest.start()
        saved = guest.backend.save_state()
        drop_what_may_differ(state, saved)
        assert saved == state


def test_a_saved_guest_goes_on_in_another_machine(tiny: Tiny) -> None:
    # In ring 3, counting in rbx, xmm3 and memory; every round ends in a fault.
    code = bytes.fromhex("48ffc3 66480f6edb 660fd4db 48ff042500e00000 0f0b")
    with tiny(code, user=True) as guest, tiny(b"", user=True) as other:
        guest.start()
        for _ in range(3):
            assert guest.event().vector == UD
            state = guest.backend.save_state()
            state.rip = STUB_RETURN
            back_to_start(guest, state)
        other.memory.write(0, guest.memory.read(0, guest.memory.size))
        other.backend.load_state(guest.backend.save_state())
        results = []
        for machine in (guest, other):
            assert machine.event().vector == UD
            final = machine.backend.save_state()
            results.append((final.gpr, final.fxsave, final.rip, machine.result()))
        assert results[0] == results[1]
        assert results[0][0]["rbx"] == 4


STUB_RETURN = 0x8000 + UD * 16 + 7


def back_to_start(guest: TinyGuest, state: VcpuState) -> None:
    """Let the handler that waits return to the program's start."""
    guest.memory.write(state.gpr["rsp"], pack("<Q", USER_CODE))
    guest.backend.load_state(state)


def test_translate_follows_the_guest_page_tables(tiny: Tiny) -> None:
    with tiny(DOORBELL_LOOP).start() as guest:
        guest.map(SPARE, RESULT | 3)
        assert guest.backend.translate(SPARE + 5) == RESULT + 5
        assert guest.backend.translate(1 << 40) is None


def test_code_the_host_has_written_is_seen(tiny: Tiny) -> None:
    with tiny(DOORBELL_LOOP).start() as guest:
        assert guest.backend.run() is Exit.DOORBELL
        assert guest.backend.run() is Exit.DOORBELL
        guest.memory.write(KERNEL_CODE + 1, pack("<I", 0x4321))
        guest.backend.code_changed(KERNEL_CODE + 1, 4)
        assert guest.backend.run() is Exit.DOORBELL
        assert guest.backend.exit_value == 0x4321


def test_code_the_guest_has_written_is_seen(tiny: Tiny) -> None:
    # bell; movl $0x4321, KERNEL_CODE + 1; jmp to the start
    patch = b"\xc7\x04\x25" + pack("<II", KERNEL_CODE + 1, 0x4321)
    with tiny(bytes.fromhex("b8 34120000 e7e0") + patch + b"\xeb\xec").start() as guest:
        values = []
        for _ in range(3):
            assert guest.backend.run() is Exit.DOORBELL
            values.append(guest.backend.exit_value)
        assert values == [0x1234, 0x4321, 0x4321]


# -- time and identity ---------------------------------------------------------------------------


def test_rdtsc_agrees_with_the_backend(tiny: Tiny) -> None:
    # rdtsc; 64 bits to RESULT; ud2
    with tiny(bytes.fromhex("0f31 48c1e220 4809d0") + STORE_RAX + UD2, user=True) as guest:
        guest.start()
        slack = guest.backend.tsc_hz // 5_000
        before = guest.backend.tsc()
        assert guest.event().vector == UD
        assert before - slack <= guest.result()[0] <= guest.backend.tsc() + slack


@pytest.mark.parametrize("user", [False, True])
def test_cpuid_is_our_table(tiny: Tiny, user: bool) -> None:
    registers = (0x04, 0x1C, 0x0C, 0x14)  # ModRM of eax, ebx, ecx, edx
    store = b"".join(
        bytes((0x89, register, 0x25)) + pack("<I", RESULT + 4 * i)
        for i, register in enumerate(registers)
    )
    asked = [(leaf, subleaf or 0) for leaf, subleaf, *_ in entries()]
    asked += [(4, 4), (BASIC_MAX + 1, 0), (7, 0), (0x4000_0001, 0), (0x8000_0009, 0)]
    with tiny(b"\x0f\xa2" + store + UD2, user=user) as guest:
        for leaf, subleaf in asked:
            guest.state.gpr["rax"], guest.state.gpr["rcx"] = leaf, subleaf
            guest.start()
            assert guest.event().vector == UD
            answer = tuple(memoryview(guest.memory.read(RESULT, 16)).cast("I"))
            if guest.backend.quirks & QUIRK_HOST_CPUID:
                continue
            assert answer == cpuid(leaf, subleaf), f"leaf {leaf:#x}, subleaf {subleaf}"


@pytest.mark.parametrize("code", ["0f01d0", "0f01f9", "0fc7f0", "0f34", "f30faec0"])
def test_instructions_the_table_does_not_offer_are_invalid(tiny: Tiny, code: str) -> None:
    """xgetbv, rdtscp, rdrand, sysenter, rdfsbase."""
    with tiny(bytes.fromhex(code), user=True).start() as guest:
        if guest.backend.quirks & QUIRK_SYSCALL_FAULTS:
            return  # here ring 3 runs on the host's own CPU, whatever CPUID says
        if code == "0fc7f0" and guest.backend.name == "kvm" and ON_SVM:
            return  # SVM has no intercept for rdrand
        assert guest.event().vector == UD

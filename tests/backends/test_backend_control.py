"""Exits, interrupts, time, state and identity of a vCPU: what both backends promise the machine."""

import signal
import threading
from pathlib import Path
from struct import pack

import pytest
from backends.conftest import Tiny
from backends.guests import (
    INTERRUPTS_ON,
    KERNEL_CODE,
    PF,
    RESULT,
    SPARE,
    SPIN,
    UD,
    UD2,
    USER_CODE,
    TinyGuest,
)

from nanvix.abi.layout import (
    QUIRK_HOST_CPUID,
    QUIRK_NO_SYSRET,
    QUIRK_SYSCALL_FAULTS,
    SEL_KERNEL_CODE,
    SEL_USER_CODE,
    SEL_USER_DATA,
    VECTOR_EVENT,
    VECTOR_TIMER,
)
from nanvix.machine.backend import Exit
from nanvix.machine.cpuid import BASIC_MAX, cpuid, entries
from nanvix.machine.state import VcpuState

DOORBELL_LOOP = bytes.fromhex("b8 34120000 e7e0 ffc3 ebf5")  # eax = 0x1234; out; inc ebx; again
BELL_0X5A = bytes.fromhex("b85a000000 e7e0")
ON_SVM = Path("/sys/module/kvm_amd").exists()
STORE_RAX = b"\x48\x89\x04\x25" + pack("<I", RESULT)


def soon(guest: TinyGuest, ms: float) -> int:
    return guest.backend.tsc() + int(guest.backend.tsc_hz * ms / 1000)


# -- exits ---------------------------------------------------------------------------------------


def test_the_doorbell_stops_behind_the_out(tiny: Tiny) -> None:
    with tiny(DOORBELL_LOOP).start() as guest:
        for _ in range(5):
            assert guest.backend.run() is Exit.DOORBELL
            assert guest.backend.exit_value == 0x1234
        state = guest.backend.save_state()
        assert (state.rip, state.gpr["rbx"]) == (KERNEL_CODE + 7, 4)
        assert guest.backend.exits == 5


def test_a_doorbell_at_the_end_of_a_page_stops_before_the_next(tiny: Tiny) -> None:
    with tiny(b"") as guest:
        guest.memory.write(SPARE - 4, bytes.fromhex("f9 90 e7e0"))  # stc; nop; out
        guest.map(SPARE, 0)
        guest.state.rip = SPARE - 4
        guest.start()
        assert guest.backend.run() is Exit.DOORBELL
        state = guest.backend.save_state()
        assert state.rip == SPARE
        assert state.rflags & 1
        assert guest.event().vector == PF


def test_other_ports_read_as_ones_and_ignore_writes(tiny: Tiny) -> None:
    # eax = 0; in $0x60, %al; bell; the same with %ax and %eax; out %eax, $0x64; out %al, $0xE0
    code = bytes.fromhex("31c0 e460 e7e0 31c0 66e561 e7e0 31c0 e562 e764 e6e0 e7e0 ebfe")
    with tiny(code).start() as guest:
        values = []
        for _ in range(3):
            assert guest.backend.run() is Exit.DOORBELL
            values.append(guest.backend.exit_value)
        assert values == [0xFF, 0xFFFF, 0xFFFF_FFFF]


def test_addresses_outside_memory_read_as_ones_and_ignore_writes(tiny: Tiny) -> None:
    # movq $0, 0x7000; mov 0x7000, %rax; bell; where page 0x7000 lies behind RAM
    code = bytes.fromhex("48c7042500700000 00000000 488b042500700000 e7e0 ebfe")
    with tiny(code) as guest:
        guest.map(0x7000, guest.memory.size + 0x10_0000 | 3)
        guest.start()
        assert guest.backend.run() is Exit.DOORBELL
        assert guest.backend.exit_value == 0xFFFF_FFFF


def test_halting_with_nothing_to_wait_for_is_an_error(tiny: Tiny) -> None:
    with tiny(b"\xf4" + SPIN).start() as guest:
        assert guest.backend.run() is Exit.ERROR
        assert "halted" in guest.backend.exit_detail


# -- timer and kicks -----------------------------------------------------------------------------


@pytest.mark.parametrize("user", [False, True])
@pytest.mark.parametrize("delay_ms", [0, 1, 10])
def test_the_timer_stops_a_spinning_guest(tiny: Tiny, user: bool, delay_ms: int) -> None:
    with tiny(SPIN, user=user).start() as guest:
        deadline = soon(guest, delay_ms)
        guest.backend.set_timer(deadline)
        assert guest.backend.run() is Exit.TIMER
        assert guest.backend.tsc() >= deadline


def test_the_timer_fires_once_and_can_be_taken_back(tiny: Tiny) -> None:
    with tiny(SPIN, user=True).start() as guest:
        guest.backend.set_timer(soon(guest, 1))
        assert guest.backend.run() is Exit.TIMER
        guest.backend.set_timer(soon(guest, 5))
        guest.backend.set_timer(None)
        kicker = threading.Timer(0.05, guest.backend.kick)
        kicker.start()
        assert guest.backend.run() is Exit.KICKED
        kicker.join()


def test_a_kick_before_run_is_kept_and_is_one_kick(tiny: Tiny) -> None:
    with tiny(DOORBELL_LOOP).start() as guest:
        guest.backend.kick()
        guest.backend.kick()
        assert guest.backend.run() is Exit.KICKED
        assert guest.backend.run() is Exit.DOORBELL


def test_no_kick_from_another_thread_is_lost(tiny: Tiny) -> None:
    with tiny(SPIN, user=True).start() as guest:
        answered = threading.Semaphore(0)

        def kick_often() -> None:
            for _ in range(50):
                guest.backend.kick()
                answered.acquire(timeout=10)

        thread = threading.Thread(target=kick_often)
        thread.start()
        for _ in range(50):
            assert guest.backend.run() is Exit.KICKED
            answered.release()
        thread.join()


def test_a_signal_handler_runs_while_the_guest_spins_and_can_kick(tiny: Tiny) -> None:
    with tiny(SPIN, user=True).start() as guest:
        old = signal.signal(signal.SIGALRM, lambda *_: guest.backend.kick())
        try:
            signal.setitimer(signal.ITIMER_REAL, 0.02)
            assert guest.backend.run() is Exit.KICKED
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, old)


# -- interrupts ----------------------------------------------------------------------------------


def test_an_interrupt_reaches_a_spinning_program(tiny: Tiny) -> None:
    with tiny(SPIN, user=True) as guest:
        guest.state.rflags = INTERRUPTS_ON
        guest.start()
        guest.backend.inject(VECTOR_TIMER)
        guest.backend.inject(VECTOR_TIMER)
        frame = guest.event()
        assert (frame.vector, frame.rip, frame.cs) == (VECTOR_TIMER, USER_CODE, SEL_USER_CODE)
        assert frame.rflags & INTERRUPTS_ON == INTERRUPTS_ON
        assert guest.backend.save_state().pending == frozenset()


def test_timer_ticks_preempt_a_program_again_and_again(tiny: Tiny) -> None:
    with tiny(SPIN, user=True) as guest:
        guest.state.rflags = INTERRUPTS_ON
        guest.start()
        for _ in range(5):
            guest.backend.set_timer(soon(guest, 1))
            assert guest.backend.run() is Exit.TIMER
            guest.backend.inject(VECTOR_TIMER)
            assert guest.event().vector == VECTOR_TIMER


def test_an_interrupt_waits_until_it_is_allowed(tiny: Tiny) -> None:
    # bell with interrupts off; sti; nop; spin
    with tiny(bytes.fromhex("b801000000 e7e0 fb 90 ebfe")).start() as guest:
        guest.backend.inject(VECTOR_EVENT)
        assert guest.backend.run() is Exit.DOORBELL
        assert guest.backend.save_state().pending == {VECTOR_EVENT}
        assert guest.event().vector == VECTOR_EVENT


def test_the_higher_vector_comes_first(tiny: Tiny) -> None:
    with tiny(SPIN, user=True) as guest:
        guest.state.rflags = INTERRUPTS_ON
        guest.start()
        guest.backend.inject(VECTOR_TIMER)
        guest.backend.inject(VECTOR_EVENT)
        assert guest.event().vector == VECTOR_EVENT
        assert guest.backend.save_state().pending == {VECTOR_TIMER}
        assert guest.event().vector == VECTOR_TIMER


def test_what_is_pending_wakes_a_halted_guest(tiny: Tiny) -> None:
    with tiny(bytes.fromhex("fb f4 e7e0")) as guest:  # sti; hlt; bell
        guest.state.pending = frozenset({VECTOR_EVENT})
        guest.start()
        frame = guest.event()
        assert (frame.vector, frame.rip) == (VECTOR_EVENT, KERNEL_CODE + 2)


# -- steps ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("user", [False, True])
def test_a_step_is_one_instruction(tiny: Tiny, user: bool) -> None:
    # count in rbx, take the flags to rax, count
    with tiny(bytes.fromhex("48ffc3 9c 58 48ffc3"), user=user).start() as guest:
        able = guest.backend.capabilities
        if not (able.single_step_user if user else able.single_step_kernel):
            return
        start = USER_CODE if user else KERNEL_CODE
        for length, count in ((3, 1), (4, 1), (5, 1), (8, 2)):
            assert guest.backend.step() is Exit.PAUSED
            registers = guest.backend.general()
            assert (registers["rip"] - start, registers["rbx"]) == (length, count)
            assert guest.backend.in_user() is user
        assert not registers["rax"] & 0x100, "the trap flag is not the guest's"


# -- system calls --------------------------------------------------------------------------------


@pytest.mark.parametrize("prefix", [b"", b"\x48", b"\x66\x4f"])
def test_a_system_call_enters_ring_0(tiny: Tiny, prefix: bytes) -> None:
    with tiny(b"\xf9" + prefix + b"\x0f\x05" + UD2, user=True, entry=BELL_0X5A) as guest:
        guest.state.sfmask = 0x4_7700
        guest.state.rflags = INTERRUPTS_ON
        guest.start()
        behind = USER_CODE + 3 + len(prefix)
        if guest.backend.quirks & QUIRK_SYSCALL_FAULTS:
            frame = guest.event()
            assert (frame.vector, frame.error, frame.rip) == (PF, 0x15, KERNEL_CODE)
            state = guest.backend.save_state()
        else:
            assert guest.backend.run() is Exit.DOORBELL
            assert guest.backend.exit_value == 0x5A
            state = guest.backend.save_state()
            assert state.rip == KERNEL_CODE + len(BELL_0X5A)
            assert state.segments["cs"].selector == SEL_KERNEL_CODE
            assert state.segments["ss"].selector == SEL_KERNEL_CODE + 8
            assert state.rflags & 0x4_7700 == 0
            assert state.rflags & 1
        assert state.gpr["rcx"] == behind
        assert state.gpr["r11"] & (INTERRUPTS_ON | 1) == INTERRUPTS_ON | 1


def test_sysret_and_iretq_go_to_ring_3(tiny: Tiny) -> None:
    sysretq = b"\x48\x0f\x07"
    # push $ss; push $stack; push $2; push $cs; push $rip; iretq
    frame = (SEL_USER_DATA, 0x7000, 2, SEL_USER_CODE, USER_CODE)
    iretq = b"".join(b"\x68" + pack("<I", word) for word in frame) + b"\x48\xcf"
    for code in (sysretq, iretq):
        with tiny(code) as guest:
            if code is sysretq and guest.backend.quirks & QUIRK_NO_SYSRET:
                continue
            guest.memory.write(USER_CODE, UD2)
            guest.state.gpr["rcx"], guest.state.gpr["r11"] = USER_CODE, 2
            guest.start()
            found = guest.event()
            assert (found.vector, found.rip) == (UD, USER_CODE)
            assert (found.cs, found.ss) == (SEL_USER_CODE, SEL_USER_DATA)


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
        for ours, theirs in ((state, saved), (saved, state)):
            ours.tsc = theirs.tsc = 0
            ours.segments["ldt"] = theirs.segments["ldt"]
            for name in ("ds", "es", "fs", "gs", "ss"):
                # AMD keeps no limit or type of a data segment in 64-bit mode.
                ours.segments[name].limit = theirs.segments[name].limit = 0
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


def test_close_is_idempotent_and_survives_a_late_kick(tiny: Tiny) -> None:
    with tiny(SPIN).start() as guest:
        guest.backend.close()
        guest.backend.kick()
        guest.backend.close()

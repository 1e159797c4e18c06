"""The emulator's own promises: exact counts, identical runs, and what lesser emulators skip."""

import random
import threading
from struct import pack
from typing import Any

import pytest
from backends.guests import (
    ABSENT,
    GP,
    INTERRUPTS_ON,
    KERNEL_CODE,
    NP,
    PF,
    RESULT,
    SPARE,
    SPIN,
    UD,
    UD2,
    USER_CODE,
    USER_STACK,
    TinyGuest,
)

from nanvix.abi.layout import QUIRK_TRANSLATED, SEL_KERNEL_CODE, SEL_KERNEL_DATA, VECTOR_TIMER
from nanvix.emu import backend as emu_backend
from nanvix.emu import create
from nanvix.emu.engine import EngineError
from nanvix.machine.backend import Exit
from nanvix.machine.memory import GuestMemory

NOPS = b"\x90" * 64
# inc %rbx; add %rbx, %rcx; jmp to the start: three instructions a round
COUNT = bytes.fromhex("48ffc3 4801d9 ebf8")


def emu(code: bytes, **options: Any) -> TinyGuest:
    return TinyGuest(create, code, **options)


def test_it_translates_and_counts() -> None:
    with emu(SPIN) as guest:
        assert guest.backend.name == "emu"
        assert guest.backend.quirks == QUIRK_TRANSLATED
        assert guest.backend.capabilities.deterministic
        assert guest.backend.instructions() == 0


# -- counting ------------------------------------------------------------------------------------


@pytest.mark.parametrize("budget", [1, 2, 3, 7, 64, 1000])
def test_the_budget_is_exact(budget: int) -> None:
    with emu(COUNT, user=True).start() as guest:
        guest.backend.set_budget(budget)
        assert guest.backend.run() is Exit.BUDGET
        assert guest.backend.instructions() == budget
        state = guest.backend.save_state()
        assert state.gpr["rbx"] == (budget + 2) // 3
        assert state.rip - USER_CODE == (0, 3, 6)[budget % 3]
        assert guest.backend.run() is Exit.BUDGET
        guest.backend.set_budget(budget + 1)
        assert guest.backend.run() is Exit.BUDGET
        assert guest.backend.instructions() == budget + 1


def test_the_timer_is_exact_and_moves_with_idle_time() -> None:
    with emu(COUNT, user=True).start() as guest:
        guest.backend.skip_to(5000)
        guest.backend.skip_to(4000)
        assert guest.backend.tsc() == 5000
        guest.backend.set_timer(5100)
        assert guest.backend.run() is Exit.TIMER
        assert (guest.backend.tsc(), guest.backend.instructions()) == (5100, 100)


def test_slices_are_invisible(monkeypatch: pytest.MonkeyPatch) -> None:
    ends = []
    for size in (emu_backend.SLICE, 7, 1):
        monkeypatch.setattr(emu_backend, "SLICE", size)
        with emu(COUNT, user=True).start() as guest:
            guest.backend.set_budget(1000)
            assert guest.backend.run() is Exit.BUDGET
            ends.append((guest.backend.save_state().gpr, guest.backend.instructions()))
    assert ends[0] == ends[1] == ends[2]


@pytest.mark.parametrize(
    ("code", "retired"),
    [
        ("9090 0f0b", 2),  # nop; nop; ud2 does not retire
        ("90 488b042500200100", 1),  # nor does a load that faults
        ("90 cc", 2),  # int3 does
        ("90 e7e0", 1),  # a refused out does not
        ("b800200100 ffe0", 2),  # a jump does, the fetch behind it does not
    ],
)
def test_only_what_retires_is_counted(code: str, retired: int) -> None:
    with emu(bytes.fromhex(code), user=True) as guest:
        guest.gate(3, dpl=3)
        guest.start()
        guest.event()
        assert guest.backend.instructions() == retired + 2  # and two of the handler


def test_rdtsc_is_the_count() -> None:
    # rdtsc; mov %eax, %ebx; nop; rdtsc; sub %ebx, %eax; bell
    with emu(bytes.fromhex("0f31 89c3 90 0f31 29d8 e7e0")).start() as guest:
        guest.backend.skip_to(1000)
        assert guest.backend.run() is Exit.DOORBELL
        assert guest.backend.exit_value == 3


def test_a_kick_during_the_run_does_not_disturb_the_count() -> None:
    with emu(COUNT, user=True).start() as guest:
        stop = threading.Event()

        def kick_often() -> None:
            while not stop.wait(0.0005):
                guest.backend.kick()

        guest.backend.set_budget(3_000_000)
        thread = threading.Thread(target=kick_often)
        thread.start()
        while (reason := guest.backend.run()) is Exit.KICKED:
            pass
        stop.set()
        thread.join()
        assert reason is Exit.BUDGET
        assert guest.backend.save_state().gpr["rbx"] == 1_000_000


def test_a_halted_guest_wakes_by_an_interrupt() -> None:
    with emu(b"\xf4" + UD2) as guest:
        guest.state.rflags = INTERRUPTS_ON
        guest.start()
        guest.backend.inject(VECTOR_TIMER)
        assert guest.event().vector == VECTOR_TIMER


def test_an_interrupt_is_not_starved_by_system_calls() -> None:
    """The program's only interruptible instructions are the few around its system calls."""
    with emu(bytes.fromhex("0f05 ebfc"), user=True, entry=NOPS + b"\x48\x0f\x07") as guest:
        guest.state.sfmask = 0x200
        guest.state.rflags = INTERRUPTS_ON
        guest.start()
        guest.backend.set_budget(20)  # in the middle of the kernel's part
        assert guest.backend.run() is Exit.BUDGET
        guest.backend.set_budget(200)
        guest.backend.inject(VECTOR_TIMER)
        frame = guest.event()
        assert frame.vector == VECTOR_TIMER
        assert frame.rip in (USER_CODE, USER_CODE + 2)


def test_an_interrupt_is_not_starved_by_faults() -> None:
    """The handler of the program's only instruction returns to it at once."""
    with emu(UD2, user=True) as guest:
        guest.memory.write(0x8000 + UD * 16, NOPS[:4] + b"\x48\xcf")
        guest.state.rflags = INTERRUPTS_ON
        guest.start()
        guest.backend.set_budget(13)  # in the middle of the handler
        assert guest.backend.run() is Exit.BUDGET
        guest.backend.set_budget(200)
        guest.backend.inject(VECTOR_TIMER)
        frame = guest.event()
        assert (frame.vector, frame.rip) == (VECTOR_TIMER, USER_CODE)


# -- the same again ------------------------------------------------------------------------------


def run_noisily(seed: int) -> tuple[object, ...]:
    """A run with faults and interrupts at odd moments; everything that can be seen of it."""
    noise = random.Random(seed)
    some = b"\x50\x58\x90\xf8\xf9\x48\xff\xc0\xc3\x8b\x05\xcc\x0f\x31\xa4\xab"
    code = bytes(noise.choice(some) for _ in range(400))
    with emu(code, user=True) as guest:
        guest.state.rflags = INTERRUPTS_ON
        guest.state.gpr["rdi"] = guest.state.gpr["rsi"] = RESULT
        guest.start()
        seen: list[object] = []
        for _ in range(60):
            guest.backend.set_budget((guest.backend.instructions() or 0) + 500)
            guest.backend.set_timer(guest.backend.tsc() + 37)
            reason = guest.backend.run()
            seen.append((reason, guest.backend.exit_value, guest.backend.tsc()))
            if reason is Exit.TIMER:
                guest.backend.inject(VECTOR_TIMER)
            elif reason is not Exit.DOORBELL:
                break
        state = guest.backend.save_state()
        return (*seen, state, guest.memory.read(0, guest.memory.size))


@pytest.mark.parametrize("seed", range(4))
def test_two_runs_are_identical(seed: int) -> None:
    first, second = run_noisily(seed), run_noisily(seed)
    assert first[:-1] == second[:-1]
    assert first[-1] == second[-1]


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


# -- life ----------------------------------------------------------------------------------------


def test_what_the_host_raises_in_a_callback_comes_out_of_run() -> None:
    def interrupted(*_: int) -> bool:
        raise KeyboardInterrupt

    with emu(b"\x0f\x05", user=True).start() as guest:
        guest.backend.observer = interrupted
        with pytest.raises(KeyboardInterrupt):
            guest.backend.run()


def test_another_version_of_the_engine_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nanvix.emu.engine.VERSION", (2, 1, 5))
    memory = GuestMemory(2 << 20)
    with pytest.raises(EngineError, match=r"2, 1, 5"):
        create(memory)
    memory.close()


def test_a_missing_engine_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    memory = GuestMemory(2 << 20)
    monkeypatch.setattr("nanvix.emu.engine.sys.path", [])
    with pytest.raises(EngineError, match="pip install unicorn"):
        create(memory)
    memory.close()


def test_many_vcpus_live_side_by_side() -> None:
    guests = [emu(COUNT, user=True).start() for _ in range(8)]
    for guest in guests:
        guest.backend.set_budget(300)
        assert guest.backend.run() is Exit.BUDGET
    assert {guest.backend.save_state().gpr["rbx"] for guest in guests} == {100}
    for guest in guests:
        guest.__exit__()


def test_translate_knows_what_is_absent() -> None:
    with emu(SPIN).start() as guest:
        assert guest.backend.translate(ABSENT) is None
        assert guest.backend.translate(KERNEL_CODE) == KERNEL_CODE

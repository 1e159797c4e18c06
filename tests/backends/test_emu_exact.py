"""The emulator's own promises: exact counts, identical runs."""

import random
import threading
from typing import Any

import pytest
from backends.guests import (
    ABSENT,
    INTERRUPTS_ON,
    KERNEL_CODE,
    RESULT,
    SPIN,
    UD,
    UD2,
    USER_CODE,
    TinyGuest,
)

from nanvix.abi.layout import QUIRK_TRANSLATED, VECTOR_TIMER
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

"""Exits, interrupts, time, state and identity of a vCPU: what both backends promise the machine."""

import threading
from struct import pack

import pytest
from backends.conftest import Tiny
from backends.guests import (
    DOORBELL_LOOP,
    INTERRUPTS_ON,
    KERNEL_CODE,
    PF,
    SPARE,
    SPIN,
    UD,
    UD2,
    USER_CODE,
    TinyGuest,
)
from backends.probing import alarmed

from nanvix.abi.layout import (
    QUIRK_NO_SYSRET,
    QUIRK_SYSCALL_FAULTS,
    SEL_KERNEL_CODE,
    SEL_USER_CODE,
    SEL_USER_DATA,
    VECTOR_EVENT,
    VECTOR_TIMER,
)
from nanvix.machine.backend import Exit

BELL_0X5A = bytes.fromhex("b85a000000 e7e0")


def soon(guest: TinyGuest, ms: float) -> int:
    return guest.backend.tsc() + int(guest.backend.tsc_hz * ms / 1000)


# -- exits ---------------------------------------------------------------------------------------


def test_what_is_closed_does_not_run(tiny: Tiny) -> None:
    guest = tiny(DOORBELL_LOOP)
    with guest.start():
        assert guest.backend.run() is Exit.DOORBELL
    with pytest.raises(ValueError, match="the VM is closed"):
        guest.backend.run()


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
    with tiny(SPIN, user=True).start() as guest, alarmed(guest.backend.kick):
        assert guest.backend.run() is Exit.KICKED


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


def test_close_is_idempotent_and_survives_a_late_kick(tiny: Tiny) -> None:
    with tiny(SPIN).start() as guest:
        guest.backend.close()
        guest.backend.kick()
        guest.backend.close()

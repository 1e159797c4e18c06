"""The KVM backend's promises, on tiny guests of a few instructions."""

import threading
import time

import pytest
from backends.guests import (
    DOORBELL_LOOP,
    INTERRUPTS_ON,
    ON_SVM,
    SPIN,
    UD2,
    drop_what_may_differ,
)
from backends.probing import milliseconds, started
from support.host import linux
from support.patience import least

from nanvix.abi.layout import VECTOR_EVENT, VECTOR_TIMER
from nanvix.kvm import backend as kvm_backend
from nanvix.kvm.findings import findings
from nanvix.kvm.probe_guest import KERNEL_CODE, RESULT, USER_CODE, VECTOR_GP, VECTOR_UD, ProbeGuest
from nanvix.machine.backend import Exit

pytestmark = pytest.mark.usefixtures("kvm")

PAGING = 1 << 31


# -- exits ---------------------------------------------------------------------------------------


def test_doorbell_rings_each_time_and_goes_on_behind_the_out() -> None:
    with started(DOORBELL_LOOP) as guest:
        for _ in range(5):
            assert guest.backend.run() is Exit.DOORBELL
            assert guest.backend.exit_value == 0x1234
        state = guest.backend.save_state()
        assert (state.rip, state.gpr["rbx"]) == (KERNEL_CODE + 7, 4)
        assert guest.backend.exits == 5


def test_strange_ports_read_as_ones_and_ignore_writes() -> None:
    # eax = 0; in $0x60, %al; in $0x61, %ax; in $0x62, %eax; out %eax, $0x64; out %al, $0xE0; bell
    code = bytes.fromhex("31c0 e460 e7e0 31c0 66e561 e7e0 31c0 e562 e764 e6e0 e7e0 ebfe")
    with started(code) as guest:
        values = []
        for _ in range(3):
            assert guest.backend.run() is Exit.DOORBELL
            values.append(guest.backend.exit_value)
        assert values == [0xFF, 0xFFFF, 0xFFFF_FFFF]


def test_addresses_outside_memory_read_as_ones_and_ignore_writes() -> None:
    # mov 0x7000(page behind RAM), %eax after mapping it; store there; bell
    code = bytes.fromhex("48c704250070000000000000 48 8b04250070 0000 e7e0 ebfe")
    with started(code) as guest:
        outside = guest.memory.size + 0x10_0000
        guest.memory.write(0x4000 + 7 * 8, (outside | 3).to_bytes(8, "little"))
        assert guest.backend.run() is Exit.DOORBELL
        assert guest.backend.exit_value == 0xFFFF_FFFF


def test_an_instruction_kvm_cannot_emulate_is_an_error_that_shows_it() -> None:
    # paddb 0x7000(page behind RAM), %xmm0
    code = bytes.fromhex("660ffc042500700000")
    with started(code + UD2) as guest:
        outside = guest.memory.size + 0x10_0000
        guest.memory.write(0x4000 + 7 * 8, (outside | 3).to_bytes(8, "little"))
        assert guest.backend.run() is Exit.ERROR
        detail = guest.backend.exit_detail
        assert "cannot emulate" in detail
        if linux() < (5, 15):
            return  # it shows no data yet
        words = [int(word, 16) for word in detail.rstrip(")").split("(data ")[1].split()]
        assert b"".join(word.to_bytes(8, "little") for word in words).count(code[:4]) == 1


def test_a_guest_that_only_touches_strange_ports_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(kvm_backend, "STRAY_LIMIT", 50)
    with started(bytes.fromhex("e660 ebfc")) as guest:
        assert guest.backend.run() is Exit.ERROR
        assert "nobody serves" in guest.backend.exit_detail


def test_a_triple_fault_is_a_shutdown() -> None:
    with ProbeGuest(UD2, user=False) as guest:
        guest.state.idt_limit = 0
        guest.start()
        assert guest.backend.run() is Exit.SHUTDOWN
        if ON_SVM:  # there KVM resets the CPU, of which crash reports know
            assert not guest.backend.save_state().cr0 & PAGING


def test_halting_is_an_error() -> None:
    with started(b"\xf4" + SPIN) as guest:
        assert guest.backend.run() is Exit.ERROR
        assert "halted" in guest.backend.exit_detail


def test_a_state_no_cpu_can_have_is_an_error_not_an_exception() -> None:
    with ProbeGuest(SPIN, user=False) as guest:
        guest.state.cr0 = 1 << 31  # paging without protection
        guest.start()
        assert guest.backend.run() is Exit.ERROR
        assert guest.backend.exit_detail


# -- deadlines and kicks -------------------------------------------------------------------------


@pytest.mark.parametrize("user", [False, True])
@pytest.mark.parametrize("delay_ms", [0, 1, 20])
def test_the_timer_stops_a_spinning_guest_on_time(user: bool, delay_ms: int) -> None:
    with started(SPIN, user=user) as guest:

        def late() -> float:
            deadline = milliseconds(guest, delay_ms)
            guest.backend.set_timer(deadline)
            assert guest.backend.run() is Exit.TIMER
            after = guest.backend.tsc() - deadline
            assert after >= 0
            return after / guest.backend.tsc_hz

        assert least(late, 0.05) <= 0.05


def test_the_timer_fires_once_and_can_be_taken_back() -> None:
    with started(SPIN, user=True) as guest:
        guest.backend.set_timer(milliseconds(guest, 1))
        assert guest.backend.run() is Exit.TIMER
        guest.backend.set_timer(milliseconds(guest, 5))
        guest.backend.set_timer(None)
        kicker = threading.Timer(0.05, guest.backend.kick)
        kicker.start()
        assert guest.backend.run() is Exit.KICKED
        kicker.join()


def test_a_deadline_that_passed_between_runs_is_not_lost() -> None:
    with started(DOORBELL_LOOP) as guest:
        assert guest.backend.run() is Exit.DOORBELL
        guest.backend.set_timer(milliseconds(guest, 1))
        time.sleep(0.005)
        assert Exit.TIMER in (guest.backend.run(), guest.backend.run())


# -- interrupts ----------------------------------------------------------------------------------


@pytest.mark.parametrize("vector", [VECTOR_TIMER, VECTOR_EVENT])
def test_an_interrupt_reaches_a_spinning_program(vector: int) -> None:
    with ProbeGuest(SPIN, user=True) as guest:
        guest.state.rflags = INTERRUPTS_ON
        guest.start()
        guest.backend.inject(vector)
        guest.backend.inject(vector)
        assert guest.exception() == vector
        assert guest.frame(1) == (USER_CODE,)
        assert guest.backend.save_state().pending == frozenset()


def test_an_interrupt_waits_until_it_is_allowed() -> None:
    # bell with interrupts off; sti; nop; spin
    with started(bytes.fromhex("b801000000 e7e0 fb 90 ebfe")) as guest:
        guest.backend.inject(VECTOR_EVENT)
        assert guest.backend.run() is Exit.DOORBELL
        assert guest.backend.exit_value == 1
        assert guest.backend.save_state().pending == {VECTOR_EVENT}
        assert guest.exception() == VECTOR_EVENT


def test_the_higher_vector_comes_first_and_the_other_stays_pending() -> None:
    with ProbeGuest(SPIN, user=True) as guest:
        guest.state.rflags = INTERRUPTS_ON
        guest.start()
        guest.backend.inject(VECTOR_TIMER)
        guest.backend.inject(VECTOR_EVENT)
        assert guest.exception() == VECTOR_EVENT
        assert guest.backend.save_state().pending == {VECTOR_TIMER}


def test_a_pending_interrupt_survives_save_and_load() -> None:
    with ProbeGuest(SPIN, user=True) as guest:
        guest.state.rflags = INTERRUPTS_ON
        guest.start()
        guest.backend.inject(VECTOR_EVENT)
        state = guest.backend.save_state()
        with ProbeGuest(SPIN, user=True) as other:
            other.backend.load_state(state)
            assert other.exception() == VECTOR_EVENT


# -- state ---------------------------------------------------------------------------------------


def test_state_survives_a_round_trip() -> None:
    with ProbeGuest(DOORBELL_LOOP, user=False) as guest:
        state = guest.state
        for index, name in enumerate(state.gpr):
            state.gpr[name] = 0x1111_1111_1111_1111 * index
        state.kernel_gs_base, state.lstar = 0x1234_5000, 0xFFFF_8000_0000_1000
        state.sfmask, state.cr2 = 0x4_7700, 0xDEAD_B000
        state.segments["fs"].base = 0x7FFF_0000_1000
        state.segments["gs"].base = 0xFFFF_8000_0000_2000
        image = bytearray(state.fxsave)
        image[0:2] = b"\x7f\x02"  # FCW: 53-bit precision
        image[24:28] = b"\xa0\x5f\0\0"  # MXCSR: round up, underflow seen
        image[160:176] = bytes(range(16))  # xmm0
        image[400:416] = bytes(range(16, 32))  # xmm15
        state.fxsave = bytes(image)
        guest.start()
        saved = guest.backend.save_state()
        drop_what_may_differ(state, saved)
        assert saved == state


def test_a_guest_goes_on_elsewhere() -> None:
    with started(DOORBELL_LOOP) as guest:
        for _ in range(3):
            guest.backend.run()
        state = guest.backend.save_state()
        with ProbeGuest(DOORBELL_LOOP, user=False) as other:
            other.backend.load_state(state)
            assert other.backend.run() is Exit.DOORBELL
            assert other.backend.save_state().gpr["rbx"] == 3


def test_translate_follows_the_guest_page_tables() -> None:
    with started(DOORBELL_LOOP) as guest:
        assert guest.backend.translate(RESULT + 5) == RESULT + 5
        assert guest.backend.translate(1 << 40) is None


# -- time ----------------------------------------------------------------------------------------


def test_tsc_agrees_with_rdtsc_in_ring_3() -> None:
    if findings()["odd_tsc"]:
        return  # no clock of the host's tells what such a counter reads
    # rdtsc; 64 bits to RESULT; ud2
    code = bytes.fromhex("0f31 48c1e220 4809d0 48890425") + RESULT.to_bytes(4, "little") + UD2
    with ProbeGuest(code, user=True) as guest:
        slack = guest.backend.tsc_hz // 50_000  # 20 µs
        best = None
        for _ in range(20):
            guest.start()
            before = guest.backend.tsc()
            assert guest.exception() == VECTOR_UD
            after = guest.backend.tsc()
            assert before - slack <= guest.result() <= after + slack
            best = min(best or after - before, after - before)
        assert best is not None
        assert best < guest.backend.tsc_hz // 100


def test_tsc_hz_is_the_real_frequency() -> None:
    if findings()["odd_tsc"]:
        return
    with started(SPIN) as guest:

        def both() -> tuple[int, int]:
            """The two clocks at one moment: between a pair of looks that lie close together."""
            while True:
                before, tsc, after = time.monotonic_ns(), guest.backend.tsc(), time.monotonic_ns()
                if after - before < 50_000:
                    return before, tsc

        ns, tsc = both()
        time.sleep(0.2)
        later_ns, later = both()
        rate = (later - tsc) * 1e9 / (later_ns - ns)
        assert rate == pytest.approx(guest.backend.tsc_hz, rel=1e-3)


def test_paravirtual_msrs_are_closed() -> None:
    """KVM's clock would write guest memory without the channel's knowledge."""
    # mov $0x4b564d01, %ecx; mov $RESULT | 1, %eax; xor %edx, %edx; wrmsr; ud2
    code = bytes.fromhex("b9014d564b b8") + (RESULT | 1).to_bytes(4, "little")
    with started(code + bytes.fromhex("31d2 0f30") + UD2) as guest:
        assert guest.exception() == VECTOR_GP
        assert guest.memory.read(RESULT, 64) == bytes(64)

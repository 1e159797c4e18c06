"""Guest time: counter to nanoseconds and back."""

from hypothesis import given
from hypothesis import strategies as st

from nanvix.machine.clock import GuestClock

frequencies = st.sampled_from([1_000_000_000, 500_000_000, 2_095_078_000, 3_600_000_001])
times = st.integers(0, 1 << 60)


@given(frequencies, times, times)
def test_a_deadline_is_reached_at_its_tick_and_not_before(hz: int, base: int, ns: int) -> None:
    clock = GuestClock(hz, base)
    tick = clock.tsc(ns)
    assert clock.ns(tick) >= ns
    assert tick == base or clock.ns(tick - 1) < ns


@given(frequencies, st.integers(0, 10**15))
def test_frequency_is_right_to_a_part_in_a_million(hz: int, ticks: int) -> None:
    exact = ticks * 1_000_000_000 // hz
    assert abs(GuestClock(hz).ns(ticks) - exact) <= exact // 1_000_000 + 1


def test_virtual_clock_is_exact() -> None:
    clock = GuestClock(1_000_000_000, tsc_base=7)
    assert clock.ns(1007) == 1000
    assert clock.tsc(1000) == 1007
    assert clock.ns(3) == 0

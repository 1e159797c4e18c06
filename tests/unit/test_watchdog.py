"""The wall-clock limit bites inside its context and nowhere else."""

import time

from support.patience import least, until

from nanvix.machine.watchdog import Watchdog


def test_it_bites_once_when_time_is_up() -> None:
    bites: list[float] = []
    start = time.monotonic()
    with Watchdog(0.02, lambda: bites.append(time.monotonic() - start)):
        until(lambda: bites, "the bite")
        time.sleep(0.05)
    assert len(bites) == 1
    assert bites[0] >= 0.02


def test_it_does_not_bite_later() -> None:
    bites: list[int] = []

    def once() -> float:
        bites.clear()
        begin = time.monotonic()
        with Watchdog(0.1, lambda: bites.append(1)), Watchdog(None, lambda: bites.append(2)):
            pass
        return time.monotonic() - begin

    # On a busy machine the time may be up before the context is left.
    assert least(once, 0.09) <= 0.09
    with Watchdog(float("inf"), lambda: bites.append(3)):
        pass
    time.sleep(0.15)
    assert bites == []

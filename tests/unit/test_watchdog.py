"""The wall-clock limit bites inside its context and nowhere else."""

import time

from nanvix.machine.watchdog import Watchdog


def test_it_bites_once_when_time_is_up() -> None:
    bites: list[float] = []
    start = time.monotonic()
    with Watchdog(0.02, lambda: bites.append(time.monotonic() - start)):
        time.sleep(0.1)
    assert len(bites) == 1
    assert 0.02 <= bites[0] < 0.1


def test_it_does_not_bite_later() -> None:
    bites: list[int] = []
    with Watchdog(0.02, lambda: bites.append(1)), Watchdog(None, lambda: bites.append(2)):
        pass
    with Watchdog(float("inf"), lambda: bites.append(3)):
        pass
    time.sleep(0.05)
    assert bites == []

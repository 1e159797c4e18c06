"""For tests that have to do with time, on a machine that may have much else to do.

What other work takes away only ever makes things later and longer. So what must happen is waited
for, not slept for, and how quick something can be is told by its best time of several.
"""

import time
from collections.abc import Callable

from support.host import PATIENCE

LIMIT_S = 60.0 * PATIENCE
"""What has not happened after this long, does not."""
TRIES = 30


def until(true: Callable[[], object], what: str, limit_s: float = LIMIT_S) -> None:
    """Wait for something that comes by itself; ``what`` it is stands in the failure."""
    end = time.monotonic() + limit_s
    while not true():
        assert time.monotonic() < end, f"not in {limit_s:.0f} s: {what}"
        time.sleep(0.005)


def least(measure: Callable[[], float], enough: float, tries: int = TRIES) -> float:
    """The least of what ``measure`` finds: it is asked until that is at most ``enough``, and as
    often as ``tries`` says when it never is."""
    best = measure()
    for _ in range(tries - 1):
        if best <= enough:
            break
        best = min(best, measure())
    return best


def seconds(work: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    """How long ``work`` takes by ``clock``."""
    begin = clock()
    work()
    return clock() - begin

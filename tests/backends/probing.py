"""The guests of KVM's probes, for tests: started, measured by their own clock, and disturbed."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from nanvix.kvm.probe_guest import ProbeGuest


@contextmanager
def started(code: bytes, *, user: bool = False) -> Iterator[ProbeGuest]:
    """A guest at its first instruction."""
    with ProbeGuest(code, user=user) as guest:
        guest.start()
        yield guest


def milliseconds(guest: ProbeGuest, count: float) -> int:
    """The guest's counter so many milliseconds from now."""
    return guest.backend.tsc() + int(guest.backend.tsc_hz * count / 1000)


@contextmanager
def alarmed(action: Callable[[], object]) -> Iterator[None]:
    """A handler of SIGALRM does ``action``, some 20 ms from now."""
    old = signal.signal(signal.SIGALRM, lambda *_: action())
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.02)
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old)

"""The guests of KVM's probes, for tests: started, and measured by their own clock."""

from collections.abc import Iterator
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

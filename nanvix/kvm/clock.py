"""The guest's time-stamp counter, read from the host without asking KVM each time.

KVM tells the counter exactly but slowly (2-9 µs). The host's raw monotonic clock is the same
oscillator without corrections, so one pair of readings converts it; pairs are renewed before
rounding could add up.
"""

from __future__ import annotations

import time

from nanvix.kvm.registers import MSR_TSC

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nanvix.kvm.device.vcpu import Vcpu

NS = 1_000_000_000
RENEW_NS = 1_000_000_000
_READINGS = 3
_CALIBRATION_NS = 20_000_000


class TscClock:
    """``hz``: ticks per second of the guest's counter, by KVM or, failing that, measured."""

    __slots__ = ("_ns", "_tsc", "_vcpu", "hz")

    def __init__(self, vcpu: Vcpu) -> None:
        self._vcpu = vcpu
        self._ns = self._tsc = 0
        self.hz = self._frequency()

    def now(self) -> int:
        """The counter's value now, to within a few µs."""
        elapsed = time.clock_gettime_ns(time.CLOCK_MONOTONIC_RAW) - self._ns
        if elapsed > RENEW_NS:
            self.renew()
            elapsed = time.clock_gettime_ns(time.CLOCK_MONOTONIC_RAW) - self._ns
        return self._tsc + elapsed * self.hz // NS

    def renew(self) -> None:
        """Take a new pair of readings: needed after every change of the counter."""
        best = NS
        for _ in range(_READINGS):
            before = time.clock_gettime_ns(time.CLOCK_MONOTONIC_RAW)
            tsc = self._vcpu.msrs((MSR_TSC,))[0]
            after = time.clock_gettime_ns(time.CLOCK_MONOTONIC_RAW)
            if after - before < best:
                best = after - before
                self._ns, self._tsc = (before + after) // 2, tsc

    def set(self, tsc: int) -> None:
        """Make the guest's counter read ``tsc`` now, where the host lets us."""
        try:
            self._vcpu.shift_tsc(tsc - self._vcpu.msrs((MSR_TSC,))[0])
        except OSError:
            # Before Linux 5.16. KVM may take a value close to the old one for an attempt to
            # synchronise and keep the old one, so this is second best.
            self._vcpu.set_msrs({MSR_TSC: tsc})
        self.renew()

    def _frequency(self) -> int:
        try:
            khz = self._vcpu.tsc_khz()
        except OSError:
            khz = 0
        if khz:
            self.renew()
            return khz * 1000
        self.renew()
        ns, tsc = self._ns, self._tsc
        time.sleep(_CALIBRATION_NS / NS)
        self.renew()
        return (self._tsc - tsc) * NS // (self._ns - ns)

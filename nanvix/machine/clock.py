"""Guest time: how the time-stamp counter becomes nanoseconds, the same way on both sides.

monotonic = monotonic_base + ((tsc - tsc_base) * mult >> shift), with a 128-bit product.
"""

from __future__ import annotations

from nanvix.abi.layout import CLOCK

NANOSECONDS = 1_000_000_000
_SHIFT = 32

NEVER = 1 << 62
"""Guest deadlines from here on (146 years) mean: no deadline."""


class GuestClock:
    """The conversion of one VM. ``tsc_base`` is the counter at ``monotonic_base`` ns."""

    __slots__ = ("monotonic_base", "mult", "realtime_offset", "shift", "tsc_base")

    def __init__(
        self, tsc_hz: int, tsc_base: int = 0, realtime_ns: int = 0, monotonic_base: int = 0
    ) -> None:
        """``realtime_ns``: ns since the epoch at the moment of ``monotonic_base``."""
        if NANOSECONDS % tsc_hz == 0:
            # Exact, and no product can overflow: the emulator's counter is one of these.
            self.shift, self.mult = 0, NANOSECONDS // tsc_hz
        else:
            self.shift, self.mult = _SHIFT, (NANOSECONDS << _SHIFT) // tsc_hz
        self.tsc_base = tsc_base
        self.monotonic_base = monotonic_base
        self.realtime_offset = realtime_ns - monotonic_base

    def ns(self, tsc: int) -> int:
        """Monotonic ns at a counter value; never before ``monotonic_base``."""
        return self.monotonic_base + (max(0, tsc - self.tsc_base) * self.mult >> self.shift)

    def realtime(self, tsc: int) -> int:
        """Real time at a counter value, in ns since the epoch, if the guest has not set it."""
        return self.ns(tsc) + self.realtime_offset

    def tsc(self, ns: int) -> int:
        """The first counter value at which :meth:`ns` has reached ``ns``."""
        ticks = max(0, ns - self.monotonic_base) << self.shift
        return self.tsc_base - (-ticks // self.mult)

    def page(self, flags: int = 0, sequence: int = 0) -> bytes:
        """The clock page's record; ``flags``: see CLOCK. ``sequence``: another even
        number than before, so that a reader in the middle of the old one starts again."""
        return CLOCK.pack_fields(
            sequence=sequence,
            shift=self.shift,
            mult=self.mult,
            tsc_base=self.tsc_base,
            monotonic_base=self.monotonic_base,
            realtime_offset=self.realtime_offset,
            flags=flags,
        )

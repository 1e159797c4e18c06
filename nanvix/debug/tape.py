"""What entered the guest from outside, by instruction count: enough to run any stretch again.

Two runs of the emulator differ only by what the host does to the guest between instructions. The
tape has all of it in order, in three phases of a moment: what *arrives* with the answer to a
doorbell, what a debugger *changes* while it shows the moment, and what happens on *departure*
(interrupts, idle time).
"""

from bisect import bisect_left
from typing import NamedTuple

WRITE, INJECT, SKIP, REGISTER = range(4)
ARRIVAL, CHANGE, DEPARTURE = range(3)


class Effect(NamedTuple):
    """One thing the host did at ``moment``. WRITE: ``data`` to guest-physical ``value``; INJECT: an
    interrupt of vector ``value``; SKIP: idle time up to ``value``; REGISTER: ``name`` is ``value``.
    """

    moment: int
    phase: int
    kind: int
    value: int
    data: bytes = b""
    name: str = ""


class Tape:
    """The effects so far. ``recording``: whether :meth:`add` keeps them."""

    def __init__(self) -> None:
        self.effects: list[Effect] = []
        self.bytes = 0
        self.recording = True

    def add(self, effect: Effect) -> None:
        """Append; counts never go down."""
        if self.recording:
            self.effects.append(effect)
            self.bytes += len(effect.data) + 100

    def place(self, moment: int) -> int:
        """Index of the first effect at or after a moment."""
        return bisect_left(self.effects, moment, key=_moment)


def _moment(effect: Effect) -> int:
    return effect.moment

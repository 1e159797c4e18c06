"""The tape: what the guest's clock showed, taken from a recorded run and given to its replay.

The layout and the guest's part are those of TAPE in nanvix/abi/layout.py. Programs can write to the
page: what they put there may be what they read again, here or in the replay, and is nothing else.
"""

from collections.abc import Iterable
from struct import Struct
from typing import TYPE_CHECKING

from nanvix.abi.layout import CLOCK, CLOCK_GIVEN, CLOCK_PHYS, TAPE, TAPE_PHYS, TAPE_SLOTS
from nanvix.machine.journal import Entry, Readings

if TYPE_CHECKING:
    from nanvix.machine.memory import GuestMemory

_CURSORS = Struct("<II")
_NUMBER = Struct("<I")
_VALUE = Struct("<Q")
_HEAD_AT = TAPE_PHYS + TAPE.offsets["head"]
_TAIL_AT = TAPE_PHYS + TAPE.offsets["tail"]
_VALUES_AT = TAPE_PHYS + TAPE.offsets["values"]
_FLAGS_AT = CLOCK_PHYS + CLOCK.offsets["flags"]
_U32 = (1 << 32) - 1


class Tape:
    """The tape page in ``memory``."""

    __slots__ = ("_memory", "_tail")

    def __init__(self, memory: "GuestMemory") -> None:
        self._memory = memory
        self._tail = 0

    def head(self) -> int:
        """How many readings have begun, modulo 2**32."""
        return int(_NUMBER.unpack_from(self._memory.view, _HEAD_AT)[0])

    def take(self, tsc: int) -> Readings | None:
        """What was read since the last time, for a journal; None for nothing.

        A slot that is still to be filled, by a program that was interrupted, stays for the next
        time, and so does what is behind it.
        """
        view = self._memory.view
        head, first = self.head(), self._tail
        count = head - first & _U32
        if not count:
            return None
        taken = min(count, TAPE_SLOTS)
        values = []
        for number in range(first, first + taken):
            at = _VALUES_AT + number % TAPE_SLOTS * 8
            value = _VALUE.unpack_from(view, at)[0]
            if not value:
                break
            _VALUE.pack_into(view, at, 0)
            values.append(value)
        # Readings that found no room are behind those that did.
        whole = count > TAPE_SLOTS and len(values) == TAPE_SLOTS
        self._tail = head if whole else first + len(values) & _U32
        _NUMBER.pack_into(view, _TAIL_AT, self._tail)
        return Readings(tsc, head, first, self._tail, tuple(values))

    def give(self, coming: Iterable[Entry]) -> None:
        """Have the guest read next what is in these entries."""
        view = self._memory.view
        flags = int(_VALUE.unpack_from(view, _FLAGS_AT)[0])
        _VALUE.pack_into(view, _FLAGS_AT, flags | CLOCK_GIVEN)
        for slot in range(TAPE_SLOTS):
            _VALUE.pack_into(view, _VALUES_AT + slot * 8, 0)
        for readings in coming:
            if isinstance(readings, Readings):
                for number, value in enumerate(readings.values, readings.first):
                    _VALUE.pack_into(view, _VALUES_AT + number % TAPE_SLOTS * 8, value)
                if readings.tail == readings.head:
                    break  # else one that had begun shows in the entry behind

    def settle(self, readings: Readings) -> bool:
        """The guest should have read these by now: whether it has, and no more."""
        _NUMBER.pack_into(self._memory.view, _TAIL_AT, readings.tail)
        return self.head() == readings.head

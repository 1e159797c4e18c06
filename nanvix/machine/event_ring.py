"""Host to guest: the event ring in the control page.

The host's cursor lives here and is only copied out; the guest's is read and distrusted. A
guest that never reads its events, or lies about it, has a full ring and harms only itself:
what does not fit waits with its owner.
"""

from __future__ import annotations

from struct import Struct

from nanvix.abi.layout import CONTROL, CONTROL_PHYS, EVENT, EVENT_SLOTS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nanvix.machine.memory import GuestMemory

_CURSOR = Struct("<I")
_HEAD_AT = CONTROL_PHYS + CONTROL.offsets["event_head"]
_TAIL_AT = CONTROL_PHYS + CONTROL.offsets["event_tail"]
_SLOTS_AT = CONTROL_PHYS + CONTROL.size
_MASK = 0xFFFF_FFFF


class EventRing:
    """Appends :data:`nanvix.abi.layout.EVENT` entries for the guest. ``tail``: how many so far."""

    __slots__ = ("_view", "tail")

    def __init__(self, memory: GuestMemory) -> None:
        self._view = memory.view
        self.tail = 0

    def unread(self) -> int:
        """Entries the guest has not consumed; EVENT_SLOTS (full) when its cursor is garbage."""
        head: int = _CURSOR.unpack_from(self._view, _HEAD_AT)[0]
        return min(self.tail - head & _MASK, EVENT_SLOTS)

    def append(self, kind: int, value: int, cookie: int = 0) -> bool:
        """Add one event; False when the ring is full."""
        if self.unread() >= EVENT_SLOTS:
            return False
        slot = _SLOTS_AT + self.tail % EVENT_SLOTS * EVENT.size
        EVENT.codec.pack_into(self._view, slot, kind, value & _MASK, cookie)
        self.tail = self.tail + 1 & _MASK
        _CURSOR.pack_into(self._view, _TAIL_AT, self.tail)
        return True

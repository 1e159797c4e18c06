"""What the world has for the guest: signals, ready descriptors, a debugger's wish to stop."""

from __future__ import annotations

from nanvix.abi.layout import EVENT_DEBUG, EVENT_READY, EVENT_SIGNAL
from nanvix.machine.event_ring import EventRing
from nanvix.machine.idle import Waker, ready

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nanvix.abi.call import WatchTable
    from nanvix.machine.memory import GuestMemory

SIGNALS = 128
"""More than there are signals: posted ones are kept as numbers, thread * SIGNALS + signal."""

Event = tuple[int, int, int]
"""Kind (EVENT_*), value and cookie, as the ring has them."""


class Inbox:
    """Keeps what has come until it fits into the guest's event ring.

    ``signals``: posted and not taken yet. ``asked``: a debugger wants the kernel to stop.
    ``waker`` ends an idle guest's wait.
    """

    def __init__(self, memory: GuestMemory, watches: WatchTable) -> None:
        self.ring = EventRing(memory)
        self.waker = Waker()
        self.signals: set[int] = set()
        self.asked = False
        self._watches = watches

    def post(self, signo: int, tid: int) -> None:
        """A signal for a thread, or the foreground group (0); safe in a signal handler.

        The same signal posted again before the guest has taken it is one signal.
        """
        self.signals.add(tid * SIGNALS + signo)

    def deliver(self) -> list[Event]:
        """Move what has come into the ring; what finds no room stays. The events that went in."""
        fresh: list[Event] = []
        self._fill(fresh)
        return fresh

    def _fill(self, fresh: list[Event]) -> None:
        append = self.ring.append
        if self.asked and append(EVENT_DEBUG, 0):
            self.asked = False
            fresh.append((EVENT_DEBUG, 0, 0))
        while self.signals:
            posted = self.signals.pop()
            tid, signo = divmod(posted, SIGNALS)
            if not append(EVENT_SIGNAL, signo, tid):
                self.signals.add(posted)
                return
            fresh.append((EVENT_SIGNAL, signo, tid))
        if self._watches.pending:
            for watch, bits in ready(self._watches):
                if not append(EVENT_READY, bits, watch.cookie):
                    return
                self._watches.drop(watch.cookie)
                fresh.append((EVENT_READY, bits, watch.cookie))

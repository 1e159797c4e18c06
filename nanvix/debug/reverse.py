"""Looking for the last of something: history, stretch by stretch, from the end.

Every stretch between two checkpoints is run again with hooks that note and never stop; the first
stretch from the end that has a hit has the answer.
"""

from typing import TYPE_CHECKING

from nanvix.debug.hits import Hit
from nanvix.debug.probe import Plan
from nanvix.emu.layout import CALL

if TYPE_CHECKING:
    from collections.abc import Callable

    from nanvix.debug.search import Search
    from nanvix.debug.timeline import Timeline
    from nanvix.debug.view import View


def last_hit(
    timeline: "Timeline",
    make: "Callable[[int], Search | EntrySearch]",
    pages: set[int] | None = None,
    floor: int = 0,
) -> Hit | None:
    """The last hit of the plans ``make`` makes (told the end of each stretch) before the moment
    shown, or None. ``pages``: the physical pages that matter, if nothing else does: stretches
    that have not changed them are left out. ``floor``: hits up to it do not count.
    The moment shown afterwards is not defined."""
    end = timeline.position
    first = True
    while end > max(timeline.start, floor):
        start = timeline.checkpoint_before(end)
        if first or pages is None or timeline.written_between(pages, start, end):
            timeline.go(start)
            plan = make(end)
            timeline.forward(plan, end)
            if timeline.machine.pause_wanted:
                return None
            if plan.hit is not None:
                return plan.hit if plan.hit.moment > floor or not floor else None
        first = False
        end = start
    return None


class EntrySearch(Plan):
    """Notes the last moment before ``before`` at which thread ``tid`` was in user mode and then
    entered the kernel."""

    def __init__(self, view: "View", tid: int, before: int) -> None:
        super().__init__()
        self._view = view
        self._tid = tid
        self._before = before
        self.entries = True
        self.hit: Hit | None = None

    def on_entry(self, kind: int, code: int, rip: int, count: int) -> bool:
        """See :class:`Plan`."""
        if self._view.kernel.ids()[1] != self._tid:
            return False
        moment = count - 1 if kind == CALL else count
        if moment < self._before and (kind == CALL or self._view.registers.user):
            self.hit = Hit(moment, "step", ())
        return False

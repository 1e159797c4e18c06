"""Verbs that go back: to an earlier moment, found by looking through what has run."""

from collections.abc import Callable, Iterable, Sequence

from nanvix.abi.layout import PAGE_SIZE
from nanvix.debug.control import Control
from nanvix.debug.errors import DebugError
from nanvix.debug.hits import Hit, Test
from nanvix.debug.points import Access, Point, Stop, Watchpoint
from nanvix.debug.reverse import EntrySearch, last_hit
from nanvix.debug.search import Search

RETRIES = 64
"""How often an instruction may be interrupted before a verb gives up."""


class Backward(Control):
    """``_bottom``: the moment at which going back ends."""

    _bottom = 0

    def run_back(self) -> Stop:
        """Go back to the last hit of a point, or to the start of history. A watchpoint's moment
        is the one before the access: its instruction is the next to run."""
        return self._back(self.points, {})

    def step_back(self, *, kernel: bool = False) -> Stop:
        """Undo one instruction; see :meth:`step`."""
        registers = self._view.registers
        user, tid, rip = registers.user, self._view.kernel.ids()[1], registers.rip
        floor = self._floor(self.moment)
        for _ in range(RETRIES):
            if self.moment <= floor:
                return self._stop("start of history")
            self.timeline.go(self.moment - 1)
            if kernel or not user or registers.user:
                return self._stop("step")
            hit = last_hit(self.timeline, lambda before: EntrySearch(self._view, tid, before))
            if hit is None:
                return self._stop("start of history")
            self.timeline.go(hit.moment)
            if registers.rip != rip:
                break
        return self._stop("step")

    def over_back(self) -> Stop:
        """Undo one instruction, a called function as part of it."""
        here, registers = self.moment, self._view.registers
        rip, sp, tid = registers.rip, registers["rsp"], self._view.kernel.ids()[1]
        stop = self.step_back()
        if stop.reason != "step" or self._kind() != "ret":
            return stop
        calls = self._calls_ending_at(rip)
        self.timeline.go(here)
        return self._back([], {at: self._frame_test(sp, tid, "step") for at in calls})

    def out_back(self) -> Stop:
        """Go back to the call of the current function."""
        target, sp = self._return_place()
        tid = self._view.kernel.ids()[1]
        calls = self._calls_ending_at(target)
        if not calls:
            raise DebugError("the caller of this function is not known")
        return self._back([], {at: self._frame_test(sp, tid, "return") for at in calls})

    def to_user_back(self) -> Stop:
        """Go back to the last moment in user mode before the thread entered the kernel."""
        tid = self._view.kernel.ids()[1]

        def entry(floor: int) -> Hit | None:
            return last_hit(
                self.timeline, lambda before: EntrySearch(self._view, tid, before), None, floor
            )

        stop = self._go_to(entry)
        return stop._replace(reason="user") if stop.reason == "step" else stop

    def last_write(self, what: int | str, size: int | None = None) -> Access | None:
        """Who last wrote these bytes before the moment shown; None when nobody has since the
        start. Nothing is shown but the moment we are at; go to ``access.moment - 1`` to see it.
        Raises DebugError where a pause ends it before that is known."""
        address, size, _ = self._place(what, size)
        here = self.moment
        point = Watchpoint(0, address, size, "write", False, pid=self._view.kernel.ids()[0])
        self.machine.pause_wanted = False
        try:
            hit = self._last([point], {}, self._floor(here))
            stopped = self.machine.pause_wanted
        finally:
            self.machine.pause_wanted = False
            self.timeline.go(here)
        if stopped:
            raise DebugError("stopped before it was found who wrote there")
        return hit.access if hit is not None else None

    def _back(self, points: Sequence[Point], once: dict[int, Test]) -> Stop:
        return self._go_to(lambda floor: self._last(points, once, floor))

    def _go_to(self, find: Callable[[int], Hit | None]) -> Stop:
        """Show what ``find``, told where going back ends, has found; stay here after a pause."""
        self.machine.pause_wanted = False
        here = self.moment
        floor = self._floor(here)
        hit = find(floor)
        if self.machine.pause_wanted:
            self.machine.pause_wanted = False
            self.timeline.go(here)
            return self._stop("pause")
        if hit is None:
            self.timeline.go(floor)
            return self._stop("start of history")
        self.timeline.go(hit.moment - (hit.access is not None))
        return self._report(hit)

    def _last(self, points: Sequence[Point], once: dict[int, Test], floor: int) -> Hit | None:
        here = self.moment
        pages = self._watched_pages(points) if not once else None

        def search(before: int) -> Search:
            return Search(self._view, points, here=-1, before=here, once=once, crashes=not once)

        return last_hit(self.timeline, search, pages, floor)

    def _watched_pages(self, points: Iterable[Point]) -> set[int] | None:
        """The physical pages that watchpoints for writing watch; None when anything else is
        watched for."""
        pages: set[int] = set()
        for point in points:
            if not point.enabled:
                continue
            if not isinstance(point, Watchpoint) or point.access not in ("write", "change"):
                return None
            space = self._view.space(point.pid)
            for offset in range(point.size):
                address = point.address + offset
                if not point.physical:
                    found = space.translate(address) if space is not None else None
                    if found is None:
                        return None
                    address = found
                pages.add(address // PAGE_SIZE)
        return pages

    def _floor(self, here: int) -> int:
        """Where going back ends: the program's first instruction, or before it the boot."""
        return self._bottom if here >= self._bottom else self.timeline.start

    def step_line_back(self, *, over: bool = False) -> Stop:
        """Back to the beginning of the line before; see :meth:`step_line`."""
        step = self.over_back if over else self.step_back
        stop = self._by_line(step)
        line = self.line()
        while stop.reason in ("step", "line") and line is not None:
            here = self.moment
            stop = step()
            if stop.reason != "step" or self.line() != line:
                return self.go(here)._replace(reason="line")
        return stop

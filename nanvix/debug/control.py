"""What all verbs of a debugger need: where it is, its points, running until something is found."""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from nanvix.debug.errors import DebugError
from nanvix.debug.events import Event, EventLog
from nanvix.debug.hits import Hit, Test
from nanvix.debug.inspect import Inspector
from nanvix.debug.points import Access, Breakpoint, Catchpoint, Point, Stop, Watchpoint
from nanvix.debug.search import Search
from nanvix.debug.timeline import Timeline
from nanvix.machine.describe import ended

if TYPE_CHECKING:
    from nanvix.guest.mounts import Mount
    from nanvix.machine.outcome import Outcome

RECORDED = "recorded"
"""Why a recording ends that was made of a guest that had not ended."""
ENDS = {
    "exit": "exit", "signal": "killed", "panic": "panic", "shutdown": "shutdown",
    RECORDED: "end of recording",
}  # fmt: skip
"""What a stop is called by the outcome of a run; all others are errors."""
_MAX_LINE = 100_000
"""Instructions of one source line before a verb gives up."""
_P = TypeVar("_P", bound=Point)


class Control(Inspector):
    """``timeline``: of the guest; ``log``: of its events; ``wait``: whether verbs wait while the
    guest is idle. ``last``: the latest stop."""

    def __init__(
        self, timeline: Timeline, log: EventLog, mounts: "Iterable[Mount]", wait: bool
    ) -> None:
        super().__init__(timeline, mounts)
        self.timeline = timeline
        self.machine = timeline.machine
        self.wait = wait
        self._log = log
        self._points: dict[int, Point] = {}
        self._number = 0
        self._seen: tuple[int, int] | None = None
        self._again = False
        self.last = self._stop("start")

    # -- where we are ------------------------------------------------------------------------

    @property
    def moment(self) -> int:
        """The moment shown: instructions retired."""
        return self.timeline.position

    @property
    def frontier(self) -> int:
        """The last moment that has been seen."""
        return self.timeline.frontier

    @property
    def version(self) -> int:
        """Another number whenever what is shown is another moment."""
        return self.timeline.position

    @property
    def live(self) -> bool:
        """Whether the moment shown is the last that has been seen."""
        return self.timeline.live

    @property
    def lacks(self) -> dict[str, str]:
        """What cannot be done here, and why: nothing, but to go to where one is."""
        return {"move": "this is the emulator"}

    @property
    def ended(self) -> bool:
        """Whether the guest has ended (at the frontier)."""
        return self.timeline.ended

    @property
    def outcome(self) -> "Outcome | None":
        """How the guest has ended at the frontier, whichever moment is shown; None if not yet."""
        return self.timeline.end

    def events(self, start: int = 0, end: int | None = None) -> list[Event]:
        """The log between two moments, by default all of it."""
        return self._log.all() if end is None and not start else self._log.between(
            start, self.frontier + 1 if end is None else end
        )  # fmt: skip

    def events_from(self, number: int) -> list[Event]:
        """The log from its event ``number`` on: for those who have the ones before."""
        return self._log.rest(number)

    def pause(self) -> None:
        """Let the verb that is running stop soon; from any thread or signal handler."""
        self.machine.want_pause()

    def glance(self) -> None:
        """Let the listener of :meth:`progress` be called soon, even if the guest sleeps; from any
        thread."""
        self.machine.glance()

    def progress(self, listener: Callable[[int], None] | None) -> None:
        """Tell ``listener`` the moments passed during long verbs; it must be quick."""
        self.timeline.progress = listener

    # -- points ------------------------------------------------------------------------------

    def breakpoint(self, where: int | str, **options: Any) -> Breakpoint:
        """Stop before the instruction at an address, symbol, symbol+offset or file:line.

        ``condition``, ``pid``, ``tid``, ``ignore``, ``temporary``: see Point.
        """
        if isinstance(where, str):
            self._view.resolve(where)
        return self._add(Breakpoint(self._next_number(), where, **options))

    def watch(
        self, what: int | str, size: int | None = None, access: str = "change",
        *, physical: bool = False, **options: Any,
    ) -> Watchpoint:  # fmt: skip
        """Stop behind an instruction that touches memory: an address, or an expression whose
        value lies in memory. ``access``: write, read, access, change."""
        address, size, known = self._place(what, size)
        if not physical:
            options.setdefault("pid", self._view.kernel.ids()[0])
        return self._add(
            Watchpoint(self._next_number(), address, size, access, physical, **known, **options)
        )

    def catch(self, event: str, *names: str, **options: Any) -> Catchpoint:
        """Stop at an event: syscall, return (of a call), hypercall, signal, fork, exec, exit,
        fault, user (any return to user mode); of these names, or all."""
        return self._add(Catchpoint(self._next_number(), event, names, **options))

    @property
    def points(self) -> list[Point]:
        """All points, by number."""
        return list(self._points.values())

    def delete(self, number: int) -> None:
        """Remove a point. Raises DebugError when there is none of this number."""
        if self._points.pop(number, None) is None:
            raise DebugError(f"there is no point {number}")

    def _next_number(self) -> int:
        self._number += 1
        return self._number

    def _add(self, point: _P) -> _P:
        self._points[point.number] = point
        return point

    def go(self, moment: int) -> Stop:
        """Show any moment: one seen before, or one to come. Points are passed over."""
        if moment > self.frontier:
            return self._forward(Search(self._view, [], here=self.moment, crashes=False), moment)
        self.machine.pause_wanted = False
        self.timeline.go(max(moment, self.timeline.start))
        return self._stop("moment")

    # -- running -----------------------------------------------------------------------------

    def _search(
        self,
        *,
        extra: Sequence[Point] = (),
        once: dict[int, Test] | None = None,
        to_user: bool = False,
        to_user_of: int | None = None,
        skip_crash: int | None = None,
    ) -> Stop:
        search = Search(
            self._view,
            [*self.points, *extra],
            here=self.moment,
            once=once,
            to_user=to_user or to_user_of is not None,
            user_tid=to_user_of,
            skip_crash=self.moment if skip_crash is None else skip_crash,
            again=self._again,
        )
        self._again = False
        return self._forward(search)

    def _forward(self, search: Search, target: int | None = None) -> Stop:
        machine, timeline = self.machine, self.timeline
        machine.pause_wanted = False
        idle = False
        while (wait := timeline.forward(search, target)) is not None:
            if not self.wait:
                idle = True
                break
            wait.block()
        self._log.catch_up() if timeline.live else None
        hit = search.hit
        self._seen = (hit.moment, timeline.frontier) if hit is not None and timeline.live else None
        if hit is not None:
            if hit.moment != timeline.position or search.unsettled:
                timeline.go(hit.moment)
            return self._report(hit)
        if timeline.end is not None and timeline.live:
            reason = ENDS.get(timeline.end.reason, "error")
            detail = timeline.end.detail or ended(timeline.end.status)
            return self._stop(reason, detail)
        if machine.pause_wanted:
            machine.pause_wanted = False
            return self._stop("pause")
        return self._stop("idle" if idle else "moment")

    def _renew(self) -> None:
        """Be at the frontier, where the guest has gone on only to find out why it stops here: at
        faults, which one may want to mend, and at calls."""
        if not self.live and self._seen == (self.moment, self.frontier):
            self.timeline.cut()
            self._log.cut(self.machine.backend.tsc())

    def _report(self, hit: Hit) -> Stop:
        for number in hit.points:
            point = self._points.get(number)
            if point is not None and point.temporary:
                del self._points[number]
        points = tuple(number for number in hit.points if number)
        return self._stop(hit.reason, hit.detail, points, hit.access)

    def _stop(
        self,
        reason: str,
        detail: str = "",
        points: tuple[int, ...] = (),
        access: Access | None = None,
    ) -> Stop:
        pid, tid = self._view.kernel.ids()
        rip = self._view.registers.rip
        self.last = Stop(reason, self.moment, pid, tid, rip, detail, points, access)
        return self.last

    def _by_line(self, step: Callable[[], Stop]) -> Stop:
        start = self.line()
        for _ in range(_MAX_LINE):
            stop = step()
            line = self.line()
            if stop.reason != "step" or start is None:
                return stop
            if line is not None and line != start:
                return stop._replace(reason="line")
        return self.last

    def _until(self, address: int, sp: int, tid: int, reason: str = "step") -> Stop:
        return self._search(once={address: self._frame_test(sp, tid, reason)})

    def _frame_test(self, sp: int, tid: int, reason: str) -> Test:
        registers, ids = self._view.registers, self._view.kernel.ids

        def test(count: int) -> Hit | None:
            if registers["rsp"] != sp or ids()[1] != tid:
                return None
            return Hit(count, reason, ())

        return test

"""The debugger: start a program, stop it anywhere, look, and go back.

    with Debugger(["./a.out"]) as debugger:
        debugger.breakpoint("main")
        stop = debugger.run()
        debugger.step_back()

Every verb returns a :class:`~nanvix.debug.points.Stop`; what is shown always belongs to the moment
of the last one. Not thread-safe, but for :meth:`Debugger.pause`.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from nanvix.debug.errors import DebugError
from nanvix.debug.events import Event, EventLog
from nanvix.debug.inspect import Inspector
from nanvix.debug.points import Access, Breakpoint, Catchpoint, Point, Stop, Watchpoint
from nanvix.debug.reverse import EntrySearch, last_hit
from nanvix.debug.search import Hit, Search, Test
from nanvix.debug.session import open_recording, open_session
from nanvix.debug.timeline import BUDGET, Timeline
from nanvix.trace.recording import Recording

if TYPE_CHECKING:
    from nanvix.debug.live import LiveMachine
    from nanvix.guest.mounts import Mount

_ENDS = {"exit": "exit", "signal": "killed", "panic": "panic", "shutdown": "shutdown"}
_RETRIES = 64
_MAX_LINE = 100_000
"""Instructions of one source line before a verb gives up."""
_P = TypeVar("_P", bound=Point)
Stdio = tuple[int | None, int | None, int | None]


class Debugger(Inspector):
    """One guest on the emulator, under control. A context manager.

    ``argv``: the program, or a recording of one (nanvix.trace.recording.load), which is then all
    the host there is and has no event log of its own. ``stdio``: the host descriptors behind its
    standard streams. ``start``: "program" runs to its first instruction, "boot" stays at the
    kernel's; going back ends there. ``memory_budget``: bytes for checkpoints. ``wait``: whether
    verbs wait while the guest is idle (False: they stop with ``idle``). Other ``settings`` are a
    Sandbox's: memory, env, directory, mounts, seed, ...

    Raises NanvixError as a Sandbox does.
    """

    def __init__(
        self,
        argv: Sequence[str] | Recording,
        *,
        stdio: Stdio = (0, 1, 2),
        start: str = "program",
        memory_budget: int = BUDGET,
        wait: bool = True,
        **settings: Any,
    ) -> None:
        self.recording: Recording | None = None
        self.argv: list[str]
        if isinstance(argv, Recording):
            self.recording, self.argv = argv, argv.header.argv
        else:
            self.argv = list(argv)
        self.wait = wait
        self._stack = ExitStack()
        try:
            mounts: Iterable[Mount] = settings.get("mounts", ())
            self._log = EventLog()
            self.machine = self._open(stdio, settings)
            self._log.machine = self.machine
            self.timeline = Timeline(self.machine, memory_budget)
            self._stack.callback(self.timeline.close)
            super().__init__(self.timeline, mounts)
        except BaseException:
            self._stack.close()
            raise
        self._points: dict[int, Point] = {}
        self._bottom = self.timeline.start
        self._number = 0
        self.last = self._stop("start")
        if start == "program":
            self.last = self.to_user()._replace(reason="start")
            self._bottom = self.moment

    def _open(self, stdio: Stdio, settings: dict[str, Any]) -> "LiveMachine":
        if self.recording is not None:
            return open_recording(self.recording, self._stack)
        return open_session(self.argv, stdio, self._stack, events=self._log, **settings)[0]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the guest and release everything; idempotent."""
        self._stack.close()

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
    def ended(self) -> bool:
        """Whether the guest has ended (at the frontier)."""
        return self.timeline.ended

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
        address, size = self._place(what, size)
        if not physical:
            options.setdefault("pid", self._view.kernel.ids()[0])
        return self._add(
            Watchpoint(self._next_number(), address, size, access, physical, **options)
        )

    def catch(self, event: str, *names: str, **options: Any) -> Catchpoint:
        """Stop at an event: syscall, return (of a call), hypercall, signal, exec, exit, fault,
        user (any return to user mode); of these names, or all."""
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

    # -- forward -----------------------------------------------------------------------------

    def run(self) -> Stop:
        """Run on to the next hit of a point, or the end."""
        return self._search()

    def run_to(self, where: int | str) -> Stop:
        """Run to a place, or to a point before it."""
        point = Breakpoint(0, where)
        if isinstance(where, str) and not self._view.resolve(where):
            raise DebugError(f"{where!r} is not known here")
        return self._search(extra=[point])

    def go(self, moment: int) -> Stop:
        """Show any moment: one seen before, or one to come. Points are passed over."""
        if moment > self.frontier:
            return self._forward(Search(self._view, [], here=self.moment, crashes=False), moment)
        self.machine.pause_wanted = False
        self.timeline.go(max(moment, self.timeline.start))
        return self._stop("moment")

    def to_user(self) -> Stop:
        """Run until a program runs in user mode, right behind the kernel's return to it."""
        return self._search(to_user=True)

    def step(self, *, kernel: bool = False) -> Stop:
        """One instruction. In a program the kernel's work counts as none, unless ``kernel``."""
        registers, here = self._view.registers, self.moment
        user, tid, rip = registers.user, self._view.kernel.ids()[1], registers.rip
        syscall = user and self._kind() == "syscall"
        for _ in range(_RETRIES):
            search = Search(self._view, [], here=self.moment, skip_crash=here)
            stop = self._forward(search, self.moment + 1)
            if stop.reason != "moment":
                return stop
            if kernel or not user or registers.user:
                return stop._replace(reason="step")
            stop = self._search(to_user_of=tid, skip_crash=here)
            # After a page fault or an interrupt the instruction is still to come.
            if stop.reason != "user" or syscall or registers.rip != rip:
                return stop._replace(reason="step") if stop.reason == "user" else stop
        return self._stop("step")

    def step_thread(self, tid: int) -> Stop:
        """One instruction of a thread in user mode; others run until it is its turn."""
        if self._view.registers.user and self._view.kernel.ids()[1] == tid:
            return self.step()
        stop = self._search(to_user_of=tid)
        return stop._replace(reason="step") if stop.reason == "user" else stop

    def over(self) -> Stop:
        """One instruction, a called function as part of it."""
        if self._kind() == "":
            return self.step()
        item = self.instruction()
        if item.kind != "call" and not item.mnemonic.startswith("rep"):
            return self.step()
        sp, tid = self._view.registers["rsp"], self._view.kernel.ids()[1]
        return self._until(item.address + item.size, sp, tid)

    def out(self) -> Stop:
        """Run until the current function has returned."""
        target, sp = self._return_place()
        return self._until(target, sp, self._view.kernel.ids()[1], "return")

    def step_line(self, *, over: bool = False) -> Stop:
        """To the beginning of another source line: into called functions that have lines, or
        ``over`` all. Without debug information, one instruction."""
        return self._by_line(lambda: self._over_or_into(over))

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

    def _over_or_into(self, over: bool) -> Stop:
        if over or self._kind() != "call":
            return self.over()
        before = self.moment
        stop = self.step()
        if stop.reason == "step" and self.line() is None:
            self.timeline.go(before)
            return self.over()
        return stop

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

    # -- back --------------------------------------------------------------------------------

    def run_back(self) -> Stop:
        """Go back to the last hit of a point, or to the start of history. A watchpoint's moment
        is the one before the access: its instruction is the next to run."""
        return self._back(self.points, {})

    def step_back(self, *, kernel: bool = False) -> Stop:
        """Undo one instruction; see :meth:`step`."""
        registers = self._view.registers
        user, tid, rip = registers.user, self._view.kernel.ids()[1], registers.rip
        floor = self._floor(self.moment)
        for _ in range(_RETRIES):
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
        self.machine.pause_wanted = False
        here, tid = self.moment, self._view.kernel.ids()[1]
        hit = last_hit(self.timeline, lambda before: EntrySearch(self._view, tid, before))
        if self.machine.pause_wanted:
            self.machine.pause_wanted = False
            self.timeline.go(here)
            return self._stop("pause")
        if hit is None:
            self.timeline.go(self.timeline.start)
            return self._stop("start of history")
        self.timeline.go(hit.moment)
        return self._stop("user")

    def last_write(self, what: int | str, size: int | None = None) -> Access | None:
        """Who last wrote these bytes before the moment shown; None when nobody has since the
        start. Nothing is shown but the moment we are at; go to ``access.moment - 1`` to see it."""
        address, size = self._place(what, size)
        here = self.moment
        point = Watchpoint(0, address, size, "write", False, pid=self._view.kernel.ids()[0])
        try:
            hit = self._last([point], {})
        finally:
            self.timeline.go(here)
        return hit.access if hit is not None else None

    def _back(self, points: Sequence[Point], once: dict[int, Test]) -> Stop:
        here = self.moment
        hit = self._last(points, once)
        if self.machine.pause_wanted:
            self.timeline.machine.pause_wanted = False
            self.timeline.go(here)
            return self._stop("pause")
        if hit is None:
            self.timeline.go(self._floor(here))
            return self._stop("start of history")
        self.timeline.go(hit.moment - (hit.access is not None))
        return self._report(hit)

    def _last(self, points: Sequence[Point], once: dict[int, Test]) -> Hit | None:
        self.machine.pause_wanted = False
        here = self.moment
        pages = self._watched_pages(points) if not once else None

        def search(before: int) -> Search:
            return Search(self._view, points, here=-1, before=here, once=once, crashes=not once)

        return last_hit(self.timeline, search, pages, self._floor(here))

    def _floor(self, here: int) -> int:
        """Where going back ends: the program's first instruction, or before it the boot."""
        return self._bottom if here >= self._bottom else self.timeline.start

    # -- changing ----------------------------------------------------------------------------

    def write_memory(self, address: int, data: bytes, *, pid: int | None = None) -> None:
        """Write linear memory at the frontier. Raises DebugError elsewhere or when not mapped."""
        space = self._view.space(pid)
        pieces = space.pieces(address, len(data)) if space is not None else []
        if sum(size for _, size in pieces) < len(data):
            raise DebugError(f"memory at {address:#x} is not mapped")
        for physical, size in pieces:
            self.timeline.write(physical, data[:size])
            data = data[size:]

    def set_register(self, name: str, value: int) -> None:
        """Set a general register, rip or rflags of the running thread, at the frontier."""
        self.timeline.set_register(name, value)

    def signal(self, number: int) -> None:
        """Send a signal to the guest's foreground, as the terminal does."""
        self.machine.post_signal(number)

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
        )
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
        if hit is not None:
            if hit.moment != timeline.position or search.unsettled:
                timeline.go(hit.moment)
            return self._report(hit)
        if machine.outcome is not None and timeline.live:
            reason = _ENDS.get(machine.outcome.reason, "error")
            detail = machine.outcome.detail or f"wait status {machine.outcome.status:#x}"
            return self._stop(reason, detail)
        if machine.pause_wanted:
            machine.pause_wanted = False
            return self._stop("pause")
        return self._stop("idle" if idle else "moment")

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

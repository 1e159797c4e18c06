"""The thread that owns the debugger: jobs go in, views come out.

All of the debugger is used on this one thread, so nothing needs a lock and the screen never waits.
While a job runs long, what it passes is shown up to ten times a second.
"""

import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from traceback import format_exc
from typing import TYPE_CHECKING, Any, cast

from nanvix.errors import NanvixError
from nanvix.tui import rows
from nanvix.tui.events import Events
from nanvix.tui.stdio import GuestTerminal
from nanvix.tui.view import Focus, LogRow, Status
from nanvix.tui.viewer import Viewer

if TYPE_CHECKING:
    from socket import socket

    from nanvix.debug.debugger import Debugger
    from nanvix.debug.gdb.beside import Beside
    from nanvix.debug.gdb.processes import Guest
    from nanvix.debug.points import Stop
    from nanvix.debug.present import Present

Job = Callable[["Debugger"], "Stop | str | None"]
"""What a guest on KVM cannot do is not asked of it: actions say what they need."""
Start = Callable[[tuple[int, int, int]], "Debugger | Present"]
REFRESH_S = 0.08
_SILENT_S = 0.3
_SWITCH_S = 0.0005
_SHARE = 8
"""A running guest runs as many times as long as it took to look at it last, but is looked at
again after ``_RAREST_S`` at the latest: the first look may have read much that is known now."""
_RAREST_S = 0.5
_PATIENCE_S = 1.0
"""How long gdb waits for the guest to be at rest: it loses patience itself after two seconds."""
BUSY = b"E.the guest is running: the screen let it go"


class Session:
    """Starts the guest on its own thread. ``start``: makes the debugger over these descriptors.
    ``gdb``: listens for a gdb, which shares the debugger.

    The guest may start before there is a screen: what it has to say waits for :meth:`listen`.
    """

    def __init__(self, start: Start, gdb: "socket | None" = None) -> None:
        self.log: list[LogRow] = []
        self.bookmarks: dict[int, str] = {}
        self.terminal = GuestTerminal()
        self._start = start
        self._gdb = gdb
        self._events = Events()
        self._focus = Focus()
        self._listened = threading.Event()
        self._viewer = Viewer()
        self._jobs: deque[tuple[str, Job, bool]] = deque()
        self._beside: Beside | None = None
        self.looked_s = 0.0
        """Processor time that was spent on looking at the guest."""
        self._wake = threading.Condition()
        self._closing = False
        self._debugger: Debugger | Present | None = None
        self._stop: Stop | None = None
        self._heard = 0
        """How many of the guest's events are in the log."""
        self._switching_s = sys.getswitchinterval()
        self._shown_at = 0.0
        self._cost_s = 0.0
        """How long it took to look at it last."""
        self._heard_at = 0.0
        """When the job in hand began."""
        self._owed = False
        """Whether the guest was passed over since it was last shown."""
        self._quiet = False
        """Whether the job that has just ended only looked."""
        self._what = ""
        self._runs, self._unwanted = True, False
        """Whether the job in hand lets the guest run, and whether nobody wants it any more."""
        self._working = True
        self._thread = threading.Thread(target=self._run, name="debugger", daemon=True)

    # -- from the screen -----------------------------------------------------------------------

    def begin(self) -> None:
        """Start the thread, if it has not been started."""
        if self._thread.ident is None:
            self._thread.start()

    def listen(self, events: Events, focus: Focus) -> None:
        """There is a screen now, which looks at this. From now on threads take turns quickly: the
        screen must not wait for conditions of breakpoints, nor a guest on KVM for the screen."""
        self._events, self._focus = events, focus
        self._switching_s = sys.getswitchinterval()
        sys.setswitchinterval(_SWITCH_S)
        self._listened.set()

    def do(self, job: Job, what: str, *, runs: bool = True) -> None:
        """Put a job behind those that wait; ``what`` names it while it runs. One that does not let
        the guest run asks :meth:`going` whether it is still wanted. Once the session has ended
        nothing waits any more."""
        with self._wake:
            if not self._closing:
                self._jobs.append((what, job, runs))
                self._wake.notify()

    def going(self, done: float) -> bool:
        """For a long job: it is so far (0 to 1); whether it is to go on."""
        now = time.monotonic()
        if now - self._shown_at >= REFRESH_S:
            self._shown_at = now
            self._events.progressed(self._what, done)
        return not self._unwanted

    def ask(self, work: Callable[[], bytes | None]) -> bytes | None:
        """For gdb, on its thread: do ``work`` on this session's and wait for what it gives. While
        somebody else runs the guest there is only one answer."""
        done = threading.Event()
        answer: list[bytes | None] = []
        begun: list[bool] = []

        def job(debugger: "Debugger") -> "Stop | None":
            begun.append(True)
            before = debugger.version, len(debugger.points)
            try:
                answer.append(work())
            finally:
                done.set()
            same = (debugger.version, len(debugger.points)) == before
            self._quiet = same
            return None if same else debugger.last

        self.do(job, "gdb")
        if not done.wait(_PATIENCE_S) and not begun:
            with self._wake:
                waiting = [entry for entry in self._jobs if entry[1] is not job]
                withdrawn = len(waiting) < len(self._jobs)
                self._jobs.clear()
                self._jobs.extend(waiting)
            if withdrawn or self._closing:
                return BUSY
        while not done.wait(_PATIENCE_S):
            if self._closing:
                return BUSY
        return answer[0] if answer else BUSY

    def replace(
        self, make: Callable[[Any, tuple[int, int, int]], "Debugger | Present"], what: str
    ) -> None:
        """Go on with another guest, made of the one there is; if that fails, with this one."""

        def job(debugger: "Debugger") -> "Stop":
            fresh = make(debugger, self.terminal.guest)
            self._adopt(fresh)
            if self._beside is not None:
                self._beside.adopt(cast("Guest", fresh))
            debugger.close()
            return fresh.last

        self.do(job, what)

    def look(self, focus: Focus) -> None:
        """The panes look at something else now."""
        if focus != self._focus:
            self._focus = focus
            self._shown_at = 0.0
            if self._debugger is not None:
                self.refresh()
                self._debugger.glance()

    @property
    def silent(self) -> str:
        """What has been going on for a while without a word of how far it is; or ''."""
        quiet = time.monotonic() - max(self._heard_at, self._shown_at)
        return self._what if self._working and quiet > _SILENT_S else ""

    def tick(self) -> None:
        """Called now and then: what was passed over is shown even if nothing happens any more."""
        debugger = self._debugger
        if debugger is not None and self._owed and time.monotonic() - self._shown_at >= REFRESH_S:
            self._owed = False
            if self.busy:
                debugger.glance()
            else:
                self.refresh()

    def refresh(self) -> None:
        """Make a new view soon."""
        if not self._jobs:
            self.do(lambda _: None, "")

    @property
    def busy(self) -> bool:
        """Whether a job runs or waits, or the guest has not started yet."""
        return bool(self._jobs) or self._working

    @property
    def over(self) -> bool:
        """Whether the session has ended or could not begin."""
        return self._closing

    def interrupt(self) -> None:
        """Stop what runs, soon, and forget what waits."""
        with self._wake:
            self._jobs.clear()
            self._unwanted = True
            runs = self._runs
        if self._debugger is not None and runs:
            self._debugger.pause()

    def signal(self, number: int) -> None:
        """To the guest's foreground, as from a terminal; not in the past."""
        debugger = self._debugger
        if debugger is not None and debugger.live:
            debugger.signal(number)

    def close(self, timeout_s: float = 5.0) -> None:
        """End the guest and the thread; idempotent."""
        self._closing = True
        self._listened.set()
        self.interrupt()
        with self._wake:
            self._wake.notify()
        if self._thread.is_alive():
            self._thread.join(timeout_s)
        sys.setswitchinterval(self._switching_s)
        self.terminal.close()

    # -- the thread ----------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            try:
                guest = self._start(self.terminal.guest)
            finally:
                self._listened.wait()
            self._adopt(guest)
            if self._gdb is not None:
                from nanvix.debug.gdb.beside import Beside

                self._beside = Beside(self._gdb, cast("Guest", guest), self.ask)
            self._show(Status.STOPPED)
            while not self._closing:
                self._next()
        except NanvixError as error:
            self._events.failed(str(error))
        except Exception:
            self._events.broken(format_exc())
        finally:
            if self._beside is not None:
                self._beside.close()
            debugger, self._debugger = self._debugger, None
            if debugger is not None:
                debugger.close()
            with self._wake:
                self._closing = True
                self._jobs.clear()
            self._working = False

    def _adopt(self, debugger: "Debugger | Present") -> None:
        """This is the guest from now on."""
        self._debugger = debugger
        self._heard = 0
        self._stop = debugger.last
        debugger.progress(self._passed)
        self._events.able(debugger.lacks)

    def _next(self) -> None:
        with self._wake:
            self._working = False
            while not (self._jobs or self._closing):
                self._wake.wait()
            if self._closing:
                return
            self._working = True
            self._what, job, self._runs = self._jobs.popleft()
            self._unwanted = False
            self._heard_at = time.monotonic()
        try:
            answer = job(cast("Debugger", self._debugger))
        except NanvixError as error:
            self._events.failed(str(error))
            answer = None
        if isinstance(answer, str):
            self._events.told(answer)
        elif answer is not None:
            self._stop = answer
        quiet, self._quiet = self._quiet, False
        if quiet and time.monotonic() - self._shown_at < REFRESH_S:
            self._owed = True
            return
        if self._what:
            self._events.progressed("", 1.0)
        assert self._debugger is not None
        self._show(_status(self._debugger))

    def _passed(self, moment: int) -> None:
        """Called by the debugger in the middle of long work, with the machine at rest."""
        now = time.monotonic()
        self._owed = now - self._shown_at < max(REFRESH_S, min(self._cost_s * _SHARE, _RAREST_S))
        if self._owed:
            return
        debugger = self._debugger
        assert debugger is not None
        if debugger.live:
            self._show(Status.RUNNING)
        else:
            self._shown_at = now
            frontier = cast("Debugger", debugger).frontier
            self._events.progressed(self._what, moment / max(frontier, 1))

    def _show(self, status: Status) -> None:
        debugger, stop = self._debugger, self._stop
        if debugger is None or stop is None:
            return
        begun, worked = time.monotonic(), time.thread_time()
        self._take_events(debugger)
        doing = rows.doing(debugger, self._what) if status is Status.RUNNING else ""
        view = self._viewer.view(
            debugger, stop, self._focus, status, sorted(self.bookmarks.items()), doing
        )
        self._shown_at = time.monotonic()
        self._cost_s = self._shown_at - begun
        self.looked_s += time.thread_time() - worked
        self._events.refreshed(view)

    def _take_events(self, debugger: "Debugger | Present") -> None:
        fresh: Sequence[Any] = debugger.events_from(self._heard)
        self._heard += len(fresh)
        counted = debugger.moment is not None
        self.log.extend(
            LogRow(e.moment, e.tid, e.kind, e.text)
            if counted
            else LogRow(None, e.tid, e.kind, e.text, e.moment)
            for e in fresh
        )


def _status(debugger: "Debugger | Present") -> Status:
    return Status.ENDED if debugger.ended and debugger.live else Status.STOPPED

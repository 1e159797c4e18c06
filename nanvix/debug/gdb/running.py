"""The part of a conversation in which the guest runs: who goes on, and why it stopped."""

from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from typing import TYPE_CHECKING

from nanvix.debug.debugger import Debugger
from nanvix.debug.gdb import replies
from nanvix.debug.gdb.inferior import Inferior
from nanvix.debug.gdb.processes import Guest, Processes
from nanvix.debug.gdb.resume import Action, parse
from nanvix.debug.kernel import Thread
from nanvix.debug.points import Stop

if TYPE_CHECKING:
    from nanvix.debug.gdb.packets import Wire

_MAX_STEPS = 1_000_000
MOVED = b"E.the guest has been moved: stepi or maintenance flush register-cache shows where it is"


class Running:
    """``tid``: the thread gdb asks about; ``stop``: why the guest stands."""

    def __init__(self, debugger: Guest, pid: int) -> None:
        self.debugger = debugger
        self.inferior = Inferior(debugger, pid)
        self.processes = Processes(debugger)
        self.processes.attach(pid)
        self.stop: Stop = debugger.last
        self.tid = pid
        self._said: bytes | None = None
        self._given: set[tuple[int, int]] = set()
        self._looked_at = debugger.version
        self._interrupted = False
        self._wire: Wire | None = None

    # -- threads -------------------------------------------------------------------------------

    def _tids(self) -> list[int]:
        return [thread.tid for thread in self.processes.threads()] or [self.tid]

    def _id(self, tid: int) -> bytes:
        found = (t.pid for t in self.processes.threads() if t.tid == tid)
        return b"p%x.%x" % (next(found, self.inferior.pid), tid)

    def _choose(self, tid: int) -> None:
        """This thread is the one gdb asks about."""
        self.tid = tid
        self.inferior.pid = self.inferior.thread(tid).pid

    # -- somebody else -----------------------------------------------------------------------

    @property
    def moved(self) -> bool:
        """Whether the guest is elsewhere than when gdb looked last: a monitor command, or who
        shares the debugger, has moved it. gdb can be told when it lets the guest go on."""
        return self.debugger.version != self._looked_at

    def _look_again(self) -> bytes | None:
        """In place of going on: a stop, at which gdb finds where the guest is by now."""
        self._looked_at = self.debugger.version
        last = self.debugger.last
        self.stop = last if last.ended else last._replace(reason="moved", points=(), detail="")
        self._said = self._note() or b"T00thread:" + self._id(self.tid) + b";"
        return self._said

    # -- running -----------------------------------------------------------------------------

    def _continue_threads(self, text: str) -> bytes | None:
        return self._resume(parse(text))

    def _resume(self, actions: list[Action]) -> bytes | None:
        """Threads without an action stay where they are; the first that steps decides."""
        if self.moved:
            return self._look_again()
        plan = {t.tid: next((a for a in actions if a.suits(t)), None) for t in self._threads()}
        held = [tid for tid, action in plan.items() if action is None]
        stepper = next((tid for tid, a in plan.items() if a is not None and a.verb != "c"), None)
        if stepper is not None:
            self.tid = stepper
        self._answer_signals(plan)
        self.debugger.hold(held)
        action = plan.get(self.tid) if stepper is not None else None
        if action is None:
            return self._go(self.debugger.run)
        if action.verb == "s":
            return self._go(self._step)
        return self._go(partial(self._step_range, action.start, action.end))

    def _threads(self) -> list[Thread]:
        """Those that can be told to go on, the selected one first."""
        return sorted(self.processes.threads(), key=lambda thread: thread.tid != self.tid)

    def _answer_signals(self, plan: dict[int, Action | None]) -> None:
        """Let every thread have the signal that gdb gives it, and no other."""
        here = replies.event_of(self.stop, self.processes) == "signal"
        news = replies.signal_of(self.stop) if here or self.stop.reason == "crash" else 0
        for tid, action in plan.items():
            given = action.signal if action is not None else 0
            sent = given != 0
            if news and tid == self.stop.tid:
                sent = self.debugger.answer_signal(given, news)
            elif given:
                self.debugger.signal(given, tid)
            if sent:
                self._given.add((tid, given))

    def _step(self) -> Stop:
        return self.debugger.step_thread(self.tid)

    def _step_range(self, start: int, end: int) -> Stop:
        for _ in range(_MAX_STEPS):
            stop = self._step()
            if stop.reason != "step" or not start <= stop.rip < end or self._interrupted:
                break
        return stop

    def _go(self, verb: Callable[[], Stop]) -> bytes | None:
        self._interrupted = False
        watching = self._wire.while_running(self._interrupt) if self._wire else nullcontext()
        with watching:
            self.stop = verb()
            while self._is_no_news():
                self.stop = verb()
        self._looked_at = self.debugger.version
        if self._interrupted and self.stop.reason == "step":
            self.stop = self.stop._replace(reason="pause")
        self._said = self._note()
        return self._reply()

    def _is_no_news(self) -> bool:
        """Whether gdb knows what the stop is for: a signal that comes from gdb, or the end that one
        makes of a process."""
        if self.stop.reason == "crash":
            return True
        what = self.stop.tid, replies.signal_of(self.stop)
        if what not in self._given or replies.event_of(self.stop, self.processes) != "signal":
            return False
        self._given.discard(what)
        return True

    def _go_back(self, verb: Callable[[Debugger], Stop]) -> bytes | None:
        debugger = self.debugger
        if self.moved:
            return self._look_again()
        return self._go(partial(verb, debugger)) if isinstance(debugger, Debugger) else b""

    def _interrupt(self) -> None:
        self._interrupted = True
        self.debugger.pause()

    def _note(self) -> bytes | None:
        """What the stop changes in what we know; the reply for it if it is the end of a process."""
        stop, processes = self.stop, self.processes
        if stop.ended:
            pid = 1 if 1 in processes else next(iter(processes.pids), 1)
            processes.detach(pid)
            return replies.end_reply(stop, self.debugger, pid)
        event = replies.event_of(stop, processes)
        if event == "exit":
            processes.detach(stop.pid)
            return replies.exit_reply(replies.exit_status(stop), stop.pid)
        if event == "fork":
            processes.attach(replies.child_of(stop)[0])
        if stop.tid in self._tids():
            self._choose(stop.tid)
        return None

    def _reply(self) -> bytes:
        if self._said is not None:
            return self._said
        stop, processes = self.stop, self.processes
        said = replies.stop_reply(stop, self.debugger, self.inferior, processes, self._id(self.tid))
        event = replies.event_of(stop, processes)
        if event == "vforkdone":
            processes.vfork_is_done(stop.pid)
        elif event == "fork" and stop.detail.split()[1] == "vfork":
            processes.expect_vfork_done(stop.pid, stop.tid)
        self._said = said
        return said

"""A guest on KVM for a person: names, conditions, calls and source lines, on top of what its kernel
does for a debugger (nanvix/debug/trapping.py).

    with Stopping(["./a.out"]) as guest:
        guest.breakpoint("main", condition="argc > 1")
        stop = guest.run()
        guest.step_line()

Where it stands, what is shown are the registers with which the thread goes on in user mode.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from nanvix.debug.errors import DebugError
from nanvix.debug.points import Breakpoint, Catchpoint, Stop
from nanvix.debug.posthumous import Posthumous
from nanvix.debug.present import NOT_KEPT
from nanvix.debug.returned import returning, with_result
from nanvix.debug.seen import GENERAL
from nanvix.debug.trapped import DYING, Told
from nanvix.debug.trapping import ALWAYS, Trapping
from nanvix.errors import NanvixError
from nanvix.machine.describe import signal_name

if TYPE_CHECKING:
    from nanvix.assembly import Stdio
    from nanvix.debug.debugger import Debugger
    from nanvix.debug.kernel import Thread
    from nanvix.machine.idle import Wait

_MAX_LINE = 10_000
"""Steps of one source line before a verb gives up."""


class Stopping(Posthumous, Trapping):
    """See the module; arguments as for a Present."""

    def __init__(self, argv: Sequence[str], **settings: Any) -> None:
        self._places: dict[int, tuple[int, tuple[int, ...]]] = {}
        self._died = 0, 0
        """The process that has died last, and its thread."""
        super().__init__(argv, **settings)
        self.machine.stop_at_crash = True

    @property
    def lacks(self) -> dict[str, str]:
        """What cannot be done here, and why."""
        return super().lacks | {"record": NOT_KEPT}

    # -- what is shown -------------------------------------------------------------------------

    def frame(self) -> dict[str, int]:
        """The running thread's registers in user mode, as its kernel has saved them."""
        task = self._view.kernel.current()
        found = self._view.kernel.user_registers(task) if task else {}
        return found if all(name in found for name in GENERAL) else {}

    def standing(self) -> dict[str, int]:
        """Where its kernel has stopped it, those of the program."""
        return super().standing() or (self.frame() if self.machine.told is not None else {})

    def _stand(self, told: Told) -> Stop | None:
        if told.kind == DYING:
            self._died = self._view.kernel.ids()
            self._calls, self._view.lasting = self.backtrace(), self._view.modules()
            last, signal = self.last, f"signal {signal_name(told.code)}"
            if (last.reason, last.tid, last.detail) == ("catch", self._died[1], signal):
                return None  # the signal that kills it has been seen
        return super()._stand(told)

    def _end(self) -> Stop:
        stop, crash = super()._end(), self._fatal()
        if crash is not None and crash.pid:
            pid, tid = self._died
            self.last = stop._replace(pid=pid, tid=tid, rip=crash.registers.get("rip", 0))
        return self.last

    def set_register(self, name: str, value: int) -> None:
        """Set a general register, rip or rflags of the running thread."""
        self._standing()
        if name not in GENERAL:
            raise DebugError(f"{name} cannot be changed")
        self._set_frame(self._view.kernel.ids()[1], name, value & (1 << 64) - 1)

    def _set_frame(self, tid: int, name: str, value: int, thread: "Thread | None" = None) -> None:
        super()._set_frame(tid, name, value, thread)
        self._seen.forget()

    def _go_on(self) -> "Wait | None":
        waits = super()._go_on()
        if self._progress is not None and self.machine.told is None:
            self._progress(0)
        return waits

    # -- points --------------------------------------------------------------------------------

    def breakpoint(self, where: int | str, *, pid: int | None = None, **options: Any) -> Breakpoint:
        """Stop the running process (or ``pid``) before the instruction at an address, symbol,
        symbol+offset or file:line. Raises DebugError where that is not known yet."""
        self._standing()
        addresses = tuple(self._view.resolve(where))
        if not addresses:
            raise DebugError(f"{where!r} is not known here: on KVM it must be mapped already")
        pid = self._view.kernel.ids()[0] if pid is None else pid
        for address in addresses:
            self._traps.insert(pid, address)
        point = self._add(Breakpoint(self._next(), where, pid=pid, **options))
        self._places[point.number] = pid, addresses
        return point

    def delete(self, number: int) -> None:
        """Remove a point. Raises DebugError when there is none of this number, or it cannot be
        taken out now."""
        if self._places.get(number) and not self.ended:
            self._standing()
        if self._points.pop(number, None) is None:
            raise DebugError(f"there is no point {number}")
        pid, addresses = self._places.pop(number, (0, ()))
        for address in addresses if not self.ended else ():
            self._traps.remove(pid, address)
        if not self.ended:
            self._watches.remove(number)

    # -- running -------------------------------------------------------------------------------

    def run(self) -> Stop:
        """Run on to the next hit of a point, a pause or the end."""
        while True:
            stop = self._run()
            if not self._passed(stop):
                return self.last

    def run_to(self, where: int | str) -> Stop:
        """Run to a place, or to a point before it."""
        addresses = self._view.resolve(where)
        if not addresses:
            raise DebugError(f"{where!r} is not known here")
        return self._until(addresses[0], lambda: True)

    def to_user(self) -> Stop:
        """Where it stands it is on its way to the program."""
        return self._stop("user")

    def step(self, *, kernel: bool = False) -> Stop:
        """One instruction of the program; system calls count as one."""
        return self._one()

    def step_thread(self, tid: int) -> Stop:
        """One instruction of a thread in user mode, the one under a breakpoint too if it is the
        running one."""
        if tid == self._view.kernel.ids()[1]:
            return self._one()
        self._standing()
        self._trap_flag(tid, True)
        self._steps.add(tid)
        self._stepped.add(tid)
        return super().run()

    def over(self) -> Stop:
        """One instruction, a called function as part of it."""
        item = self.instruction()
        if item.kind != "call" and not item.mnemonic.startswith("rep"):
            return self._one()
        sp = self._seen["rsp"]
        return self._until(item.address + item.size, lambda: self._seen["rsp"] == sp)

    def out(self) -> Stop:
        """Run until the current function has returned; the stop's detail is what it has returned,
        where that is known."""
        what = returning(self._view)
        target, sp = self._return_place()
        stop = self._until(target, lambda: self._seen["rsp"] == sp)
        if stop.reason == "step":
            self.last = with_result(self, self._stop("return"), what)
        return self.last

    def step_line(self, *, over: bool = False) -> Stop:
        """To the beginning of another source line, into called functions that have lines."""
        start = self.line()
        for _ in range(_MAX_LINE):
            stop = self._into(over)
            line = self.line()
            if stop.reason != "step" or start is None:
                break
            if line is not None and line != start:
                return self._stop("line")
        return stop

    def _into(self, over: bool) -> Stop:
        if over or self._kind() != "call":
            return self.over()
        sp, item = self._seen["rsp"], self.instruction()
        stop = self._one()
        if stop.reason == "step" and self.line() is None:
            return self._until(item.address + item.size, lambda: self._seen["rsp"] == sp)
        return stop

    def _until(self, address: int, there: Callable[[], bool]) -> Stop:
        """Run to an address of this process, by this thread, where ``there`` holds."""
        self._standing()
        pid, tid = self._view.kernel.ids()
        self._traps.insert(pid, address)
        try:
            while True:
                stop = self._run()
                here = (stop.pid, stop.tid, stop.rip) == (pid, tid, address) and there()
                if stop.reason == "breakpoint" and here:
                    return self._stop("step")
                if not self._passed(stop):
                    return self.last
        finally:
            if not (self.ended or self.machine.dying):
                self._traps.remove(pid, address)

    def _one(self) -> Stop:
        """One instruction, the one under a breakpoint too; a process that dies ends."""
        if self.machine.dying:
            return super().run()
        self._standing()
        pid, tid = self._view.kernel.ids()
        address, root = self._seen.rip, self.root()
        uses = self._traps.lift(pid, address)
        self._trap_flag(tid, True)
        self._steps.add(tid)
        self._stepped.add(tid)
        try:
            return super().run()
        finally:
            # Unless it runs another program now, or is about to run none.
            gone = self.ended or self.machine.dying
            if not gone and self._view.kernel.root_of(pid) == root:
                for _ in range(uses):
                    self._traps.insert(pid, address)

    def _run(self) -> Stop:
        """Run on, off a breakpoint first."""
        if not self.ended and (self._view.kernel.ids()[0], self._seen.rip) in self._traps:
            stop = self._one()
            if stop.reason != "step":
                return stop
        return super().run()

    def _passed(self, stop: Stop) -> bool:
        """Whether a stop is none for the user: of nobody's point, or a condition does not hold."""
        numbers = stop.points
        if stop.reason == "breakpoint":
            numbers = tuple(
                number
                for number, (pid, addresses) in self._places.items()
                if pid == stop.pid and stop.rip in addresses
            )
        elif stop.reason != "catch":
            return False
        return not self._hit(stop, numbers)

    def _wanted(self, stop: Stop) -> bool:
        return self._hit(stop, stop.points)

    def _hit(self, stop: Stop, numbers: tuple[int, ...]) -> bool:
        """Whether conditions hold of any of these points; then it is the last stop."""
        hit = tuple(number for number in numbers if self._holds(number, stop))
        if hit:
            self.last = stop._replace(points=hit, detail=self.last.detail)
        return bool(hit)

    def _holds(self, number: int, stop: Stop) -> bool:
        point = self._points[number]
        if not point.enabled:
            return False
        if point.condition is not None:
            extra = {}
            if isinstance(point, Catchpoint) and point.event == "return":
                extra["result"] = int(stop.detail.rpartition(" ")[2])
            try:
                if not point.condition.true(self._view.scope(extra)):
                    return False
            except DebugError as error:
                self.last = self.last._replace(detail=f"the condition of {number} failed: {error}")
        return point.hit(self.version)

    # -- leaving -------------------------------------------------------------------------------

    def in_emulator(self, stdio: "Stdio") -> "Debugger":
        """As a Present does it. The points are gone then, here too if it fails."""
        for number in [*self._points] if not self.ended else ():
            self.delete(number)
        self.machine.forget_stop()
        self.machine.want_events(())
        self.machine.resume()
        try:
            return super().in_emulator(stdio)
        except NanvixError:
            if not self.ended:
                self.machine.want_events(ALWAYS)
                self.pause()
                super().run()
            raise

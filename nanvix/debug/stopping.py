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

from nanvix.abi.layout import USER_END
from nanvix.debug.errors import DebugError
from nanvix.debug.points import Breakpoint, Catchpoint, Stop
from nanvix.debug.trapping import ALWAYS, Trapping
from nanvix.errors import NanvixError
from nanvix.machine.state import GPRS

if TYPE_CHECKING:
    from nanvix.assembly import Stdio
    from nanvix.debug.debugger import Debugger
    from nanvix.debug.kernel import Thread
    from nanvix.debug.view import Registers
    from nanvix.machine.idle import Wait

_GENERAL = (*GPRS, "rip", "rflags")
_MAX_LINE = 10_000
"""Steps of one source line before a verb gives up."""


class _Seen:
    """The registers of the program where the guest stands, the CPU's while it runs."""

    cpu: "Registers"

    def __init__(self, guest: "Stopping") -> None:
        self._guest = guest
        self._frame: dict[str, int] | None = None

    def __getitem__(self, name: str) -> int:
        frame = self._standing()
        if frame and name == "cr3":
            return self._guest.root()
        return frame[name] if name in frame else self.cpu[name]

    def __setitem__(self, name: str, value: int) -> None:
        self._guest.set_register(name, value)

    @property
    def rip(self) -> int:
        return self["rip"]

    @property
    def user(self) -> bool:
        return self.rip < USER_END

    def general(self) -> dict[str, int]:
        frame = self._standing()
        return {name: frame[name] for name in _GENERAL} if frame else self.cpu.general()

    def forget(self) -> None:
        """The guest has run, or the frame has been changed."""
        self._frame = None

    def _standing(self) -> dict[str, int]:
        guest = self._guest
        if guest.machine.told is None:
            return {}
        if self._frame is None:
            self._frame = guest.frame()
        return self._frame


class Stopping(Trapping):
    """See the module; arguments as for a Present."""

    def __init__(self, argv: Sequence[str], **settings: Any) -> None:
        self._places: dict[int, tuple[int, tuple[int, ...]]] = {}
        self._seen = _Seen(self)
        super().__init__(argv, **settings)
        self._seen.cpu = self._view.registers
        self._view.registers = self._seen

    @property
    def lacks(self) -> dict[str, str]:
        """What cannot be done here, and why."""
        return super().lacks | {
            "record": "on KVM only nanvix run --record does that",
        }

    # -- what is shown -------------------------------------------------------------------------

    def frame(self) -> dict[str, int]:
        """The running thread's registers in user mode, as its kernel has saved them."""
        task = self._view.kernel.current()
        found = self._view.kernel.user_registers(task) if task else {}
        return found if all(name in found for name in _GENERAL) else {}

    def root(self) -> int:
        """Physical address of the running program's page tables."""
        return self._view.kernel.current_root()

    def set_register(self, name: str, value: int) -> None:
        """Set a general register, rip or rflags of the running thread."""
        self._standing()
        if name not in _GENERAL:
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

    def _looked(self) -> None:
        super()._looked()
        self._seen.forget()

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
        """Remove a point. Raises DebugError when there is none of this number."""
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

    def over(self) -> Stop:
        """One instruction, a called function as part of it."""
        item = self.instruction()
        if item.kind != "call" and not item.mnemonic.startswith("rep"):
            return self._one()
        sp = self._seen["rsp"]
        return self._until(item.address + item.size, lambda: self._seen["rsp"] == sp)

    def out(self) -> Stop:
        """Run until the current function has returned."""
        target, sp = self._return_place()
        stop = self._until(target, lambda: self._seen["rsp"] == sp)
        return self._stop("return") if stop.reason == "step" else stop

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
            if not self.ended:
                self._traps.remove(pid, address)

    def _one(self) -> Stop:
        """One instruction, the one under a breakpoint too."""
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
            # Unless it runs another program now.
            if not self.ended and self._view.kernel.root_of(pid) == root:
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

"""A guest on KVM with breakpoints and steps: its kernel stops it, and it has no past.

    with Trapping(["./a.out"]) as guest:
        guest.breakpoint(0x401136, pid=1)
        stop = guest.run()                       # Stop(reason='breakpoint', ...)

For gdb (nanvix/debug/gdb): points are for one process each, and have neither conditions nor
counts, which gdb keeps itself. Whenever it stands, it stands in the kernel, and every thread's
registers are in its trap frame.
"""

import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from nanvix.abi.layout import (
    DEBUG_ASKED,
    DEBUG_TRAP,
    DEBUG_WATCHED,
    FORK,
    TRACE_EXEC,
    TRACE_EXIT,
    TRACE_FORK,
    TRACE_SIGNAL,
    TRACE_SYSCALL_ENTER,
    TRACE_SYSCALL_EXIT,
    USER_END,
)
from nanvix.debug.control import ENDS
from nanvix.debug.errors import DebugError
from nanvix.debug.points import Breakpoint, Catchpoint, Point, Stop, Watchpoint
from nanvix.debug.present import Present
from nanvix.debug.space import Space, by_page
from nanvix.debug.trapped import DYING, Told, TrappedMachine
from nanvix.debug.traps import Traps
from nanvix.debug.watches import Watches
from nanvix.machine.crash import FRAME_FIELDS
from nanvix.machine.describe import FORKS, ended, signal_name, signed, syscall_name

if TYPE_CHECKING:
    from nanvix.debug.kernel import Thread
    from nanvix.machine.outcome import Outcome

_KINDS = {
    "syscall": TRACE_SYSCALL_ENTER, "return": TRACE_SYSCALL_EXIT, "signal": TRACE_SIGNAL,
    "fork": TRACE_FORK, "exec": TRACE_EXEC, "exit": TRACE_EXIT,
}  # fmt: skip
ALWAYS = (DEBUG_TRAP, DEBUG_WATCHED, TRACE_FORK, TRACE_EXEC, TRACE_EXIT)
_STEP, _BREAK = 1, 3  # vectors
_TF = 1 << 8
_START_S = 60.0
_P = TypeVar("_P", bound=Point)


class Trapping(Present):
    """See the module; arguments as for a Present. It stands at the program's first instruction."""

    machine: TrappedMachine
    make_machine = TrappedMachine

    def __init__(self, argv: Sequence[str], **settings: Any) -> None:
        super().__init__(argv, **settings)
        self._points: dict[int, Point] = {}
        self._number = 0
        self._steps: set[int] = set()
        self._stepped: set[int] = set()
        self._traps = Traps(self.machine)
        self._watches = Watches(self.machine, lambda pid, at, n: self.read_memory(at, n, pid=pid))
        try:
            self.machine.want_events(ALWAYS)
            self.machine.go_on(time.monotonic() + _START_S)
            self._looked()
        except BaseException:
            self.close()
            raise
        self.last = self._stop("start") if not self.ended else self._end()

    # -- what it is ----------------------------------------------------------------------------

    @property
    def lacks(self) -> dict[str, str]:
        """What cannot be done here, and why."""
        return {"travel": "KVM keeps no past"}

    @property
    def points(self) -> list[Point]:
        """All points, by number."""
        return list(self._points.values())

    @property
    def outcome(self) -> "Outcome | None":
        """How the guest has ended; None if not yet."""
        return self.machine.outcome

    # -- points --------------------------------------------------------------------------------

    def breakpoint(self, where: int, *, pid: int) -> Breakpoint:
        """Stop a process before the instruction at an address. Raises DebugError."""
        self._standing()
        self._traps.insert(pid, where)
        return self._add(Breakpoint(self._next(), where, pid=pid))

    def watch(self, what: int | str, size: int | None = None, access: str = "change",
              *, pid: int | None = None, **options: Any) -> Watchpoint:  # fmt: skip
        """Stop behind what changes memory of a process: an address, or an expression whose value
        lies in memory. Raises DebugError for any other ``access``."""
        self._standing()
        address, size, known = self._place(what, size)
        point = Watchpoint(
            self._next(), address, size, access, False, pid=self._pid(pid), **known, **options
        )
        self._watches.insert(point)
        return self._add(point)

    def catch(self, event: str, *names: str, **options: Any) -> Catchpoint:
        """Stop at a syscall, return (of a call), signal, fork, exec or exit; of these names, or
        all. ``pid``, ``tid``: only there."""
        if event not in _KINDS:
            raise DebugError(f"on KVM one can catch one of {', '.join(_KINDS)}")
        return self._add(Catchpoint(self._next(), event, names, **options))

    def delete(self, number: int) -> None:
        """Remove a point. Raises DebugError when there is none of this number."""
        point = self._points.pop(number, None)
        if point is None:
            raise DebugError(f"there is no point {number}")
        if isinstance(point, Breakpoint) and not self.ended:
            assert isinstance(point.where, int) and point.pid is not None
            self._traps.remove(point.pid, point.where)
        if isinstance(point, Watchpoint) and not self.ended:
            self._watches.remove(number)

    def _next(self) -> int:
        self._number += 1
        return self._number

    def _add(self, point: _P) -> _P:
        self._points[point.number] = point
        return point

    # -- running -------------------------------------------------------------------------------

    def pause(self) -> None:
        """Let :meth:`run` stop soon; from any thread or signal handler."""
        self.machine.want_stop()

    def run(self) -> Stop:
        """Run on to the next hit of a point, a pause or the end."""
        machine = self.machine
        kinds = {_KINDS[p.event] for p in self.points if isinstance(p, Catchpoint)}
        machine.want_events({*ALWAYS, *kinds})
        while not self.ended:
            machine.resume()
            while machine.told is None and not self.ended:
                if (waits := self._go_on()) is not None:
                    waits.block()
            if machine.told is None:
                break
            stop = self._stand(machine.told)
            if stop is not None:
                for tid in self._steps:
                    self._trap_flag(tid, False)
                self._steps.clear()
                return stop
        machine.drain()
        return self._end()

    def step_thread(self, tid: int) -> Stop:
        """One instruction of a thread in user mode; others run until it is its turn."""
        self._standing()
        self._trap_flag(tid, True)
        self._steps.add(tid)
        self._stepped.add(tid)
        return self.run()

    def hold(self, tids: Iterable[int]) -> None:
        """Let exactly these threads not run from now on."""
        wanted, kernel, changed = frozenset(tids), self._view.kernel, False
        if self.ended:
            return
        for thread in self.threads():
            if (thread.tid in wanted) != kernel.held(thread.task):
                self.write_memory(kernel.held_at(thread.task), bytes((thread.tid in wanted,)))
                changed = True
        if changed:
            self.machine.post_signal(0)

    def signal(self, number: int, tid: int = 0) -> None:
        """Send a signal to a thread, or to the guest's foreground as the terminal does."""
        self.machine.post_signal(number, tid)

    def answer_signal(self, number: int, news: int) -> bool:
        """At a stop for the signal ``news``: let it be another one, or none (0); whether that one
        is still to come, which it never is."""
        if number != news:
            at = self._view.kernel.address("debug_signal")
            self.write_memory(at, (number or -1).to_bytes(4, "little", signed=True))
        return False

    # -- memory --------------------------------------------------------------------------------

    def read_memory(self, address: int, size: int, *, pid: int | None = None) -> bytes:
        """As the program sees it, without our breakpoints."""
        return self.seen(address, super().read_memory(address, size, pid=pid), pid)

    def seen(self, address: int, data: bytes, pid: int | None) -> bytes:
        """Memory as the program knows it."""
        return self._traps.hide(self._pid(pid), address, data)

    def write_memory(self, address: int, data: bytes, *, pid: int | None = None) -> None:
        """Write linear memory: a process gets pages of its own for it, where they are not shared
        on purpose. Raises DebugError when it is not mapped."""
        if address >= USER_END and not self.ended:
            space = Space(self.machine.memory, self._view.kernel.root())
            for physical, size in space.pieces(address, len(data)):
                self.machine.memory.write(physical, data[:size])
                data = data[size:]
            return
        self._standing()
        owner = self._pid(pid)
        data = self._traps.keep(owner, address, data)
        for at, part in by_page(address, data):
            own = self.machine.own(owner, at)
            for physical, piece in [(own, part)] if own else self._pieces(at, part, pid):
                self.machine.memory.write(physical, piece)
        self._watches.keep()

    def _pid(self, pid: int | None) -> int:
        return self._view.kernel.ids()[0] if pid is None else pid

    def _standing(self) -> None:
        if self.ended:
            raise DebugError("the guest has ended: nothing can be changed any more")
        if self.machine.dying:
            raise DebugError("the process dies here, and can only go on to its end")

    # -- what the kernel tells -----------------------------------------------------------------

    def _stand(self, told: Told) -> Stop | None:
        """The guest stands: the stop, or None for what is none."""
        pid, tid = self._view.kernel.ids()
        if told.kind == DEBUG_ASKED:
            return self._stop("pause")
        if told.kind == DYING:
            what = f"process {told.first} dies by {signal_name(told.code)}"
            return self._stop("crash", f"{what}, address {told.second:#x}")
        if told.kind == DEBUG_TRAP:
            return self._trapped(pid, tid, told)
        if told.kind == DEBUG_WATCHED:
            return self._watched(pid, tid, told)
        if told.kind == TRACE_FORK:
            self._trap_flag(told.first, False)
            if told.code == FORK:
                self._traps.inherit(pid, told.second)
        elif told.kind in (TRACE_EXEC, TRACE_EXIT):
            self._traps.forget(pid)
            self._watches.forget(pid)
        event, names, detail = self._event(told)
        numbers = tuple(
            point.number
            for point in self.points
            if isinstance(point, Catchpoint)
            and point.event == event
            and (not point.names or point.names & names)
            and point.pid in (None, pid)
            and point.tid in (None, tid)
        )
        return self._stop("catch", detail)._replace(points=numbers) if numbers else None

    def _trapped(self, pid: int, tid: int, told: Told) -> Stop | None:
        """A breakpoint or a step, of ours or of the program's own."""
        if told.code == _STEP:
            self.machine.taken = tid in self._stepped
            if tid in self._steps:
                return self._stop("step")
            if self.machine.taken:
                # The program has saved our flag with its own, and loaded them again.
                self._trap_flag(tid, False)
            return None
        address = told.first - 1
        if told.code != _BREAK or (pid, address) not in self._traps:
            return None
        self.machine.taken = True
        self._set_frame(tid, "rip", address)
        here = (p.number for p in self.points if isinstance(p, Breakpoint) and p.where == address)
        return self._stop("breakpoint")._replace(points=tuple(here))

    def _watched(self, pid: int, tid: int, told: Told) -> Stop | None:
        """A page with watched memory has been written to; behind it a step ends as well."""
        found = self._watches.changed(told, pid, tid)
        if found:
            number, first = next(iter(found.items()))
            point = self._points[number]
            assert isinstance(point, Watchpoint)
            stop = self._stop("watchpoint", point.news(first))
            if self._wanted(stop._replace(points=tuple(found), access=first)):
                self.machine.taken = tid in self._stepped
                return self.last
        return self._stop("step") if told.code == 1 and tid in self._steps else None

    def _wanted(self, stop: Stop) -> bool:
        """Whether to stop for a watchpoint; then it is the last stop."""
        self.last = stop
        return True

    def _event(self, told: Told) -> tuple[str, set[str], str]:
        """Its name as a catchpoint has it, what it is about, and a line for people; as in
        nanvix.debug.search."""
        code = told.code
        if told.kind in (TRACE_SYSCALL_ENTER, TRACE_SYSCALL_EXIT):
            name = syscall_name(code)
            if told.kind == TRACE_SYSCALL_ENTER:
                return "syscall", {name, str(code)}, f"syscall {name}"
            return "return", {name, str(code)}, f"return {name} = {signed(told.first)}"
        if told.kind == TRACE_SIGNAL:
            return "signal", {signal_name(code)}, f"signal {signal_name(code)}"
        if told.kind == TRACE_FORK:
            name = FORKS.get(code, "fork")
            return "fork", {name}, f"fork {name} {told.second}.{told.first}"
        if told.kind == TRACE_EXEC:
            return "exec", set(), "exec"
        return "exit", set(), f"exit status {told.first:#x}"

    def _end(self) -> Stop:
        outcome = self.machine.outcome
        if outcome is None:
            return self._stop("pause")
        detail = outcome.detail or ended(outcome.status)
        return self._stop(ENDS.get(outcome.reason, "error"), detail)

    def _stop(self, reason: str, detail: str = "") -> Stop:
        stop = super()._stop(reason, detail)
        task = self._view.kernel.current()
        rip = self._view.kernel.user_registers(task).get("rip", 0) if task else 0
        self.last = stop._replace(rip=rip)
        return self.last

    # -- frames --------------------------------------------------------------------------------

    def _trap_flag(self, tid: int, on: bool) -> None:
        thread = next((t for t in self.threads() if t.tid == tid), None)
        if thread is not None and thread.registers:
            flags = thread.registers["rflags"]
            self._set_frame(tid, "rflags", flags | _TF if on else flags & ~_TF, thread)

    def _set_frame(self, tid: int, name: str, value: int, thread: "Thread | None" = None) -> None:
        thread = thread or self._view.thread(tid)
        at = self.frame_address(thread) + 8 * FRAME_FIELDS.index(name)
        self.write_memory(at, value.to_bytes(8, "little"))

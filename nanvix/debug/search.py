"""Running with points: which hooks they need, and which of their hits count.

One search is one run forward, for its first hit; or, to go back, one stretch of history run
again for its last hit before a given moment.
"""

from collections.abc import Sequence
from struct import Struct
from typing import TYPE_CHECKING

from nanvix.abi.channel import OPS
from nanvix.abi.layout import TRACE_EXIT, TRACE_FORK, TRACE_SIGNAL, USER_END
from nanvix.debug.errors import DebugError
from nanvix.debug.hits import Hit, Test, watched
from nanvix.debug.points import Access, Breakpoint, Catchpoint, Point, Watchpoint
from nanvix.debug.probe import Plan
from nanvix.emu.layout import CALL, FAULT
from nanvix.emu.probes import READ, WRITE
from nanvix.machine.describe import FORKS, exception_name, op_name, signal_name, syscall_name

if TYPE_CHECKING:
    from nanvix.debug.view import View

_REQUEST = Struct("<HHHHQ6Q")
_CRASH = OPS["CRASH"][0]
_MMAP, _EXECVE, _EXECVEAT = 9, 59, 322
_PROT_EXEC = 4
_FAULTS = frozenset((4, 5, 7, 8, 11))
"""SIGILL, SIGTRAP, SIGBUS, SIGFPE, SIGSEGV, when no process sends them."""
_SIGNED = Struct("<q")


class Search(Plan):
    """``before``: look for the last hit whose moment is less (None: stop at the first).

    ``here``: the moment the run begins at; what is hit there has been reported already.
    ``once``: temporary conditions by address. ``to_user``: stop behind the next return to user
    mode (of thread ``user_tid``). ``crashes``: stop where a process dies of a fault, except for the
    fault at ``skip_crash``. ``again``: a fault at ``here`` is news all the same.
    """

    def __init__(
        self,
        view: "View",
        points: Sequence[Point],
        *,
        here: int,
        before: int | None = None,
        once: dict[int, Test] | None = None,
        to_user: bool = False,
        user_tid: int | None = None,
        crashes: bool = True,
        skip_crash: int = -1,
        again: bool = False,
    ) -> None:
        super().__init__()
        self._view = view
        self._here = here
        self._before = before
        self._once = once or {}
        self._to_user = to_user
        self._user_tid = user_tid
        self._crashes = crashes
        self._skip_crash = -1 if again else skip_crash
        self._again = again
        self._breakpoints = [p for p in points if isinstance(p, Breakpoint) and p.enabled]
        self._watchpoints = [p for p in points if isinstance(p, Watchpoint) and p.enabled]
        catches = [p for p in points if isinstance(p, Catchpoint) and p.enabled]
        self._catches = {c.event: [p for p in catches if p.event == c.event] for c in catches}
        self._ranges: list[tuple[Watchpoint, int, int, int]] = []
        self._faults: dict[int, int] = {}
        self._returning: dict[int, Hit] = {}
        self._mapping = False
        self._kernel = view.kernel
        symbol = view.kernel.address
        self._on_exit = frozenset(view.kernel_exits)
        self._on_trace = symbol("trace_event")
        self._on_return = symbol("trace_syscall_exit")
        self._on_exec = symbol("trace_exec")
        self.entries = True
        self.hit: Hit | None = None

    # -- what to hook ------------------------------------------------------------------------

    def prepare(self) -> None:
        """See :class:`Plan`."""
        catches = self._catches
        self.code = set(self._once)
        self._view.forget_modules()
        for point in self._breakpoints:
            self.code |= self._view.places(point)
        # The first program is started by the kernel itself, without a call to see.
        self._mapping |= bool(self._breakpoints) and not self._kernel.current()
        if catches.keys() & {"signal", "fork", "exit"}:
            self.code.add(self._on_trace)
        if "return" in catches:
            self.code.add(self._on_return)
        if "exec" in catches:
            self.code.add(self._on_exec)
        linear = any(not p.physical and p.address < USER_END for p in self._watchpoints)
        if linear or self._mapping or self._to_user or catches.keys() & {"user", "exec", "return"}:
            self.code |= self._on_exit
        self._ranges = [
            (point, at, at + size, offset)
            for point in self._watchpoints
            for at, size, offset in self._places(point)
        ]
        self.memory = {
            (first, last - 1, access)
            for point, first, last, _ in self._ranges
            for access in _ACCESSES[point.access]
        }

    def _places(self, point: Watchpoint) -> list[tuple[int, int, int]]:
        return watched(point, self._view.space(point.pid))

    # -- what happens ------------------------------------------------------------------------

    def on_code(self, address: int, count: int) -> bool:
        """See :class:`Plan`."""
        if address in self._on_exit and self._leaving(count):
            return True
        if address == self._on_return and "return" in self._catches:
            self._returned(count)
        elif address == self._on_exec and "exec" in self._catches:
            self._executed(count)
        elif address == self._on_trace and self._traced(count):
            return True
        if count == self._here and self._before is None:
            return False
        test = self._once.get(address)
        if test is not None and (hit := test(count)) is not None:
            return self._report(hit)
        numbers, detail = [], ""
        for point in self._breakpoints:
            if address in self._view.addresses(point) and self._here_too(point):
                stop, problem = self._passes(point, count, {})
                if stop and self._view.confirms(point, address):
                    numbers.append(point.number)
                    detail = detail or problem
        return bool(numbers) and self._report(Hit(count, "breakpoint", tuple(numbers), detail))

    def on_memory(self, access: int, physical: int, size: int, value: int, count: int) -> bool:
        """See :class:`Plan`."""
        data = value.to_bytes(size, "little")
        rip = self._view.registers.rip
        return self._touched(access == WRITE, physical, size, data, count, rip)

    def host_write(self, gpa: int, size: int) -> bool:
        """See :class:`Plan`. The new bytes are in memory already; the old ones are not known."""
        if not self._ranges:
            return False
        return self._touched(True, gpa, size, None, self._view.position, 0)

    def on_entry(self, kind: int, code: int, rip: int, count: int) -> bool:
        """See :class:`Plan`."""
        if kind == CALL:
            again = self._maps_code(code)
            return ("syscall" in self._catches and self._called(code, count - 1)) or again
        if kind != FAULT:
            return False
        self._faults[self._kernel.ids()[1]] = count
        if "fault" not in self._catches or (count == self._here and self._before is None):
            return False
        address = f" at {self._view.registers['cr2']:#x}" if code == 14 else ""
        hit = self._caught("fault", {exception_name(code)}, count, {}, address)
        if hit is not None and self._report(hit):
            self.unsettled = True
            return True
        return False

    def on_doorbell(self, page: int) -> bool:
        """The host has answered the request in a physical page."""
        request = _REQUEST.unpack(self._view.memory.read(page, _REQUEST.size))
        op, arguments, count = request[0], request[5:], self._view.position
        if op == _CRASH and self._crashes:
            pid, tid = self._kernel.ids()
            moment = self._faults.get(tid, count)
            if moment != self._skip_crash:
                name = signal_name(arguments[1])
                detail = f"process {pid} dies by {name}, address {arguments[3]:#x}"
                return self._report(Hit(moment, "crash", (), detail))
        if "hypercall" in self._catches:
            hit = self._caught("hypercall", {op_name(op)}, count, {})
            return hit is not None and self._report(hit)
        return False

    # -- one by one --------------------------------------------------------------------------

    def _called(self, number: int, moment: int) -> bool:
        if moment == self._here and self._before is None:
            return False
        name = syscall_name(number & 0xFFFF_FFFF)
        hit = self._caught("syscall", {name, str(number)}, moment, {})
        if hit is None:
            return False
        return self._report(hit)

    def _returned(self, count: int) -> None:
        registers = self._view.registers
        number, result = registers["rdi"] & 0xFFFF, registers["rsi"]
        name = syscall_name(number)
        extra = {"result": _SIGNED.unpack(result.to_bytes(8, "little"))[0]}
        hit = self._caught("return", {name, str(number)}, count, extra, f" = {extra['result']}")
        if hit is not None:
            self._returning[self._kernel.ids()[1]] = hit

    def _executed(self, count: int) -> None:
        path = self._view.kernel_string(self._view.registers["rdi"])
        hit = self._caught("exec", {path}, count, {}, "")
        if hit is not None:
            self._returning[self._kernel.ids()[1]] = hit

    def _traced(self, count: int) -> bool:
        registers = self._view.registers
        kind, code = registers["rdi"] & 0xFFFF, registers["rsi"] & 0xFFFF
        hit = None
        if kind == TRACE_SIGNAL and "signal" in self._catches:
            # A fault is shown where it happened: one may look, and go back from there.
            fault = not registers["rdx"] and code in _FAULTS
            at = self._faults.get(self._kernel.ids()[1], count) if fault else count
            hit = self._caught("signal", {signal_name(code)}, at, {})
            if hit is not None and at == self._here and self._before is None:
                return self._again and self._report(hit)
        elif kind == TRACE_FORK and "fork" in self._catches:
            what = f" {registers['rcx']}.{registers['rdx']}"
            hit = self._caught("fork", {FORKS.get(code, "fork")}, count, {}, what)
        elif kind == TRACE_EXIT and "exit" in self._catches:
            hit = self._caught("exit", set(), count, {}, f" status {registers['rdx']:#x}")
        if hit is None or (count == self._here and self._before is None):
            return False
        return self._report(hit)

    def _leaving(self, count: int) -> bool:
        """The kernel is about to return to a program; True to stop in front of that."""
        if self._mapping or self._moved():
            self._mapping = False
            self.stale = True
            return True
        tid = self._kernel.ids()[1]
        hit = self._returning.pop(tid, None)
        if hit is None and self._to_user and self._user_tid in (None, tid):
            hit = Hit(count + 1, "user", ())
        if hit is None and "user" in self._catches:
            hit = self._caught("user", set(), count + 1, {})
        if hit is not None and self._report(hit._replace(moment=count + 1)):
            self.finish_instruction()
        return False

    def _moved(self) -> bool:
        """Whether a watched page of the running process is not where it was."""
        pid = self._kernel.ids()[0]
        for point in self._watchpoints:
            if not point.physical and point.pid == pid:
                known = [(at, end, offset) for p, at, end, offset in self._ranges if p is point]
                now = [(at, at + size, offset) for at, size, offset in self._places(point)]
                if now != known:
                    return True
        return False

    def _maps_code(self, number: int) -> bool:
        """Whether to stop and hook the way back from a call that maps code: then breakpoints may
        find their symbols."""
        if number not in (_EXECVE, _EXECVEAT) and not (
            number == _MMAP and self._view.registers["rdx"] & _PROT_EXEC
        ):
            return False
        self._view.forget_modules()
        if not self._breakpoints or self._mapping:
            return False
        self._mapping = self.stale = True
        return True

    def _touched(
        self, write: bool, physical: int, size: int, data: bytes | None, count: int, rip: int
    ) -> bool:
        numbers, access, detail = [], None, ""
        for point, first, last, offset in self._ranges:
            if physical >= last or physical + size <= first or not self._here_too(point):
                continue
            if not write and point.access in ("write", "change"):
                continue
            low, high = max(first, physical), min(last, physical + size)
            now = self._view.memory.read(low, high - low)
            new = now if data is None or not write else data[low - physical : high - physical]
            old = b"" if data is None else now
            if point.access == "change" and old == new:
                continue
            stop, problem = self._passes(point, count, {})
            if stop:
                numbers.append(point.number)
                detail = detail or problem
                pid, tid = self._kernel.ids()
                at = point.address + offset + low - first
                access = Access(count, rip, pid, tid, at, high - low, write, old, new)
                detail = detail or point.news(access)
        if access is None:
            return False
        return self._report(Hit(count, "watchpoint", tuple(numbers), detail, access))

    def _caught(
        self, event: str, names: set[str], moment: int, extra: dict[str, int], more: str = ""
    ) -> Hit | None:
        numbers, detail = [], ""
        for point in self._catches.get(event, ()):
            if (point.names and not point.names & names) or not self._here_too(point):
                continue
            stop, problem = self._passes(point, moment, extra)
            if stop:
                numbers.append(point.number)
                detail = detail or problem
        if not numbers:
            return None
        shown = " " + min(names, key=lambda n: n.isdigit()) if names else ""
        return Hit(moment, "catch", tuple(numbers), detail or f"{event}{shown}{more}")

    def _here_too(self, point: Point) -> bool:
        if point.pid is None and point.tid is None:
            return True
        pid, tid = self._kernel.ids()
        if isinstance(point, Watchpoint):
            # Other processes and the host may share the page; the thread is asked for.
            return point.tid in (None, tid)
        return point.pid in (None, pid) and point.tid in (None, tid)

    def _passes(self, point: Point, moment: int, extra: dict[str, int]) -> tuple[bool, str]:
        """Whether a point's condition and count let it stop the guest, and what went wrong."""
        if point.condition is not None:
            try:
                if not point.condition.true(self._view.scope(extra)):
                    return False, ""
            except DebugError as error:
                return True, f"the condition of {point.number} failed: {error}"
        return point.hit(moment), ""

    def _report(self, hit: Hit) -> bool:
        """Keep a hit; whether to stop for it."""
        if self._before is None:
            if self.hit is None:
                self.hit = hit
            self.stopped = True
            return True
        limit = self._before + (hit.access is not None)
        if hit.moment < limit:
            self.hit = hit
        return False


_ACCESSES = {"write": (WRITE,), "change": (WRITE,), "read": (READ,), "access": (READ, WRITE)}

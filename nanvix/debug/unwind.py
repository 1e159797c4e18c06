"""Call stacks: from the innermost frame outwards, through the kernel into the program.

By call frame information where a file has it, by the chain of frame pointers elsewhere; a kernel
frame that came in from a program continues with the registers the kernel has saved of it.
"""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING

from nanvix.abi.layout import USER_END
from nanvix.debug.caller import step
from nanvix.debug.cfi import RETURN
from nanvix.debug.errors import DebugError
from nanvix.debug.location import REGISTERS
from nanvix.debug.looking import exact
from nanvix.named import NamedTuple

if TYPE_CHECKING:
    from nanvix.debug.space import Space
    from nanvix.debug.symbols import Module
    from nanvix.debug.view import View

_ENTRIES = (
    "syscall_entry", "syscall_work", "trap_entry", "trap_return", "task_start", "enter_user",
    "return_by_monitor", "vector_", "sunk_", "sink_",
)  # fmt: skip
"""Kernel code that stands between a program and the kernel's C."""
_SAVED = ("r15", "r14", "r13", "r12", "rbp", "rbx", "rip")
"""What context_switch leaves on the stack of a task that does not run (kernel/boot/entry.S)."""
_LIMIT = 256
_MASK = (1 << 64) - 1
_ENTRY_CODE = (b"\xf3\x0f\x1e\xfa", b"\x55")
"""endbr64, push %rbp: a function that has not made its frame yet."""


class Frame:
    """``level`` counts from 0. ``pc``: the next instruction, or the return address. ``registers``:
    those that are known, by name. ``cfa``: the stack pointer before the call. ``ring``: user or
    kernel. ``how`` its caller was found: cfi, frame pointer, entry (the kernel has saved its
    registers), or end. ``exact``: pc is the next instruction rather than behind a call. ``outer``:
    it is of a function into which so many others were put that the instruction is of; such have
    a ``name`` and the line they ``called`` from, where it is not the instruction's."""

    __slots__ = (
        "_space", "bias", "called", "cfa", "exact", "how", "level", "name", "outer", "pc",
        "registers", "ring",
    )  # fmt: skip

    def __init__(self, level: int, registers: dict[str, int], space: Space, exact: bool) -> None:
        self.level = level
        self.registers = registers
        self.pc = registers["rip"]
        self.ring = "kernel" if self.pc >= USER_END else "user"
        self.cfa = 0
        self.bias = 0
        self.how = "end"
        self.exact = exact
        self.outer = 0
        self.name: str | None = None
        self.called: tuple[str, int] | None = None
        self._space = space

    @property
    def lookup(self) -> int:
        """The address to look names up with: a return address belongs to the call before it."""
        return self.pc if self.exact else self.pc - 1

    def register(self, number: int) -> int:
        """By DWARF number. Raises DebugError when it is not known here."""
        name = REGISTERS[number] if number < len(REGISTERS) else str(number)
        value = self.registers.get(name)
        if value is None:
            raise DebugError(f"{name} is not known in this frame")
        return value

    def read(self, address: int, size: int) -> bytes:
        """Memory."""
        return self._space.read(address, size)


class Call(NamedTuple):
    """One line of a backtrace."""

    level: int
    pc: int
    cfa: int
    ring: str
    symbol: str | None
    line: str | None
    how: str


class Unwinder:
    """Unwinds the stacks of one guest."""

    def __init__(self, view: View) -> None:
        self._view = view

    def frames(self, tid: int | None = None, limit: int = _LIMIT) -> list[Frame]:
        """A thread's frames, innermost first; of the running thread by default."""
        view = self._view
        task = view.kernel.current()
        running = tid is None or tid == view.kernel.ids()[1]
        space = view.space()
        assert space is not None
        if running:
            registers = view.registers.general()
        else:
            thread = view.thread(tid)
            task = thread.task
            space = type(space)(view.memory, thread.root or space.root)
            registers = self._switched(task, space) or thread.registers
        modules = view.modules(task) if task else []
        frames = [Frame(0, dict(registers), space, not running or exact(view.registers))]
        while len(frames) < limit:
            inner = frames[-1]
            outer = self._outer(inner, task, space, modules)
            if outer is None:
                break
            registers, precise = outer
            climbs = registers["rsp"] > inner.registers["rsp"]
            if not (climbs or precise or inner.how == "entry" or inner.level == 0):
                break  # stacks grow down: this is no chain
            frames.append(Frame(len(frames), registers, space, precise))
        return frames

    def calls(self, tid: int | None, limit: int) -> list[Frame]:
        """The same with a frame for each function that was put into another."""
        view = self._view
        task = view.kernel.current() if tid is None else view.thread(tid).task
        modules = view.modules(task) if task else []
        found: list[Frame] = []
        for frame in self.frames(tid, limit):
            module = next((m for m in modules if m.start <= frame.lookup < m.end), None)
            chain = [] if module is None else module.binary.inlined(frame.lookup - module.bias)
            for outer in range(len(chain) + 1):
                call = copy(frame)
                call.level, call.outer = len(found), outer
                call.name = f"{chain[outer].name} (inlined)" if outer < len(chain) else None
                call.called = chain[outer - 1].called if outer else None
                found.append(call)
        return found[:limit]

    def _outer(
        self, frame: Frame, task: int, space: Space, modules: list[Module]
    ) -> tuple[dict[str, int], bool] | None:
        """The caller's registers and whether its pc is exact, or None at the end."""
        if frame.ring == "kernel":
            name = self._view.image.symbol(frame.lookup) or ""
            if name.startswith(_ENTRIES):
                saved = self._view.kernel.user_registers(task) if task else {}
                if frame.level == 0 and name == "syscall_entry":
                    saved = frame.registers | {"rip": frame.registers["rcx"]}
                if not saved.get("rip") or saved["rip"] >= USER_END:
                    return None
                frame.how = "entry"
                return saved, True
            return self._by_frame_pointer(frame, name)
        module = next((m for m in modules if m.start <= frame.lookup < m.end), None)
        if module is not None:
            frame.bias = module.bias
            rules = module.binary.frames().rules(frame.lookup - module.bias)
            if rules is not None:
                try:
                    frame.cfa, found = step(rules, frame)
                except DebugError:
                    return None
                if found.get(RETURN, 0) in (0, -1):
                    return None
                frame.how = "cfi"
                caller = dict(frame.registers)
                caller.update({REGISTERS[n]: v for n, v in found.items() if n < len(REGISTERS)})
                return caller, rules.signal
        return self._by_frame_pointer(frame, None)

    def _by_frame_pointer(
        self, frame: Frame, name: str | None
    ) -> tuple[dict[str, int], bool] | None:
        registers = frame.registers
        sp, bp = registers["rsp"], registers.get("rbp", 0)
        place = bp + 8
        if frame.level == 0:
            code = frame.read(frame.pc, 5)
            before = frame.read(frame.pc - 1, 1)
            if code.startswith(_ENTRY_CODE) or (name is not None and "+" not in name):
                return self._returned(frame, sp, None)
            if before == b"\x55" and code.startswith(b"\x48\x89\xe5"):
                return self._returned(frame, sp + 8, sp)
        if not sp <= bp <= sp + (8 << 20) or bp % 8:
            return None
        return self._returned(frame, place, bp)

    @staticmethod
    def _returned(
        frame: Frame, place: int, saved_bp: int | None
    ) -> tuple[dict[str, int], bool] | None:
        address = frame.read(place, 8)
        if len(address) < 8 or not int.from_bytes(address, "little"):
            return None
        frame.cfa, frame.how = place + 8, "frame pointer"
        caller = {"rip": int.from_bytes(address, "little"), "rsp": place + 8}
        caller["rbp"] = frame.registers.get("rbp", 0)
        if saved_bp is not None:
            caller["rbp"] = int.from_bytes(frame.read(saved_bp, 8), "little")
        for name in ("rbx", "r12", "r13", "r14", "r15"):
            if name in frame.registers:
                caller[name] = frame.registers[name]
        return caller, False

    def _switched(self, task: int, space: Space) -> dict[str, int]:
        """Where a task that does not run will go on in the kernel."""
        sp = self._view.kernel.kernel_sp(task)
        data = space.read(sp, 8 * len(_SAVED)) if sp else b""
        if len(data) < 8 * len(_SAVED):
            return {}
        words = memoryview(data).cast("Q")
        registers = dict(zip(_SAVED, words, strict=True))
        if not self._view.image.symbol(registers["rip"]):
            return {}
        registers["rsp"] = sp + 8 * len(_SAVED)
        return registers

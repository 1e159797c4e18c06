"""Looking: registers, memory, code, names, stacks, processes, of the moment shown.

The part of :class:`~nanvix.debug.debugger.Debugger` that changes nothing.
"""

from __future__ import annotations

import os
from itertools import islice
from typing import TYPE_CHECKING, Any

from nanvix.debug import backing, finding
from nanvix.debug.disassembly import LONGEST, Instruction, before, decode, disassemble
from nanvix.debug.errors import DebugError
from nanvix.debug.expression import Expression
from nanvix.debug.looking import Chosen
from nanvix.debug.points import Breakpoint, Point
from nanvix.debug.scope import FrameScope
from nanvix.debug.unwind import Call
from nanvix.debug.view import View
from nanvix.named import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable
    from contextlib import AbstractContextManager

    from nanvix.debug.kernel import Area, Process, Thread
    from nanvix.debug.space import Entry
    from nanvix.debug.values import Value
    from nanvix.debug.view import Stage
    from nanvix.guest.mounts import Mount
    from nanvix.machine.state import VcpuState


class Local(NamedTuple):
    """A variable in scope. ``value`` is None where ``problem`` says why."""

    name: str
    value: Value | None
    problem: str
    argument: bool


class Inspector:
    """See the module. ``tid`` arguments name a thread; None is the running one."""

    def __init__(self, stage: Stage, mounts: Iterable[Mount] = ()) -> None:
        places = sorted(((m.target, m.source) for m in mounts), reverse=True)

        def locate(path: str) -> str:
            for guest, host in places:
                if path == guest or path.startswith(guest.rstrip("/") + "/"):
                    return os.path.normpath(host + path[len(guest.rstrip("/")) :])
            return path

        self._stage = stage
        self._locate = locate
        self._view = View(stage, locate)

    def steady(self) -> AbstractContextManager[None]:
        """A context in which much is looked at and nothing runs or is changed: then it is
        quicker."""
        return self._view.steady()

    def chosen(
        self, tid: int | None, level: int = 0, *, program: bool = False
    ) -> AbstractContextManager[None]:
        """A context in which a frame of a thread is looked at in the place of the running one's
        innermost: its registers as far as they are known, its memory, its variables. ``program``:
        without what the kernel does for it."""
        return Chosen(self._view, tid, level, program)

    # -- registers and memory ----------------------------------------------------------------

    def registers(self, tid: int | None = None) -> dict[str, int]:
        """General registers, rip, rflags, fs_base, gs_base: the CPU's, or those with which a
        thread will return to user mode."""
        if tid is not None:
            return dict(self._view.thread(tid).registers)
        live = self._view.registers
        known = live.general()
        for name in ("fs_base", "gs_base"):
            try:
                known[name] = live[name]
            except KeyError:  # of a frame that is only looked at
                continue
        return known

    def cpu(self) -> VcpuState:
        """Everything of the virtual CPU: segments, control registers, x87 and SSE."""
        return self._stage.backend.save_state()

    @property
    def in_kernel(self) -> bool:
        """Whether the CPU is in ring 0."""
        return not self._view.registers.user

    def read_memory(self, address: int, size: int, *, pid: int | None = None) -> bytes:
        """Linear memory, up to what is not mapped; pages not touched yet as they will be."""
        space = self._view.space(pid)
        if space is None:
            return b""
        return backing.read(space, lambda: self.maps(pid), self._locate, address, size)

    def read_physical(self, address: int, size: int) -> bytes:
        """Guest-physical memory. Raises BadAddress outside RAM."""
        return self._view.memory.read(address, size)

    def translate(self, address: int, *, pid: int | None = None) -> int | None:
        """Guest-physical address, or None."""
        space = self._view.space(pid)
        return space.translate(address) if space is not None else None

    def page_walk(self, address: int, *, pid: int | None = None) -> list[Entry]:
        """The page-table entries on the way to an address."""
        space = self._view.space(pid)
        return space.walk(address) if space is not None else []

    def search_memory(
        self, data: bytes, start: int, end: int, *, pid: int | None = None, limit: int = 100,
        going: finding.Going = finding.on,
    ) -> list[int]:  # fmt: skip
        """Addresses in [start, end) at which ``data`` stands; what is not mapped, and anonymous
        memory that was never touched, is passed over. ``going``: see nanvix.debug.finding."""
        space = self._view.space(pid)
        files = [area for area in self.maps(pid) if area.file]

        def read(address: int, size: int) -> bytes:
            assert space is not None
            data = backing.read(space, lambda: files, self._locate, address, size)
            return self.seen(address, data, pid)

        areas = finding.within(self.maps(pid), start, end)
        found = finding.find(data, space, areas, read, going) if space and data else iter(())
        return list(islice(found, limit))

    def seen(self, address: int, data: bytes, pid: int | None) -> bytes:
        """Memory as the program knows it: without what a debugger has written there."""
        return data

    # -- processes ---------------------------------------------------------------------------

    def processes(self) -> list[Process]:
        """All processes, zombies included."""
        return self._view.kernel.processes()

    def threads(self) -> list[Thread]:
        """All threads of all processes."""
        return self._view.kernel.threads()

    def maps(self, pid: int | None = None) -> list[Area]:
        """The mappings of a process, by default the running one."""
        if pid is None:
            return self._view.areas(self._view.kernel.current())
        thread = next((t for t in self.threads() if t.pid == pid), None)
        return self._view.areas(thread.task) if thread is not None else []

    def binaries(self) -> list[str]:
        """Host paths of the ELF files that have been looked into so far, and of those that are
        mapped now."""
        for task in {thread.pid: thread.task for thread in self.threads()}.values():
            self._view.modules(task)
        return self._view.symbols.paths()

    def auxv(self, pid: int) -> bytes:
        """A program's auxiliary vector, empty when there is no such process."""
        thread = next((t for t in self.threads() if t.pid == pid), None)
        return self._view.kernel.auxv(thread.task) if thread is not None else b""

    def saved_fpu(self, thread: Thread) -> bytes | None:
        """The FXSAVE image of a thread that does not run."""
        return self._view.kernel.fpu(thread.task)

    def frame_address(self, thread: Thread) -> int:
        """Where the kernel keeps a thread's user registers (crash.FRAME_FIELDS)."""
        return self._view.kernel.frame(thread.task)

    def host_path(self, path: str) -> str:
        """Where a file of the guest is on the host."""
        return self._locate(path)

    # -- code and names ----------------------------------------------------------------------

    def instruction(self) -> Instruction:
        """The next instruction. Raises DebugError when rip leads nowhere."""
        rip = self._view.registers.rip
        item = decode(self.read_memory(rip, LONGEST), rip)
        if item is None:
            raise DebugError(f"there is no instruction at {rip:#x}")
        return item

    def _kind(self) -> str:
        """Of the next instruction; empty where there is none, as before a page is there."""
        rip = self._view.registers.rip
        item = decode(self.read_memory(rip, LONGEST), rip)
        return "" if item is None else item.kind or item.mnemonic

    def disassemble(self, address: int | None = None, count: int = 16) -> list[Instruction]:
        """Instructions from an address, by default from rip, with symbols."""
        start = self._view.registers.rip if address is None else address
        name = self._view.name
        return [
            item._replace(
                symbol=name(item.address),
                line=self._line_text(item.address),
                note=(name(item.target) or "") if item.target is not None else "",
            )
            for item in disassemble(self.read_memory, start, count)
        ]

    def disassemble_around(self, address: int, ahead: int, behind: int) -> list[Instruction]:
        """Up to ``ahead`` instructions that end at an address, and ``behind`` from there on."""
        first = before(self.read_memory, address, ahead)
        start = first[0].address if first else address
        return self.disassemble(start, len(first) + behind)

    def places(self, point: Point) -> frozenset[int]:
        """Where a breakpoint is in the running process; nowhere for other points."""
        return self._view.addresses(point) if isinstance(point, Breakpoint) else frozenset()

    def _line_text(self, address: int) -> str | None:
        line = self._view.line(address)
        return f"{line[0]}:{line[1]}" if line is not None else None

    def symbol(self, address: int) -> str | None:
        """``main+0x12``, or None."""
        return self._view.name(address)

    def place_in_file(self, address: int) -> str:
        """``libc.so.6+0x29d90``, where there is no symbol; empty outside files."""
        for area in self.maps():
            if area.start <= address < area.end and area.file:
                return f"{area.name.rpartition('/')[2]}+{address - area.start + area.offset:#x}"
        return ""

    def address(self, where: int | str) -> int:
        """The address of a symbol, symbol+offset or line. Raises DebugError when not known."""
        found = self._view.resolve(where)
        if not found:
            raise DebugError(f"{where!r} is not known here")
        return found[0]

    def complete(self, prefix: str) -> list[str]:
        """Symbols that begin so."""
        return self._view.symbols.names(prefix, self._view.modules())

    def line(self, address: int | None = None) -> tuple[str, int] | None:
        """Source file and line of an instruction, by default the next one; None without debug
        information."""
        return self._view.line(self._view.registers.rip if address is None else address)

    def source(self, file: str, line: int, around: int = 5) -> list[tuple[int, str]]:
        """Numbered source lines around one, as far as the file is on the host."""
        try:
            with open(self._locate(file), encoding="utf-8", errors="replace") as stream:
                lines = stream.read().splitlines()
        except OSError:
            return []
        first = max(1, line - around)
        return list(enumerate(lines[first - 1 : line + around], first))

    # -- stacks and variables ----------------------------------------------------------------

    def backtrace(self, tid: int | None = None, limit: int = 64) -> list[Call]:
        """A thread's calls, innermost first, through the kernel into the program; also those that a
        compiler has replaced by the function itself."""
        found = []
        task = self._task(tid)
        for frame in self._view.calls(tid, limit):
            line = frame.called or self._view.line(frame.lookup, task)
            found.append(
                Call(
                    frame.level,
                    frame.pc,
                    frame.cfa,
                    frame.ring,
                    frame.name or self._view.name(frame.lookup, task),
                    f"{line[0]}:{line[1]}" if line is not None else None,
                    frame.how,
                )
            )
        return found

    def variables(self, level: int = 0, tid: int | None = None) -> list[Local]:
        """Arguments and local variables of a frame."""
        return [Local(*found) for found in self._scope(level, tid).variables()]

    def evaluate(self, text: str, level: int = 0, tid: int | None = None) -> Value:
        """A C expression in a frame, by default the innermost one. Raises DebugError."""
        return Expression(text).value(self._scope(level, tid))

    def _scope(self, level: int, tid: int | None) -> FrameScope:
        if not level and tid is None:
            return self._view.scope()
        frames = self._view.calls(tid, level + 2)
        if level >= len(frames):
            raise DebugError(f"there is no frame {level}")
        frame = frames[level]
        return FrameScope(
            self._view, frame.registers, {}, frame, self._view.modules(self._task(tid))
        )

    def _task(self, tid: int | None) -> int:
        return self._view.kernel.current() if tid is None else self._view.thread(tid).task

    # -- for the verbs -----------------------------------------------------------------------

    def _pieces(self, address: int, data: bytes, pid: int | None) -> list[tuple[int, bytes]]:
        """What is to be written, by physical address. Raises DebugError where that is not all
        mapped, or is the page of zeros that all share."""
        space = self._view.space(pid)
        pieces = space.pieces(address, len(data)) if space is not None else []
        if sum(size for _, size in pieces) < len(data):
            raise DebugError(f"memory at {address:#x} is not mapped")
        found = []
        for physical, size in pieces:
            if self._view.kernel.is_zeros(physical):
                raise DebugError(f"memory at {address:#x} is shared zeros, and none is free for it")
            found.append((physical, data[:size]))
            data = data[size:]
        return found

    def _place(self, what: int | str, size: int | None) -> tuple[int, int, dict[str, Any]]:
        """Address and size of what is to be watched, and what a Watchpoint knows of it."""
        if isinstance(what, int):
            return what, size or 8, {}
        value = self.evaluate(what)
        if value.address is not None:
            known = {"name": what, "shape": None if size else value.type}
            return value.address, size or max(1, value.type.size), known
        return value.integer() & (1 << 64) - 1, size or 8, {}

    def _return_place(self) -> tuple[int, int]:
        """Where the current function returns to, and the stack pointer then."""
        frames = self._view.frames(None, 2)
        if len(frames) < 2 or frames[0].how not in ("cfi", "frame pointer"):
            raise DebugError("the caller of this function is not known")
        return frames[1].pc, frames[0].cfa

    def _calls_ending_at(self, address: int) -> list[int]:
        """Addresses of the instructions that may have called with this return address."""
        found = []
        for size in range(2, 8):
            data = self.read_memory(address - size, size)
            item = decode(data, address - size)
            if item is not None and item.kind == "call" and item.size == size:
                found.append(item.address)
        return found

"""What can be seen of the guest at the moment shown: registers, memory, names, processes.

Cheap enough to be used in the middle of a run, for conditions.
"""

from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from nanvix.abi.layout import QUIRK_SLOW_RING0, USER_END
from nanvix.debug.disassembly import disassemble
from nanvix.debug.errors import DebugError
from nanvix.debug.kernel import Area, Kernel, Thread
from nanvix.debug.points import Breakpoint
from nanvix.debug.scope import FrameScope
from nanvix.debug.space import Space
from nanvix.debug.symbols import Module, Symbols
from nanvix.debug.unwind import Frame, Unwinder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nanvix.machine.machine import Machine
    from nanvix.machine.memory import GuestMemory
    from nanvix.machine.state import VcpuState

_EXIT_CODE = 400
"""Bytes behind an entry symbol in which its way back to user mode lies."""


class Registers(Protocol):
    """The general registers of the vCPU as it stands."""

    def __getitem__(self, name: str) -> int:
        """Also cr2, cr3, fs_base, gs_base and rflags."""

    @property
    def rip(self) -> int:
        """The instruction pointer."""

    @property
    def user(self) -> bool:
        """Whether a program runs."""

    def general(self) -> dict[str, int]:
        """All general registers, rip and rflags."""


class Cpu(Protocol):
    """What is asked of a backend."""

    quirks: int

    def registers(self) -> Registers:
        """Those of the vCPU, now and later."""

    def save_state(self) -> "VcpuState":
        """Everything."""


class Stage(Protocol):
    """A guest that stands: a timeline of the emulator, or a machine on KVM."""

    @property
    def machine(self) -> "Machine":
        """The machine, for what is loaded and how it ended."""

    @property
    def backend(self) -> Cpu:
        """Its vCPU."""

    @property
    def memory(self) -> "GuestMemory":
        """Its memory."""

    @property
    def position(self) -> int:
        """The moment shown, if there are moments."""


class View:
    """One guest, read only. ``kernel_exits``: where the kernel returns to programs."""

    def __init__(self, stage: Stage, locate: "Callable[[str], str]") -> None:
        self._stage = stage
        self.memory = stage.memory
        image = stage.machine.image
        self.image = image
        self.kernel = Kernel(self.memory, image)
        self.symbols = Symbols(image, locate)
        self.registers = stage.backend.registers()
        self.kernel_exits = tuple(
            self._find(symbol, mnemonic)
            for symbol, mnemonic in (("trap_return", "iretq"), ("syscall_work", "sysretq"))
        )
        self._sunk = bool(stage.backend.quirks & QUIRK_SLOW_RING0)
        self._unwinder = Unwinder(self)
        self._areas: dict[int, list[Area]] | None = None
        self._modules: dict[int, list[Module]] | None = None
        self.lasting: list[Module] = []
        """What a program that is gone had mapped, where its names are still wanted."""
        self._resolved: dict[tuple[int, int | str], frozenset[int]] = {}
        self._places: dict[int | str, set[int]] = {}

    @property
    def position(self) -> int:
        """The moment shown."""
        return self._stage.position

    # -- address spaces ----------------------------------------------------------------------

    def space(self, pid: int | None = None) -> Space | None:
        """The address space of a process, or the one the CPU uses now (None); None when there is
        no such process."""
        if pid is None or pid == self.kernel.ids()[0]:
            return Space(self.memory, self.root())
        root = self.kernel.root_of(pid)
        return Space(self.memory, root) if root else None

    def root(self) -> int:
        """Physical address of the page tables in use. A sunk kernel works under its own, without
        programs (docs/privilege.md): there it is those of the program it works for."""
        if self.kernel.shown is not None:
            return self.registers["cr3"]
        if self._sunk and not self.registers.user:
            return self.kernel.current_root() or self.registers["cr3"]
        return self.registers["cr3"]

    def read(self, address: int, size: int) -> bytes:
        """Memory as the CPU sees it now, up to the first page that is not mapped."""
        return Space(self.memory, self.root()).read(address, size)

    def kernel_string(self, address: int) -> str:
        """Text in kernel memory."""
        return Space(self.memory, self.root()).string(address).decode("utf-8", "replace")

    # -- names -------------------------------------------------------------------------------

    def modules(self, task: int | None = None) -> list[Module]:
        """What the running process, or that of ``task``, has mapped."""
        task = self.kernel.current() if task is None else task
        if not task:
            return self.lasting
        kept = self._modules
        if kept is None:
            return self.symbols.modules(self.areas(task)) or self.lasting
        if task not in kept:
            kept[task] = self.symbols.modules(self.areas(task)) or self.lasting
        return kept[task]

    def areas(self, task: int) -> list[Area]:
        """The mappings of a task's process, by address."""
        kept = self._areas
        if kept is None:
            return self.kernel.areas(task)
        if task not in kept:
            kept[task] = self.kernel.areas(task)
        return kept[task]

    @contextmanager
    def steady(self) -> "Iterator[None]":
        """As long as it is entered nothing runs and nothing is changed: what takes long to find
        out is found out once."""
        self._areas, self._modules = {}, {}
        try:
            yield
        finally:
            self._areas = self._modules = None

    def name(self, address: int, task: int | None = None) -> str | None:
        """``main+0x12``, or None."""
        return self.symbols.name(address, [] if address >= USER_END else self.modules(task))

    def resolve(self, where: int | str, task: int | None = None) -> list[int]:
        """The addresses a place stands for, none when it is not known (yet)."""
        if isinstance(where, int):
            return [where]
        text = where.strip()
        text = text.removeprefix("*")
        if text[:1].isdigit():
            try:
                return [int(text, 0)]
            except ValueError:
                raise DebugError(f"{where!r} is no address") from None
        file, colon, line = text.rpartition(":")
        if colon and line.isdigit():
            return self.line_addresses(file, int(line), task)
        name, plus, offset = text.rpartition("+")
        if not plus or not offset.strip()[:1].isdigit():
            name, offset = text, "0"
        try:
            further = int(offset, 0)
        except ValueError:
            raise DebugError(f"{where!r}: {offset!r} is no offset") from None
        name = name.strip()
        if name.startswith("kernel:"):
            found = self.symbols.symbol(name, ())
            return [] if found is None else [found[0] + further]
        modules = self.modules(task)
        return [s.address + bias + further for s, bias in self.symbols.named(name, modules)]

    def line_addresses(self, file: str, line: int, task: int | None = None) -> list[int]:
        """Where the code of a source line, or of the next that has any, begins."""
        return [
            address + module.bias
            for module in self.modules(task)
            for address in module.binary.dwarf().addresses(file, line)
        ]

    def line(self, address: int, task: int | None = None) -> tuple[str, int] | None:
        """Source file and line of an instruction."""
        for module in [] if address >= USER_END else self.modules(task):
            if module.start <= address < module.end:
                return module.binary.dwarf().line(address - module.bias)
        return None

    # -- for a search ------------------------------------------------------------------------

    def addresses(self, point: Breakpoint) -> frozenset[int]:
        """Where a breakpoint is in the running process."""
        key = (self.kernel.ids()[0], point.where)
        found = self._resolved.get(key)
        if found is None:
            found = self._resolved[key] = frozenset(self.resolve(point.where))
            self._places.setdefault(point.where, set()).update(found)
        return found

    def places(self, point: Breakpoint) -> set[int]:
        """Where it is or has been in any process."""
        found = self._places.setdefault(point.where, set())
        for task in {thread.pid: thread.task for thread in self.kernel.threads()}.values():
            found.update(self.resolve(point.where, task))
        return found | self.addresses(point)

    def confirms(self, point: Breakpoint, address: int) -> bool:
        """Whether an address is still what a breakpoint means."""
        return isinstance(point.where, int) or address in self.resolve(point.where)

    def forget_modules(self) -> None:
        """Mappings may be others than before: look symbols up again."""
        self._resolved.clear()

    def scope(self, extra: dict[str, int] | None = None) -> FrameScope:
        """Names at the running thread's innermost frame."""
        return FrameScope(self, self.registers, extra or {})

    def innermost(self) -> Frame:
        """The running thread's innermost frame."""
        frame = self._unwinder.frames(limit=2)[0]
        frame.outer = getattr(self.registers, "outer", 0)
        return frame

    def frames(self, tid: int | None, limit: int) -> list[Frame]:
        """A thread's frames, innermost first."""
        return self._unwinder.frames(tid, limit)

    def calls(self, tid: int | None, limit: int) -> list[Frame]:
        """The same with a frame for each function that was put into another."""
        return self._unwinder.calls(tid, limit)

    def thread(self, tid: int | None) -> Thread:
        """A thread by number, the running one by default. Raises DebugError."""
        for thread in self.kernel.threads():
            if thread.tid == tid or (tid is None and thread.current):
                return thread
        raise DebugError("no thread runs yet" if tid is None else f"there is no thread {tid}")

    def _find(self, symbol: str, mnemonic: str) -> int:
        """The first such instruction behind a kernel symbol. Raises DebugError."""
        start = self.kernel.address(symbol)

        def read(address: int, size: int) -> bytes:
            return self.image.bytes_at(address, min(size, _EXIT_CODE))

        for item in disassemble(read, start, _EXIT_CODE // 3):
            if item.mnemonic == mnemonic:
                return item.address
        raise DebugError(f"the guest kernel has no {mnemonic} behind {symbol}")

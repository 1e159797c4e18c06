"""The guest kernel's own tables: who runs, which processes and threads there are, what they map.

Offsets come from the image itself (``debug_layout``, kernel/lib/layout.c). All of it is guest
memory, so every list and tree is followed for a bounded number of steps and what makes no sense
ends it.
"""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING

from nanvix.abi.layout import KERNEL_BASE, PAGE_SIZE
from nanvix.debug.errors import DebugError
from nanvix.debug.space import Space, kernel_physical
from nanvix.machine.crash import FRAME_FIELDS
from nanvix.named import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nanvix.machine.image import KernelImage
    from nanvix.machine.memory import GuestMemory

STATES = ("runnable", "sleeping", "stopped", "dead")
_QUAD, _INT, _HALF = Struct("<Q"), Struct("<i"), Struct("<H")
_FRAME = Struct("<22Q")
_ENTRY = Struct("<QQ")
_MAX_ENTRIES = 256
_MAX_STEPS = 70_000
_MAX_NAMES = 256
_MAP_SHARED = 1
_FXSAVE = 512
_ANONYMOUS = 8


class Area(NamedTuple):
    """One mapping: [start, end). ``rights`` as in /proc/PID/maps; ``name``: the file's path, or
    ``[heap]`` and its like, or empty."""

    start: int
    end: int
    rights: str
    offset: int
    name: str
    file: bool


class Thread(NamedTuple):
    """``task``: the kernel's structure. ``registers``: those it had in user mode, as the kernel
    saved them (of the running thread in user mode they are those of its last entry)."""

    tid: int
    pid: int
    name: str
    state: str
    current: bool
    task: int
    root: int
    registers: dict[str, int]


class Process(NamedTuple):
    """``root``: physical address of its page tables; 0 when it has none any more."""

    pid: int
    parent: int
    exe: str
    threads: tuple[int, ...]
    zombie: bool
    root: int


class Kernel:
    """Reads one guest's kernel. Raises DebugError when the image has no layout table."""

    def __init__(self, memory: GuestMemory, image: KernelImage) -> None:
        self._memory = memory
        self.symbols = image.symbols()
        self._offsets = self._layout(image)
        self._current = self.address("current") - KERNEL_BASE
        self.shown: int | None = None
        """A task in the place of the running one (nanvix/debug/looking.py)."""

    def address(self, symbol: str) -> int:
        """Address of a kernel symbol. Raises DebugError."""
        try:
            return self.symbols[symbol]
        except KeyError:
            raise DebugError(f"the guest kernel has no symbol {symbol}") from None

    def is_zeros(self, physical: int) -> bool:
        """Whether this is in the page of zeros that all processes share."""
        return (physical & -PAGE_SIZE) + KERNEL_BASE == self.address("zero_page")

    # -- who runs ----------------------------------------------------------------------------

    def current(self) -> int:
        """The running task's structure, 0 before there is one."""
        if self.shown is not None:
            return self.shown
        address: int = _QUAD.unpack_from(self._memory.view, self._current)[0]
        return address

    def ids(self) -> tuple[int, int]:
        """pid and tid of the running thread, (0, 0) before there is one; cheap."""
        task = self.current()
        process = self._quad(task, "task.process") if task else 0
        if not process:
            return 0, 0
        return self._int(process, "process.pid"), self._int(task, "task.tid")

    def current_root(self) -> int:
        """Physical address of the running task's page tables, 0 when it has none; cheap."""
        return self.root_of_task(self.current())

    def root_of_task(self, task: int) -> int:
        """Physical address of a task's page tables, 0 when it has none."""
        mm = self._quad(task, "task.mm") if task else 0
        return self._quad(mm, "mm.root") if mm else 0

    def root_of(self, pid: int) -> int:
        """Physical address of a process's page tables, 0 when there is no such process."""
        return next((p.root for p in self.processes() if p.pid == pid), 0)

    def processes(self) -> list[Process]:
        """All of them, in the order they were made; zombies included."""
        head = self.symbols.get("all_processes", 0)
        found = []
        for process in self._list(head, "process.all"):
            threads = tuple(self._int(t, "task.tid") for t in self._threads(process))
            leader = next(self._threads(process), 0)
            mm = self._quad(leader, "task.mm") if leader else 0
            parent = self._quad(process, "process.parent")
            found.append(
                Process(
                    self._int(process, "process.pid"),
                    self._int(parent, "process.pid") if parent else 0,
                    self._text(process + self._at("process.exe"), _MAX_NAMES),
                    threads,
                    bool(self._bytes(process, "process.zombie", 1)[0]),
                    self._quad(mm, "mm.root") if mm else 0,
                )
            )
        return found

    def threads(self) -> list[Thread]:
        """All threads of all processes."""
        found = []
        current = self.current()
        for process in self._list(self.symbols.get("all_processes", 0), "process.all"):
            pid = self._int(process, "process.pid")
            found += [self._thread(task, pid, current) for task in self._threads(process)]
        return found

    def thread(self) -> Thread | None:
        """The running thread."""
        task = self.current()
        process = self._quad(task, "task.process") if task else 0
        return self._thread(task, self._int(process, "process.pid"), task) if process else None

    def user_registers(self, task: int) -> dict[str, int]:
        """What the kernel saved when this task last entered it."""
        data = self._read(self._quad(task, "task.frame"), _FRAME.size)
        if len(data) < _FRAME.size:
            return {}
        registers = dict(zip(FRAME_FIELDS, _FRAME.unpack(data), strict=True))
        registers["fs_base"] = self._quad(task, "task.fs_base")
        registers["gs_base"] = self._quad(task, "task.gs_base")
        return registers

    def frame(self, task: int) -> int:
        """Address of the trap frame with a task's user registers."""
        return self._quad(task, "task.frame")

    def held_at(self, task: int) -> int:
        """Address of the byte that keeps a task from running."""
        return task + self._at("task.held")

    def held(self, task: int) -> bool:
        """Whether a debugger keeps a task from running."""
        return bool(self._bytes(task, "task.held", 1)[0])

    def fpu(self, task: int) -> bytes | None:
        """The vector state of a task that does not run, as an FXSAVE image."""
        at = self._quad(task, "task.fpu")
        data = self._read(at, _FXSAVE) if at else b""
        return data if len(data) == _FXSAVE else None

    def kernel_sp(self, task: int) -> int:
        """The kernel stack pointer of a task that does not run."""
        return self._quad(task, "task.kernel_sp")

    # -- what is mapped ----------------------------------------------------------------------

    def areas(self, task: int) -> list[Area]:
        """The mappings of a task's process, by address."""
        mm = self._quad(task, "task.mm")
        if not mm:
            return []
        nodes = self._tree(self._quad(mm, "mm.areas") if mm else 0)
        return [self._area(node - self._at("area.node")) for node in nodes]

    def auxv(self, task: int) -> bytes:
        """The auxiliary vector of the task's program."""
        mm = self._quad(task, "task.mm")
        count = min(self._int(mm, "mm.auxv_len"), 48) if mm else 0
        return self._read(mm + self._at("mm.auxv"), count * 8) if count > 0 else b""

    def _area(self, area: int) -> Area:
        prot, flags = self._int(area, "area.prot"), self._int(area, "area.flags")
        rights = "".join(c if prot >> i & 1 else "-" for i, c in enumerate("rwx"))
        file, name = self._quad(area, "area.file"), self._quad(area, "area.name")
        text = self._path(self._quad(file, "file.dentry")) if file else ""
        if not file and name:
            text = self._text(name, 32)
        return Area(
            self._quad(area + self._at("area.node"), "tree_node.key"),
            self._quad(area, "area.end"),
            rights + ("s" if flags & _MAP_SHARED else "p"),
            self._quad(area, "area.offset") if file else 0,
            text,
            bool(file),
        )

    def _path(self, dentry: int) -> str:
        """The path of a name in the guest's tree, as the kernel writes it."""
        parts: list[str] = []
        for _ in range(_MAX_NAMES):
            size = _HALF.unpack(self._bytes(dentry, "dentry.size", 2))[0]
            name = self._read(self._quad(dentry, "dentry.name"), min(size, 4096))
            if _HALF.unpack(self._bytes(dentry, "dentry.flags", 2))[0] & _ANONYMOUS:
                return name.decode("utf-8", "replace")
            parent = self._quad(dentry, "dentry.parent")
            if parent != dentry:
                parts.append(name.decode("utf-8", "replace"))
                dentry = parent
                continue
            dentry = self._quad(self._quad(dentry, "dentry.super"), "super.covers")
            if not dentry:
                break
        return "/" + "/".join(reversed(parts))

    # -- reading -----------------------------------------------------------------------------

    def _thread(self, task: int, pid: int, current: int) -> Thread:
        state = self._int(task, "task.state")
        mm = self._quad(task, "task.mm")
        return Thread(
            self._int(task, "task.tid"),
            pid,
            self._text(task + self._at("task.comm"), 16),
            STATES[state] if 0 <= state < len(STATES) else str(state),
            task == current,
            task,
            self._quad(mm, "mm.root") if mm else 0,
            self.user_registers(task),
        )

    def _threads(self, process: int) -> Iterator[int]:
        return self._list(process + self._at("process.threads"), "task.thread_link")

    def _list(self, head: int, link: str) -> Iterator[int]:
        """The structures on a circular list."""
        at = self._quad(head, "list.next") if head else 0
        for _ in range(_MAX_STEPS):
            if not at or at == head:
                return
            yield at - self._at(link)
            at = self._quad(at, "list.next")

    def _tree(self, root: int) -> list[int]:
        """The nodes of a tree in order."""
        found: list[int] = []
        above: list[int] = []
        node = root
        while (node or above) and len(found) < _MAX_STEPS and len(above) < _MAX_STEPS:
            while node and len(above) < _MAX_STEPS:
                above.append(node)
                node = self._quad(node, "tree_node.left")
            node = above.pop()
            found.append(node)
            node = self._quad(node, "tree_node.right")
        return found

    def _at(self, field: str) -> int:
        return self._offsets[field]

    def _quad(self, structure: int, field: str) -> int:
        data = self._bytes(structure, field, 8)
        number: int = _QUAD.unpack(data)[0]
        return number

    def _int(self, structure: int, field: str) -> int:
        number: int = _INT.unpack(self._bytes(structure, field, 4))[0]
        return number

    def _bytes(self, structure: int, field: str, size: int) -> bytes:
        """A field's bytes; zeros where a pointer leads nowhere."""
        return self._read(structure + self._offsets[field], size).ljust(size, b"\0")

    def _read(self, address: int, size: int) -> bytes:
        physical = kernel_physical(address, self._memory.size)
        if physical is not None:
            return self._memory.read(physical, min(size, self._memory.size - physical))
        return Space(self._memory, self.root()).read(address, size)

    def root(self) -> int:
        """Any page tables with the kernel half: its own."""
        at = self.symbols["kernel_root"] - KERNEL_BASE
        root: int = _QUAD.unpack_from(self._memory.view, at)[0]
        return root

    def _text(self, address: int, limit: int) -> str:
        return self._read(address, limit).split(b"\0")[0].decode("utf-8", "replace")

    def _layout(self, image: KernelImage) -> dict[str, int]:
        """The table in the image file, before the guest could have touched it."""
        at = self.symbols.get("debug_layout")
        if at is None:
            raise DebugError("the guest kernel has no layout table: build it again")
        found: dict[str, int] = {}
        for index in range(_MAX_ENTRIES):
            name, value = _ENTRY.unpack(image.bytes_at(at + index * _ENTRY.size, _ENTRY.size))
            if not name:
                break
            text = image.bytes_at(name, 64).split(b"\0")[0]
            found[text.decode("ascii")] = value
        return found

"""A guest's processes as gdb wants to see it: in user mode, whatever the CPU is doing.

gdb looks at one process at a time. A thread that is in the kernel shows the registers with which it
will return, which the kernel keeps in its trap frame; changing one of them changes the frame.
"""

from nanvix.abi.layout import SEL_USER_CODE, SEL_USER_DATA
from nanvix.debug.errors import DebugError
from nanvix.debug.gdb import registers
from nanvix.debug.gdb.processes import Guest
from nanvix.debug.kernel import Thread
from nanvix.machine.crash import FRAME_FIELDS

_SELECTORS = {"cs": SEL_USER_CODE, "ss": SEL_USER_DATA, "ds": 0, "es": 0, "fs": 0, "gs": 0}


class Inferior:
    """Process ``pid`` of a debugger's guest, the one gdb looks at."""

    def __init__(self, debugger: Guest, pid: int = 1) -> None:
        self.debugger = debugger
        self.pid = pid

    def thread(self, tid: int) -> Thread:
        """A thread of any process. Raises DebugError."""
        for thread in self.debugger.threads():
            if thread.tid == tid:
                return thread
        raise DebugError(f"there is no thread {tid}")

    def on_cpu(self, thread: Thread) -> bool:
        """Whether the thread runs in user mode right now."""
        return thread.current and not self.debugger.in_kernel

    def registers(self, tid: int) -> list[bytes | None]:
        """Every register's bytes, in gdb's order."""
        thread = self.thread(tid)
        if self.on_cpu(thread):
            state = self.debugger.cpu()
            general = self.debugger.registers() | {
                name: state.segments[name].selector for name in _SELECTORS
            }
            return registers.pack(general, state.fxsave)
        general = _SELECTORS | {n: v for n, v in thread.registers.items() if n != "error"}
        fxsave = self.debugger.cpu().fxsave if thread.current else self.debugger.saved_fpu(thread)
        return registers.pack(general, fxsave)

    def set_register(self, tid: int, number: int, data: bytes) -> None:
        """Change a general register, rip or the flags. Raises DebugError for others."""
        register = registers.TABLE[number]
        name = "rflags" if register.name == "eflags" else register.name
        value = int.from_bytes(data, "little")
        thread = self.thread(tid)
        if name == "orig_rax":
            return
        if self.on_cpu(thread):
            if name not in self.debugger.registers():
                raise DebugError(f"{name} cannot be changed")
            self.debugger.set_register(name, value)
            return
        if name not in FRAME_FIELDS:
            raise DebugError(f"{name} cannot be changed while the thread is in the kernel")
        at = self.debugger.frame_address(thread) + 8 * FRAME_FIELDS.index(name)
        self.debugger.write_memory(at, value.to_bytes(8, "little"))

    def read(self, address: int, size: int) -> bytes:
        """Its memory, up to the first page that is not mapped."""
        return self.debugger.read_memory(address, size, pid=self.pid)

    def write(self, address: int, data: bytes) -> None:
        """Change it, at the frontier. Raises DebugError."""
        self.debugger.write_memory(address, data, pid=self.pid)

    def executable(self, pid: int | None = None) -> str:
        """The path of a program, by default its own."""
        for process in self.debugger.processes():
            if process.pid == (self.pid if pid is None else pid):
                return process.exe
        return ""

    def maps(self) -> str:
        """As /proc/PID/maps shows them."""
        lines = [
            f"{a.start:08x}-{a.end:08x} {a.rights} {a.offset:08x} 00:00 0"
            + (f"{'':20}{a.name}" if a.name else "")
            for a in self.debugger.maps(self.pid)
        ]
        return "".join(f"{line}\n" for line in lines)

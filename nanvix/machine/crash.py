"""Crash reports: what a dying guest process, or the guest kernel, looked like.

A record is taken at once, while memory still shows it, and holds plain numbers; symbols are
looked up only when somebody wants to read it. All of guest memory is read as the guest's own
page tables show it, and anything may be missing: what cannot be read is left out.
"""

from __future__ import annotations

from collections.abc import Callable
from struct import Struct, unpack
from typing import TYPE_CHECKING

from nanvix.abi.layout import PAGE_SIZE, USER_END
from nanvix.machine.describe import describe, exception_name, signal_name
from nanvix.machine.memory import BadAddress
from nanvix.machine.paging import walk
from nanvix.named import NamedTuple

if TYPE_CHECKING:
    from nanvix.machine.machine import Machine
    from nanvix.machine.trace_ring import TraceEvent

FRAME_FIELDS = (
    "r15", "r14", "r13", "r12", "rbp", "rbx", "r11", "r10", "r9", "r8", "rax", "rcx", "rdx",
    "rsi", "rdi", "vector", "error", "rip", "cs", "rflags", "rsp", "ss",
)  # fmt: skip
"""The kernel's ``struct trapframe``, lowest address first."""
_FRAME = Struct("<22Q")

_SHOWN = (
    "rip", "rsp", "rbp", "rax", "rbx", "rcx", "rdx", "rsi", "rdi",
    "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "rflags",
)  # fmt: skip
_MONITOR_RSP = 40
"""Where the monitor's frame (vector, error, rip, cs, rflags, rsp, ss) has the stack pointer."""
_PAGING = 1 << 31
_WITH_ADDRESS = (7, 11)
"""SIGBUS and SIGSEGV: the fault address says something."""
_CODE_BEFORE, _CODE_SIZE = 16, 40
_MAX_FRAMES = 32
_LAST_EVENTS = 20

Symbolise = Callable[[int], str | None]
"""Names a guest user address (``main+0x12 in /bin/app``), or None."""


class CrashRecord(NamedTuple):
    """One crash. ``name``: the process's (up to 15 characters), empty for the kernel's own, of
    which ``signal`` is 0; ``registers`` by name, empty when the
    trap frame could not be read; ``code`` lies around rip, from ``code_start``; ``backtrace``
    begins with rip; ``events`` are the last of the trace ring."""

    title: str
    name: str
    signal: int
    pid: int
    address: int
    registers: dict[str, int]
    code_start: int
    code: bytes
    backtrace: tuple[int, ...]
    kernel_names: dict[int, str]
    events: tuple[TraceEvent, ...]


def process_crash(
    machine: Machine, frame: int, signal: int, pid: int, address: int, root: int, name: str
) -> CrashRecord:
    """The report of a process that dies by ``signal``. ``frame``: linear address of its trap
    frame; ``root``: physical address of its page tables, 0 for the loaded ones."""
    space = _Space(machine, root)
    title = f"process {pid} ({name}) killed by {signal_name(signal)}"
    if signal in _WITH_ADDRESS:
        title += f" at address {address:#x}"
    return _record(space, title, name, signal, pid, address, _trap_frame(space, frame))


def kernel_crash(machine: Machine, message: str, frame: int) -> CrashRecord:
    """The report of a panic; without a trap frame, of the vCPU as it stands. A triple fault resets
    AMD's CPUs, whose report then says nothing of registers."""
    space = _Space(machine, 0)
    registers = _trap_frame(space, frame) or kernel_registers(machine)
    cr2 = machine.backend.save_state().cr2
    return _record(space, f"guest kernel: {message}", "", 0, 0, cr2, registers)


def kernel_registers(machine: Machine) -> dict[str, int]:
    """The vCPU's general registers, rip and rflags; none of one that has been reset.

    Of a sunk kernel that rings the doorbell they are its own, not those of the monitor that does it
    (kernel/boot/sink.S): ``syscall`` has put two of them into rcx and r11, the fault it became a
    third into the monitor's frame."""
    state = machine.backend.save_state()
    if not state.cr0 & _PAGING:
        return {}  # the kernel never turns it off: this is a reset
    registers = {**state.gpr, "rip": state.rip, "rflags": state.rflags}
    if (machine.image.symbol(state.rip) or "").partition("+")[0] == "monitor_trap":
        saved = _Space(machine, 0).read(registers["rsp"] + _MONITOR_RSP, 8)
        registers["rip"], registers["rflags"] = registers["rcx"], registers["r11"]
        registers["rsp"] = int.from_bytes(saved, "little")
    return registers


def render(record: CrashRecord, symbolise: Symbolise | None = None) -> str:
    """The report as text, lines without a trailing newline."""
    lines = [f"guest crash: {record.title}"]
    registers = record.registers
    if "vector" in registers:
        vector, error = registers["vector"], registers["error"]
        lines.append(f"  {exception_name(vector)}, error code {error:#x}, cr2 {record.address:#x}")
    shown = [f"{name:>6} {registers[name]:016x}" for name in _SHOWN if name in registers]
    lines += ["  " + " ".join(shown[start : start + 3]) for start in range(0, len(shown), 3)]
    if record.code:
        lines += ["code:", "  " + _code_line(record)]
    if record.backtrace:
        lines.append("backtrace:")
        for depth, address in enumerate(record.backtrace):
            # A return address belongs to the call before it.
            at = address - (depth > 0)
            name = record.kernel_names.get(address)
            if name is None and symbolise is not None and address < USER_END:
                name = symbolise(at)
            lines.append(f"  #{depth:<2} {address:016x} {name or '?'}")
    if record.events:
        lines.append(f"last {len(record.events)} events:")
        lines += [f"  {describe(event)}" for event in record.events]
    return "\n".join(lines)


class _Space:
    """An address space of the guest, through its own page tables."""

    __slots__ = ("machine", "root")

    def __init__(self, machine: Machine, root: int) -> None:
        self.machine = machine
        self.root = root

    def read(self, address: int, size: int) -> bytes:
        """Memory at a linear address, up to the first page that cannot be read."""
        data = b""
        while len(data) < size:
            at = address + len(data)
            part = min(size - len(data), PAGE_SIZE - at % PAGE_SIZE)
            physical = self._translate(at)
            if physical is None:
                break
            try:
                data += self.machine.memory.read(physical, part)
            except BadAddress:
                break
        return data

    def _translate(self, address: int) -> int | None:
        if not self.root:
            return self.machine.backend.translate(address)
        found = walk(self.machine.memory, self.root, address)
        return None if found is None else found.physical


def _record(
    space: _Space,
    title: str,
    name: str,
    signal: int,
    pid: int,
    address: int,
    registers: dict[str, int],
) -> CrashRecord:
    rip = registers.get("rip", 0)
    start = max(rip - _CODE_BEFORE, rip & -PAGE_SIZE)
    backtrace = _backtrace(space, registers) if registers else ()
    symbol = space.machine.image.symbol
    names = {a: symbol(a - (a != rip)) for a in backtrace if a >= USER_END}
    return CrashRecord(
        title=title,
        name=name,
        signal=signal,
        pid=pid,
        address=address,
        registers=registers,
        code_start=start,
        code=space.read(start, rip + _CODE_SIZE - _CODE_BEFORE - start) if registers else b"",
        backtrace=backtrace,
        kernel_names={address: name for address, name in names.items() if name},
        events=tuple(space.machine.trace.last(_LAST_EVENTS)),
    )


def _trap_frame(space: _Space, address: int) -> dict[str, int]:
    data = space.read(address, _FRAME.size) if address else b""
    if len(data) < _FRAME.size:
        return {}
    return dict(zip(FRAME_FIELDS, _FRAME.unpack(data), strict=True))


def _backtrace(space: _Space, registers: dict[str, int]) -> tuple[int, ...]:
    """Return addresses by the chain of frame pointers, as far as it makes sense."""
    found = [registers["rip"]]
    frame, floor = registers["rbp"], registers["rsp"]
    while len(found) < _MAX_FRAMES and frame >= floor and frame % 8 == 0:
        data = space.read(frame, 16)
        if len(data) < 16:
            break
        caller, address = unpack("<QQ", data)
        if address == 0:
            break
        found.append(address)
        # Stacks grow down: a chain that does not climb is no chain.
        frame, floor = caller, frame + 16
    return tuple(found)


def _code_line(record: CrashRecord) -> str:
    rip = record.registers["rip"] - record.code_start
    words = [f"{byte:02x}" for byte in record.code]
    if rip < len(words):
        words[rip] = f"<{words[rip]}>"
    return " ".join(words)

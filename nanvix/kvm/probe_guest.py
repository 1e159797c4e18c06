"""A throw-away VM of a few pages, for asking a host how its CPU really behaves.

Every exception rings the doorbell with its vector; what a probe wants to know beyond that it
reads from the trap frame or the result page. Pages are identity-mapped; only the user pages
are user accessible.
"""

from __future__ import annotations

from struct import pack

from nanvix.abi.layout import (
    SEL_KERNEL_CODE,
    SEL_KERNEL_DATA,
    SEL_TSS,
    SEL_USER_CODE,
    SEL_USER_CODE32,
    SEL_USER_DATA,
)
from nanvix.kvm.backend import KvmBackend
from nanvix.machine.backend import Capabilities, Exit
from nanvix.machine.memory import GuestMemory
from nanvix.machine.state import Segment, VcpuState

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Self

_MEMORY_SIZE = 2 << 20
_PML4, _PDPT, _PD, _PT = 0x1000, 0x2000, 0x3000, 0x4000
_GDT, _IDT, _TSS, _STUBS = 0x5000, 0x6000, 0x7000, 0x8000
KERNEL_CODE, USER_CODE = 0x9000, 0xA000
_KERNEL_STACK, _USER_STACK, RESULT = 0xC000, 0xE000, 0xE000
_USER_PAGES = (USER_CODE, _USER_STACK - 0x1000, RESULT)

_PRESENT_WRITE, _USER = 3, 4
_VECTORS = 64
_STUB_SIZE = 16
VECTOR_UD, VECTOR_GP, VECTOR_PF = 6, 13, 14

TIME_LIMIT_MS = 500
"""No probe runs longer than a few ms; past this the host is too busy to ask."""

_UNKNOWN = Capabilities(
    deterministic=False,
    single_step_user=False,
    single_step_kernel=False,
)


class Inconclusive(Exception):
    """The probe ran into its time limit: it says nothing about the CPU."""


class ProbeGuest:
    """A fresh VM with ``code`` on the kernel's or the user's code page. A context manager."""

    def __init__(self, code: bytes, *, user: bool, entry: bytes = b"") -> None:
        """``user``: start in ring 3, on the user page. ``entry``: code at LSTAR."""
        self.memory = GuestMemory(_MEMORY_SIZE)
        try:
            self.backend = KvmBackend(self.memory, 0, _UNKNOWN)
        except BaseException:
            self.memory.close()
            raise
        self._lay_out()
        self.memory.write(USER_CODE if user else KERNEL_CODE, code)
        if entry:
            self.memory.write(KERNEL_CODE, entry)
        self.state = _initial_state(user)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.backend.close()
        self.memory.close()

    def start(self) -> None:
        """Load the initial state; once more to run again."""
        self.backend.load_state(self.state)

    def run(self) -> Exit:
        """On to the next exit; Inconclusive after the time limit."""
        limit = self.backend.tsc_hz * TIME_LIMIT_MS // 1000
        self.backend.set_timer(self.backend.tsc() + limit)
        while (outcome := self.backend.run()) is Exit.KICKED:
            pass
        if outcome is Exit.TIMER:
            raise Inconclusive
        return outcome

    def exception(self) -> int | None:
        """Run; the vector of the exception the guest ends in, None if it ends otherwise."""
        return self.backend.exit_value if self.run() is Exit.DOORBELL else None

    def frame(self, words: int) -> tuple[int, ...]:
        """The first ``words`` of the trap frame: error code if the vector has one, rip, cs..."""
        stack = self.backend.save_state().gpr["rsp"]
        raw = self.memory.read(stack, words * 8)
        return tuple(memoryview(raw).cast("Q"))

    def result(self) -> int:
        """The first 64 bits of the result page."""
        return int.from_bytes(self.memory.read(RESULT, 8), "little")

    def _lay_out(self) -> None:
        write = self.memory.write
        for table, target in ((_PML4, _PDPT), (_PDPT, _PD), (_PD, _PT)):
            write(table, pack("<Q", target | _PRESENT_WRITE | _USER))
        for page in range(0, _MEMORY_SIZE, 0x1000):
            user = _USER if page in _USER_PAGES else 0
            write(_PT + page // 512, pack("<Q", page | _PRESENT_WRITE | user))
        # Descriptors by selector: SDM vol. 3, 3.4.5 and, for the TSS, 8.2.3.
        write(_GDT + SEL_KERNEL_CODE, pack("<Q", 0x00AF_9B00_0000_FFFF))
        write(_GDT + SEL_KERNEL_DATA, pack("<Q", 0x00CF_9300_0000_FFFF))
        write(_GDT + (SEL_USER_DATA & ~3), pack("<Q", 0x00CF_F300_0000_FFFF))
        write(_GDT + (SEL_USER_CODE & ~3), pack("<Q", 0x00AF_FB00_0000_FFFF))
        write(_GDT + SEL_TSS, pack("<QQ", 0x8B00_0000_0067 | _TSS << 16, 0))
        write(_TSS + 4, pack("<Q", _KERNEL_STACK))
        write(_TSS + 102, pack("<H", 104))  # I/O bitmap beyond the limit: all ports denied
        for vector in range(_VECTORS):
            stub = _STUBS + vector * _STUB_SIZE
            # mov $vector, %eax; out %eax, $0xE0; jmp .
            write(stub, b"\xb8" + pack("<I", vector) + b"\xe7\xe0\xeb\xfe")
            gate = stub | SEL_KERNEL_CODE << 16 | 0x8E00 << 32
            write(_IDT + vector * 16, pack("<QQ", gate, 0))


def _initial_state(user: bool) -> VcpuState:
    state = VcpuState(cr0=0x8001_0033, cr3=_PML4, cr4=0x6A0, efer=0xD01, rflags=2)
    state.gdt_base, state.gdt_limit = _GDT, 0xFFF
    state.idt_base, state.idt_limit = _IDT, _VECTORS * 16 - 1
    state.segments["tr"] = Segment(SEL_TSS, _TSS, 0x67, 0x008B)
    ring = 0x60 if user else 0
    code, data = (SEL_USER_CODE, SEL_USER_DATA) if user else (SEL_KERNEL_CODE, SEL_KERNEL_DATA)
    state.segments["cs"] = Segment(code, 0, 0xFFFF_FFFF, 0xA09B | ring)
    for name in ("ss", "ds", "es", "fs", "gs"):
        state.segments[name] = Segment(data, 0, 0xFFFF_FFFF, 0xC093 | ring)
    state.rip = USER_CODE if user else KERNEL_CODE
    state.gpr["rsp"] = _USER_STACK if user else _KERNEL_STACK
    state.star = SEL_USER_CODE32 << 48 | SEL_KERNEL_CODE << 32
    state.lstar = KERNEL_CODE
    return state

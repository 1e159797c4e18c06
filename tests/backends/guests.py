"""A guest of a few pages and no kernel: every event rings the doorbell with its vector.

Pages are identity-mapped. An IDT stub leaves the trap frame at the stack pointer, rings, and
when the host resumes it, returns from the interrupt.
"""

from collections.abc import Callable
from pathlib import Path
from struct import pack
from typing import Self

from nanvix.abi.layout import (
    SEL_KERNEL_CODE,
    SEL_KERNEL_DATA,
    SEL_TSS,
    SEL_USER_CODE,
    SEL_USER_CODE32,
    SEL_USER_DATA,
)
from nanvix.machine.backend import Backend, Exit
from nanvix.machine.memory import GuestMemory
from nanvix.machine.state import Segment, VcpuState

MEMORY_SIZE = 4 << 20
PML4, PDPT, PD, PT = 0x1000, 0x2000, 0x3000, 0x4000
GDT, IDT, TSS, STUBS = 0x5000, 0x6000, 0x7000, 0x8000
KERNEL_CODE, USER_CODE = 0x9000, 0xA000
KERNEL_STACK, USER_STACK, RESULT = 0xC000, 0xE000, 0xE000
IST_STACK = 0x10000
READ_ONLY, NO_EXECUTE, ABSENT, SUPERVISOR = 0x10000, 0x11000, 0x12000, 0x13000
SPARE = 0x20000

PRESENT_WRITE, USER, NX = 3, 4, 1 << 63
USER_PAGES = (USER_CODE, USER_STACK - 0x1000, RESULT)

VECTORS = 256
STUB_SIZE = 16
WITH_ERROR_CODE = (8, 10, 11, 12, 13, 14, 17)

DB, BP, UD, DF, NP, GP, PF = 1, 3, 6, 8, 11, 13, 14
SPIN = b"\xeb\xfe"
UD2 = b"\x0f\x0b"
DOORBELL_LOOP = bytes.fromhex("b8 34120000 e7e0 ffc3 ebf5")  # eax = 0x1234; out; inc ebx; again
INTERRUPTS_ON = 0x202

ON_SVM = Path("/sys/module/kvm_amd").exists()

PAGING_CR0 = 0x8001_0033
LONG_CR4 = 0x6A0
LONG_EFER = 0xD01


class Frame:
    """The trap frame a handler found: ``error`` is None where the vector has none."""

    def __init__(self, vector: int, words: tuple[int, ...]) -> None:
        self.vector = vector
        self.error = words[0] if vector in WITH_ERROR_CODE else None
        rest = words[1:] if self.error is not None else words
        self.rip, self.cs, self.rflags, self.rsp, self.ss = rest[:5]


class TinyGuest:
    """``code`` on the kernel's or the user's code page. A context manager.

    ``entry``: code at LSTAR. ``memory``: one of ``MEMORY_SIZE`` to use. Change ``state`` or memory
    before :meth:`start`.
    """

    def __init__(
        self,
        create: Callable[[GuestMemory], Backend],
        code: bytes,
        *,
        user: bool = False,
        entry: bytes = b"",
        memory: GuestMemory | None = None,
    ) -> None:
        self.memory = memory or GuestMemory(MEMORY_SIZE)
        try:
            self.backend = create(self.memory)
        except BaseException:
            self.memory.close()
            raise
        self._lay_out()
        self.memory.write(USER_CODE if user else KERNEL_CODE, code)
        if entry:
            self.memory.write(KERNEL_CODE, entry)
        self.state = initial_state(user)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.backend.close()
        self.memory.close()

    def start(self) -> Self:
        """Load the initial state; once more to run again."""
        self.backend.load_state(self.state)
        return self

    def event(self) -> Frame:
        """Run to the next event; the frame its handler has found."""
        outcome = self.backend.run()
        while outcome is Exit.KICKED:
            outcome = self.backend.run()
        assert outcome is Exit.DOORBELL, (outcome, self.backend.exit_detail)
        stack = self.backend.save_state().gpr["rsp"]
        size = min(48, self.memory.size - stack)
        words = memoryview(self.memory.read(stack, size).ljust(48, b"\0")).cast("Q")
        return Frame(self.backend.exit_value, tuple(words))

    def result(self, count: int = 1) -> tuple[int, ...]:
        """The first 64-bit words of the result page."""
        return tuple(memoryview(self.memory.read(RESULT, 8 * count)).cast("Q"))

    def map(self, address: int, entry: int) -> None:
        """Set the page-table entry of a page below 2 MiB."""
        self.memory.write(PT + (address >> 12) * 8, pack("<Q", entry))

    def gate(self, vector: int, *, dpl: int = 0, kind: int = 0xE, ist: int = 0) -> None:
        """Set a gate's privilege, type (0xE interrupt, 0xF trap, | 0x80 absent) and IST."""
        stub = STUBS + vector * STUB_SIZE
        access = (kind ^ 0x80) | dpl << 5
        low = stub & 0xFFFF | SEL_KERNEL_CODE << 16 | ist << 32 | access << 40
        self.memory.write(IDT + vector * 16, pack("<QQ", low, 0))

    def _lay_out(self) -> None:
        write = self.memory.write
        for table, target in ((PML4, PDPT), (PDPT, PD), (PD, PT)):
            write(table, pack("<Q", target | PRESENT_WRITE | USER))
        for page in range(0, 2 << 20, 0x1000):
            self.map(page, page | PRESENT_WRITE | (USER if page in USER_PAGES else 0))
        self.map(READ_ONLY, READ_ONLY | USER | 1)
        self.map(NO_EXECUTE, NO_EXECUTE | PRESENT_WRITE | USER | NX)
        self.map(ABSENT, 0)
        # Descriptors by selector: SDM vol. 3, 3.4.5 and, for the TSS, 8.2.3.
        write(GDT + SEL_KERNEL_CODE, pack("<Q", 0x00AF_9B00_0000_FFFF))
        write(GDT + SEL_KERNEL_DATA, pack("<Q", 0x00CF_9300_0000_FFFF))
        write(GDT + (SEL_USER_CODE32 & ~3), pack("<Q", 0x00CF_FB00_0000_FFFF))
        write(GDT + (SEL_USER_DATA & ~3), pack("<Q", 0x00CF_F300_0000_FFFF))
        write(GDT + (SEL_USER_CODE & ~3), pack("<Q", 0x00AF_FB00_0000_FFFF))
        write(GDT + SEL_TSS, pack("<QQ", 0x8B00_0000_0067 | TSS << 16, 0))
        write(TSS + 4, pack("<Q", KERNEL_STACK))
        write(TSS + 36, pack("<Q", IST_STACK))
        write(TSS + 102, pack("<H", 104))  # I/O bitmap beyond the limit: all ports denied
        for vector in range(VECTORS):
            # mov $vector, %eax; out %eax, $0xE0; drop the error code; iretq
            drop = b"\x48\x83\xc4\x08" if vector in WITH_ERROR_CODE else b""
            stub = b"\xb8" + pack("<I", vector) + b"\xe7\xe0" + drop + b"\x48\xcf"
            write(STUBS + vector * STUB_SIZE, stub)
            self.gate(vector)


def initial_state(user: bool) -> VcpuState:
    """64-bit mode in ring 3 or ring 0, with interrupts off."""
    state = VcpuState(cr0=PAGING_CR0, cr3=PML4, cr4=LONG_CR4, efer=LONG_EFER, rflags=2)
    state.gdt_base, state.gdt_limit = GDT, 0xFFF
    state.idt_base, state.idt_limit = IDT, VECTORS * 16 - 1
    state.segments["tr"] = Segment(SEL_TSS, TSS, 0x67, 0x008B)
    ring = 0x60 if user else 0
    code, data = (SEL_USER_CODE, SEL_USER_DATA) if user else (SEL_KERNEL_CODE, SEL_KERNEL_DATA)
    state.segments["cs"] = Segment(code, 0, 0xFFFF_FFFF, 0xA09B | ring)
    for name in ("ss", "ds", "es", "fs", "gs"):
        state.segments[name] = Segment(data, 0, 0xFFFF_FFFF, 0xC093 | ring)
    state.rip = USER_CODE if user else KERNEL_CODE
    state.gpr["rsp"] = USER_STACK if user else KERNEL_STACK
    state.star = SEL_USER_CODE32 << 48 | SEL_KERNEL_CODE << 32
    state.lstar = KERNEL_CODE
    return state


def drop_what_may_differ(one: VcpuState, other: VcpuState) -> None:
    """Before two states are compared that should be the same."""
    one.tsc = other.tsc = 0
    one.segments["ldt"] = other.segments["ldt"]
    for name in ("ds", "es", "fs", "gs", "ss"):
        # AMD keeps no limit or type of a data segment in 64-bit mode.
        one.segments[name].limit = other.segments[name].limit = 0

"""Interrupts and exceptions enter the guest here, through its own IDT.

The engine stops at every exception and leaves the rest to its user, so this is the part of the
CPU that Intel SDM vol. 3, chapter 6 describes: gate checks, stack switch through the TSS, the
frame, and what becomes of a fault on the way (6.15: double fault, then shutdown). Only 64-bit
mode: our guests never leave it in ring 0.
"""

from struct import Struct

from nanvix.emu.cpu import (
    CR0,
    CR2,
    CR3,
    CS,
    GDT,
    HF_ADDSEG,
    HF_CPL,
    HF_INHIBIT,
    HF_LMA,
    HF_LONG,
    HFLAGS,
    IDT,
    LDT,
    RIP,
    RSP,
    SS,
    TR,
    Cpu,
)
from nanvix.machine.memory import GuestMemory
from nanvix.machine.paging import canonical, walk

DE, DB, BP, UD, DF, TS, NP, SEGMENT_SS, GP, PF = 0, 1, 3, 6, 8, 10, 11, 12, 13, 14

FAULT = 0
"""The instruction did not happen: RIP is its own, and RF is set in the saved flags."""
TRAP = 1
"""The instruction is done."""
SOFTWARE = 2
"""INT n and INT3: the gate's DPL is checked."""
EXTERNAL = 3

WITH_ERROR_CODE = frozenset({DF, TS, NP, SEGMENT_SS, GP, PF, 17})
_CONTRIBUTORY = frozenset({DE, TS, NP, SEGMENT_SS, GP})

FLAG_TF = 1 << 8
FLAG_IF = 1 << 9
FLAG_NT = 1 << 14
FLAG_RF = 1 << 16
FLAG_VM = 1 << 17

_CR0_WP = 1 << 16
_CR0_PG = 1 << 31

_GATE = Struct("<HHBBHIxxxx")
_DESCRIPTOR = Struct("<II")
_POINTER = Struct("<Q")
_FRAME = Struct("<5Q")
_FRAME_WITH_ERROR = Struct("<6Q")

_GATE_INTERRUPT, _GATE_TRAP = 14, 15
_MASK = (1 << 64) - 1

# Attributes as the CPU structure keeps them: the descriptor's high word.
_CODE = 0x1800
_CODE_TYPE_MASK = 0x1800
_CONFORMING = 0x400
_PRESENT = 0x8000
_LONG = 0x20_0000
_DEFAULT_32 = 0x40_0000
_ATTRIBUTE_MASK = 0xF0_FF00
_FLAT_DATA = 0xC0_9300
"""What a ring-0 stack segment holds after delivery. Hardware leaves it unusable; kept flat, it
gives the engine the same translation key as after SYSCALL, so kernel code is translated once."""


class _GuestFault(Exception):
    """A fault while an event is being delivered."""

    def __init__(self, vector: int, error: int) -> None:
        self.vector = vector
        self.error = error


class CannotDeliver(Exception):
    """The CPU is in a mode this emulator does not deliver interrupts in; one line why."""


class Delivery:
    """The interrupt logic of one CPU."""

    def __init__(self, cpu: Cpu, memory: GuestMemory) -> None:
        self._cpu = cpu
        self._memory = memory

    def deliver(self, vector: int, error: int, kind: int, rip: int, flags: int) -> bool:
        """Enter the handler of ``vector``; ``rip`` and ``flags`` are what gets saved.

        False means shutdown: a fault could not be delivered, nor its double fault. Raises
        CannotDeliver or BadAddress when the guest has left what is emulated.
        """
        cpu = self._cpu
        cpu.s[cpu.in_flight] = -1
        if not (cpu.q[CR0] & _CR0_PG and cpu.w[HFLAGS] & HF_LMA):
            raise CannotDeliver(f"an event (vector {vector}) outside 64-bit mode")
        if kind == FAULT:
            flags |= FLAG_RF
        while True:
            try:
                self._enter(vector, error, kind, rip, flags)
            except _GuestFault as second:
                if kind == SOFTWARE:
                    rip = self._start_of_software_interrupt(vector, rip)
                if kind in (SOFTWARE, EXTERNAL):
                    # An interrupt is benign: what went wrong is simply the next event.
                    vector, error = second.vector, second.error
                elif vector == DF:
                    return False
                elif _escalates(vector, second.vector):
                    vector, error = DF, 0
                else:
                    vector, error = second.vector, second.error
                kind = FAULT
                flags |= FLAG_RF
            else:
                return True

    def _start_of_software_interrupt(self, vector: int, after: int) -> int:
        """RIP of an INT n that was refused (of its opcode, if it has useless prefixes)."""
        if vector == BP and self._bytes(after - 1 & _MASK, 1, 0) == b"\xcc":
            return after - 1
        return after - 2 & _MASK

    def _enter(self, vector: int, error: int, kind: int, rip: int, flags: int) -> None:
        """One attempt; nothing of the guest has changed if it raises, except CR2."""
        cpu = self._cpu
        q, w = cpu.q, cpu.w
        # EXT, bit 0 of selector error codes: the program did not ask for this event.
        external = 0 if kind == SOFTWARE else 1
        cpl = w[HFLAGS] & HF_CPL

        refused = vector << 3 | 2 | external
        if vector * 16 + 15 > cpu.limit(IDT):
            raise _GuestFault(GP, refused)
        at = cpu.base(IDT) + vector * 16 & _MASK
        low, selector, ist, access, middle, high = _GATE.unpack(self._bytes(at, 16, external))
        gate = access & 0x1F
        if gate not in (_GATE_INTERRUPT, _GATE_TRAP):
            raise _GuestFault(GP, refused)
        if kind == SOFTWARE and access >> 5 & 3 < cpl:
            raise _GuestFault(GP, refused)
        if not access & 0x80:
            raise _GuestFault(NP, refused)

        attributes, limit, base = self._code_segment(selector, cpl, external)
        level = cpl if attributes & _CONFORMING else attributes >> 13 & 3

        if ist & 7:
            stack = self._from_tss(36 + 8 * ((ist & 7) - 1), external)
        elif level < cpl:
            stack = self._from_tss(4 + 8 * level, external)
        else:
            stack = q[RSP]
        if not canonical(stack):
            raise _GuestFault(SEGMENT_SS, external)
        target = high << 32 | middle << 16 | low
        if not canonical(target):
            raise _GuestFault(GP, external)

        saved = (rip, cpu.selector(CS), flags, q[RSP], cpu.selector(SS))
        if kind == FAULT and vector in WITH_ERROR_CODE:
            frame = _FRAME_WITH_ERROR.pack(error, *saved)
        else:
            frame = _FRAME.pack(*saved)
        stack = (stack & ~15) - len(frame) & _MASK
        self._store(stack, frame, external)

        cleared = FLAG_TF | FLAG_NT | FLAG_RF | FLAG_VM
        if gate == _GATE_INTERRUPT:
            cleared |= FLAG_IF
        cpu.set_flags(flags & ~cleared)
        if level != cpl or ist & 7:
            cpu.set_segment(SS, level, 0, 0xFFFFFFFF, _FLAT_DATA | level << 13)
        cpu.set_segment(CS, selector & ~3 | level, base, limit, attributes)
        q[RSP] = stack
        q[RIP] = target
        w[HFLAGS] = w[HFLAGS] & ~(HF_CPL | HF_INHIBIT | HF_ADDSEG) | level | HF_LONG

    def _code_segment(self, selector: int, cpl: int, external: int) -> tuple[int, int, int]:
        """Attributes, limit and base of a handler's code segment."""
        if not selector & ~3:
            raise _GuestFault(GP, external)
        refused = selector & ~3 | external
        cpu = self._cpu
        table = LDT if selector & 4 else GDT
        if (selector & ~7) + 7 > cpu.limit(table):
            raise _GuestFault(GP, refused)
        at = cpu.base(table) + (selector & ~7) & _MASK
        low, high = _DESCRIPTOR.unpack(self._bytes(at, 8, external))
        if (
            high & _CODE_TYPE_MASK != _CODE
            or high >> 13 & 3 > cpl
            or not high & _LONG
            or high & _DEFAULT_32
        ):
            raise _GuestFault(GP, refused)
        if not high & _PRESENT:
            raise _GuestFault(NP, refused)
        limit = high & 0xF0000 | low & 0xFFFF
        if high & 0x80_0000:
            limit = limit << 12 | 0xFFF
        base = high & 0xFF00_0000 | (high & 0xFF) << 16 | low >> 16
        return high & _ATTRIBUTE_MASK, limit, base

    def _from_tss(self, offset: int, external: int) -> int:
        """A stack pointer out of the 64-bit TSS (SDM vol. 3, 8.7)."""
        cpu = self._cpu
        if offset + 7 > cpu.limit(TR):
            raise _GuestFault(TS, cpu.selector(TR) & ~3 | external)
        data = self._bytes(cpu.base(TR) + offset & _MASK, 8, external)
        pointer: int = _POINTER.unpack(data)[0]
        return pointer

    # -- memory as ring 0 sees it ------------------------------------------------------------

    def _physical(self, address: int, write: bool, external: int) -> int:
        found = walk(self._memory, self._cpu.q[CR3], address)
        if found is None:
            if not canonical(address):
                raise _GuestFault(GP, external)
            error = 0
        elif write and not found.write and self._cpu.q[CR0] & _CR0_WP:
            error = 1
        else:
            return found.physical
        self._cpu.q[CR2] = address
        raise _GuestFault(PF, error | (2 if write else 0))

    def _bytes(self, address: int, size: int, external: int) -> bytes:
        first = min(size, 4096 - (address & 4095))
        data = self._memory.read(self._physical(address, False, external), first)
        if first == size:
            return data
        rest = self._physical(address + first & _MASK, False, external)
        return data + self._memory.read(rest, size - first)

    def _store(self, address: int, data: bytes, external: int) -> None:
        # What is pushed first lies highest: that is the address of a fault.
        top = address + len(data) - 8 & _MASK
        place = self._physical(top, True, external) - len(data) + 8
        first = min(len(data), 4096 - (address & 4095))
        if first == len(data):
            self._memory.write(place, data)
            return
        low = self._physical(top - (top & 4095) - 8 & _MASK, True, external) + 8 - first
        self._memory.write(low, data[:first])
        self._memory.write(place + first, data[first:])


def _escalates(first: int, second: int) -> bool:
    """SDM vol. 3, table 6-5: two exceptions that make a double fault."""
    if first in _CONTRIBUTORY:
        return second in _CONTRIBUTORY
    return first in (PF, DF) and (second in _CONTRIBUTORY or second == PF)

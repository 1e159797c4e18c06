"""The emulated CPU's registers where the engine keeps them, readable and writable in place.

The engine has no call that changes the privilege level, and its register calls cost half a
microsecond each; delivering a system call touches a dozen registers. So we work on its CPU
structure directly. Nothing is taken on trust: the structure is found by markers written through
the public calls, every field we derive is checked against such a marker, and
:mod:`nanvix.emu.engine` refuses any other version of the library.
"""

from __future__ import annotations

import ctypes

from nanvix.emu.engine import (
    REG_CR2,
    REG_DR0,
    REG_GDTR,
    REG_IDTR,
    REG_MSR,
    REG_RAX,
    Engine,
    EngineError,
    Msr,
    TableRegister,
)
from nanvix.emu.layout import (
    ARITHMETIC,
    CC_OP,
    CC_OP_EFLAGS,
    CC_SRC,
    CR2,
    DF,
    EFER,
    EFLAGS,
    FLAG_DF,
    GDT,
    HF_LONG,
    HFLAGS,
    IDT,
    REG_EFLAGS,
    SEGMENT_QUADS,
    SEGMENT_WORDS,
)

_SEARCH = 256 << 10
"""The structure starts well within this many bytes of the CPU object."""
_CPU_POINTER = 0x1B8
"""Offset of the CPU object's address in uc_struct of 2.1.4 with 64-bit pointers."""
_MARK = 0x5EED_0000_C0DE_0000
_GPRS = tuple(REG_RAX + i for i in (0, 3, 5, 2, 9, 1, 8, 4)) + tuple(range(106, 114))
"""The engine's public numbers of RAX..R15 in the structure's order."""
_MSR_STAR, _MSR_LSTAR, _MSR_CSTAR, _MSR_SFMASK = 0xC0000081, 0xC0000082, 0xC0000083, 0xC0000084
_MSR_KERNEL_GS = 0xC0000102


class Cpu:
    """``q[RAX]`` and ``w[HFLAGS]``: 64-bit and 32-bit views of the live CPU structure.

    Valid while the engine is open, and only while the guest is not running or inside a hook.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.address = base = self._find(engine)
        # No more than the structure: what lies behind may hold copies of the markers.
        size = engine.context_size() - 64 & ~7
        window = (ctypes.c_char * size).from_address(base)
        data = memoryview(window).cast("B")
        self.data = data
        self.q = data.cast("Q")
        self.w = data.cast("I")
        self.s = data.cast("i")
        self._locate(bytes(data))

    # -- finding the structure ---------------------------------------------------------------

    @staticmethod
    def _find(engine: Engine) -> int:
        """Address of the register file: sixteen consecutive markers in the CPU object."""
        for index, register in enumerate(_GPRS):
            engine.write(register, _MARK + index)
        markers = b"".join((_MARK + i).to_bytes(8, "little") for i in range(16))
        pointer = ctypes.c_uint64.from_address(engine.address + _CPU_POINTER).value
        step = 4096
        seen = b""
        for offset in range(0, _SEARCH, step):
            seen = seen[-len(markers) :] + ctypes.string_at(pointer + offset, step)
            at = seen.find(markers)
            if at >= 0:
                return pointer + offset + step - len(seen) + at
        raise EngineError("the emulator's CPU structure was not found")

    def _locate(self, before: bytes) -> None:
        """Offsets of what follows the register file, each by its own marker."""
        engine = self.engine
        msrs = (_MSR_STAR, _MSR_LSTAR, _MSR_SFMASK, _MSR_KERNEL_GS, _MSR_CSTAR)
        for index, msr in enumerate(msrs):
            engine.write_structure(REG_MSR, Msr(msr, _MARK + 0x20 + index))
        engine.write(REG_DR0, _MARK + 0x30)
        engine.write(REG_CR2, _MARK + 0x31)
        engine.write_structure(REG_GDTR, TableRegister(0, _MARK + 0x32, 0x1234, 0))
        engine.write_structure(REG_IDTR, TableRegister(0, _MARK + 0x33, 0x5678, 0))
        self.star = self._offset(0x20)
        self.lstar = self._offset(0x21)
        self.sfmask = self._offset(0x22)
        self.kernel_gs = self._offset(0x23)
        self.cstar = self._offset(0x24)
        dr0 = self._offset(0x30) * 2
        # In front of the debug registers: error_code, exception_is_int, next RIP; behind them
        # and four pointers: the exception in flight, -1 for none.
        self.error_code = dr0 - 4
        self.is_software = dr0 - 3
        self.in_flight = dr0 + 24
        quads = memoryview(before).cast("Q")
        known = (
            self._offset(0x31) == CR2
            and self._offset(0x32) == SEGMENT_QUADS + 3 * GDT
            and self._offset(0x33) == SEGMENT_QUADS + 3 * IDT
            and self.limit(GDT) == 0x1234
            and quads[EFER] == 0x500
            and self.s[self.in_flight] == -1
            and self.w[HFLAGS] & HF_LONG == HF_LONG
        )
        if not known:
            raise EngineError("the emulator's CPU structure is not that of unicorn 2.1.4")

    def _offset(self, mark: int) -> int:
        pattern = (_MARK + mark).to_bytes(8, "little")
        data = bytes(self.data)
        at = data.find(pattern)
        if at < 0 or at % 8 or data.find(pattern, at + 1) >= 0:
            raise EngineError("a field of the emulator's CPU structure was not found")
        return at // 8

    # -- registers ---------------------------------------------------------------------------

    def flags(self) -> int:
        """RFLAGS, wherever their parts are."""
        return self.engine.read(REG_EFLAGS)

    def set_flags(self, flags: int) -> None:
        """Set RFLAGS; bit 1 is always set.

        All of them go into EFLAGS too: the engine takes the split parts from there whenever it
        is entered, and ignores them there while it runs.
        """
        q = self.q
        q[EFLAGS] = flags | 2
        q[CC_SRC] = flags & ARITHMETIC
        self.w[CC_OP] = CC_OP_EFLAGS
        self.s[DF] = -1 if flags & FLAG_DF else 1

    def selector(self, segment: int) -> int:
        """Visible part of a segment register."""
        return self.w[SEGMENT_WORDS + 6 * segment] & 0xFFFF

    def base(self, segment: int) -> int:
        """Base of a segment or of a descriptor table."""
        return self.q[SEGMENT_QUADS + 3 * segment]

    def limit(self, segment: int) -> int:
        """Limit in bytes of a segment or of a descriptor table."""
        return self.w[SEGMENT_WORDS + 4 + 6 * segment]

    def attributes(self, segment: int) -> int:
        """Bits 8..23 of the descriptor's high word, at their place there."""
        return self.w[SEGMENT_WORDS + 5 + 6 * segment]

    def set_segment(
        self, segment: int, selector: int, base: int, limit: int, attributes: int
    ) -> None:
        """Load all parts of a segment register; the caller keeps HFLAGS in step."""
        w = self.w
        at = SEGMENT_WORDS + 6 * segment
        w[at] = selector
        w[at + 4] = limit
        w[at + 5] = attributes
        self.q[SEGMENT_QUADS + 3 * segment] = base

    def release(self) -> None:
        """Give the views back before the engine frees the structure."""
        for view in (self.s, self.w, self.q, self.data):
            view.release()

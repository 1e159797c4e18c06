"""What the emulator's C part (``nanvix/emu/native``) and its Python part share: the one source.

:func:`render` writes it as the C header, :class:`Shared` is the same structure for ctypes.
Indices of CPU registers are in units of the view they belong to: ``q`` (64 bits) or ``w`` (32).
"""

from __future__ import annotations

import ctypes
from binascii import crc32

from nanvix.abi.channel import PORT

# Index of a 64-bit register in the engine's structure: its order is the instruction encoding's.
RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15 = range(16)
RIP = 16
EFLAGS = 17
"""While the guest runs, the arithmetic flags and DF are in CC_SRC and DF instead."""
CC_SRC = 19

# Index of a 32-bit field.
CC_OP = 42
DF = 43
HFLAGS = 44
SEGMENT_WORDS = 46
SEGMENT_QUADS = 24

# Segment numbers, in the encoding's order; then the system ones.
ES, CS, SS, DS, FS, GS, LDT, TR, GDT, IDT = range(10)

CR0 = 53
CR2 = CR0 + 2
CR3 = CR0 + 3
CR4 = CR0 + 4
EFER = 74

CC_OP_EFLAGS = 1
"""CC_OP: the arithmetic flags are in CC_SRC as they are in RFLAGS."""
ARITHMETIC = 0x8D5
"""OF SF ZF AF PF CF."""

HF_CPL = 3
HF_INHIBIT = 1 << 3
HF_CS32 = 1 << 4
HF_SS32 = 1 << 5
HF_ADDSEG = 1 << 6
HF_PE = 1 << 7
HF_FPU_SHIFT = 8
"""CR0.MP, EM and TS (bits 1..3) are hflags bits 9..11."""
HF_LMA = 1 << 14
HF_CS64 = 1 << 15
HF_OSFXSR = 1 << 22
HF_LONG = HF_CS32 | HF_SS32 | HF_CS64
"""Set while a 64-bit code segment is loaded."""
HF_EXACT = 1 << 30
"""A bit the engine has no use for, but by which it tells blocks of code apart: those that count
every instruction from those that count when they are entered."""

# The CPU's exceptions (Intel SDM, volume 3, 6.3.1); the machine's own vectors are in nanvix.abi.
VECTOR_DE, VECTOR_DB, VECTOR_BP, VECTOR_UD, VECTOR_DF = 0, 1, 3, 6, 8
VECTOR_TS, VECTOR_NP, VECTOR_SS, VECTOR_GP, VECTOR_PF, VECTOR_AC = 10, 11, 12, 13, 14, 17

FAULT = 0
"""The instruction did not happen: RIP is its own, and RF is set in the saved flags."""
TRAP = 1
"""The instruction is done."""
SOFTWARE = 2
"""INT n and INT3: the gate's DPL is checked."""
EXTERNAL = 3
CALL = 4
"""What an observer is told of SYSCALL, beside the kinds above."""

FLAG_TF = 1 << 8
FLAG_IF = 1 << 9
FLAG_DF = 1 << 10
FLAG_NT = 1 << 14
FLAG_RF = 1 << 16
FLAG_VM = 1 << 17

# Why a slice was ended from inside.
NOT_ENDED, DOORBELL, SHUTDOWN, ERROR, PAUSED = range(5)
# More about it, with two numbers.
NOTHING, TRIPLE_FAULT, OUTSIDE_LONG_MODE, OUTSIDE_RAM, ENGINE_EVENT, RAISED = range(6)

# What an observer answers.
GO_ON, PAUSE, FAILED = range(3)

# Of the engine's interface, what both parts use; the rest is in nanvix.emu.engine.
REG_EFLAGS = 25
"""x86.h: uc_x86_reg."""
CTL_WRITE = 1 << 30
"""unicorn.h: the writing direction of a uc_control_type."""
CTL_FLUSH_CODE = 10
FLUSH_CODE = CTL_FLUSH_CODE | CTL_WRITE
"""UC_CTL_TB_FLUSH, written."""

NOWHERE = 0x5EED_C0DE_0000_0000
"""An address that is neither canonical nor physical."""

_OBSERVER = "int (*{})(u64 kind, u64 vector, u64 rip, u64 now)"
_FIELDS: tuple[tuple[str, str], ...] = (
    # Set once.
    ("engine", "void *{}"),
    ("start", "int (*{})(void *engine, u64 begin, u64 until, u64 timeout, size_t count)"),
    ("stop", "int (*{})(void *engine)"),
    ("read_register", "int (*{})(void *engine, int number, void *value)"),
    ("find_block", "const struct block *(*{})(void *translator, u64 host_address)"),
    ("control", "int (*{})(void *engine, int what, ...)"),
    ("translator", "void *{}"),
    ("code_space", "u64 {}"),
    ("q", "u64 *{}"),
    ("ram", "u8 *{}"),
    ("ram_size", "u64 {}"),
    ("cpuid", "const u32 *{}"),
    ("cpuid_rows", "u64 {}"),
    ("star", "u64 {}"),
    ("lstar", "u64 {}"),
    ("sfmask", "u64 {}"),
    ("error_code", "u64 {}"),
    ("is_software", "u64 {}"),
    ("in_flight", "u64 {}"),
    ("code_hook", "u64 *{}"),
    # Between slices.
    ("by_blocks", "u64 {}"),
    ("probes", "const struct probe *{}"),
    ("probe_count", "u64 {}"),
    ("observer", _OBSERVER),
    ("retired", "u64 {}"),
    ("tsc_base", "u64 {}"),
    ("pending", "u64 {}[4]"),
    ("ahead", "u64 {}"),
    ("first_caller", "u64 {}"),
    ("full", "u64 {}"),
    # Of the slice that runs, or has run.
    ("limit", "volatile u64 {}"),
    ("until", "u64 {}"),
    ("counter", "u64 {}"),
    ("unretired", "u64 {}"),
    ("started", "u64 {}"),
    ("exit", "u64 {}"),
    ("value", "u64 {}"),
    ("detail", "u64 {}"),
    ("numbers", "u64 {}[2]"),
    ("stopped", "u64 {}"),
    ("behind", "u64 {}"),
    ("at_limit", "u64 {}"),
    ("deferred", "u64 {}"),
    ("deferred_vector", "u64 {}"),
    ("deferred_rip", "u64 {}"),
    ("deferred_registers", "u64 {}[16]"),
    ("exact", "u64 {}"),
    ("retry", "u64 {}"),
    ("base", "u64 {}"),
    ("block", "u64 {}"),
)
"""Name and C declaration; each is a 64-bit word, or an array of them.

``by_blocks``: instructions may be counted when a block is entered. ``probes``, ``probe_count``:
where they may not, because a debugger asks to be called. ``retired``, ``tsc_base``: of the slice's
start, without and with idle time. ``pending``: vectors, one bit each. ``ahead``: see
native/events.c. ``first_caller``, ``full``: where the engine's code starts, and whether it takes
more than ``code_space``.

``limit``: of ``counter``; zero ends the slice soon. ``until``: the same for a piece of the slice.
``counter``: instructions begun; in a block that was counted when it was entered, all of it.
``unretired``: of those, how many did not retire. ``started``: the counter when ``exit`` was set.
``stopped``: the engine was told to stop. ``behind``: the slice is to end for a debugger where its
limit ends it. ``at_limit``: it ended where the next instruction could not even be fetched.
``deferred``: a fault that can only be delivered after the slice, with the registers from before
the instruction. ``exact``: every instruction is counted as it runs. ``retry``: the engine was
stopped in front of a block of that many instructions which have to be. ``base``, ``block``: the
counter in front of the block that is running, and where in the engine's code it is; 0 for none.
"""


def _words(declaration: str) -> type[ctypes.c_uint64] | type[ctypes.Array[ctypes.c_uint64]]:
    if "[" not in declaration:
        return ctypes.c_uint64
    return ctypes.c_uint64 * int(declaration[declaration.index("[") + 1 : -1])


class Shared(ctypes.Structure):
    """The head of the C part's ``struct emu``."""

    _fields_ = tuple((name, _words(text)) for name, text in _FIELDS)


CONSTANTS = {name: value for name, value in globals().items() if isinstance(value, int)}
CONSTANTS["PORT"] = PORT
FINGERPRINT = crc32(repr((CONSTANTS, _FIELDS)).encode())
"""Of both: the C part says which it was built with."""


def render() -> str:
    """``layout.h``."""
    lines = ["/* Generated from nanvix/emu/layout.py. */", "#pragma once"]
    lines += [f"#include <{name}.h>" for name in ("stdbool", "stddef", "stdint")]
    lines += [f"typedef uint{bits}_t u{bits};" for bits in (8, 16, 32, 64)]
    for name, value in (*CONSTANTS.items(), ("FINGERPRINT", FINGERPRINT)):
        suffix = "ull" if value >> 31 else ""
        lines.append(f"#define {name} {value:#x}{suffix}")
    lines += ["", "struct block;", "struct probe;", "", "struct emu {"]
    lines += [f"    {text.format(name)};" for name, text in _FIELDS]
    lines += ["};", ""]
    return "\n".join(lines)

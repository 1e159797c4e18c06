"""The CPU structure to and from the neutral :class:`~nanvix.machine.state.VcpuState`."""

from __future__ import annotations

from struct import Struct

from nanvix.emu.engine import (
    REG_FDP,
    REG_FIP,
    REG_FOP,
    REG_FP0,
    REG_FPCW,
    REG_FPSW,
    REG_FPTAG,
    REG_MXCSR,
    REG_XMM0,
    Engine,
)
from nanvix.emu.layout import (
    CR0,
    CR2,
    CR3,
    CR4,
    CS,
    DS,
    EFER,
    ES,
    FS,
    GDT,
    GS,
    HF_ADDSEG,
    HF_CPL,
    HF_CS32,
    HF_CS64,
    HF_FPU_SHIFT,
    HF_LMA,
    HF_LONG,
    HF_OSFXSR,
    HF_PE,
    HF_SS32,
    HFLAGS,
    IDT,
    LDT,
    RIP,
    SS,
    TR,
)
from nanvix.machine.state import Segment, VcpuState

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nanvix.emu.cpu import Cpu

_GPRS = (
    "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
    "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
)  # fmt: skip
_SEGMENTS = {
    "es": ES, "cs": CS, "ss": SS, "ds": DS, "fs": FS, "gs": GS, "ldt": LDT, "tr": TR,
}  # fmt: skip

_FXSAVE = Struct("<HHBxHQQII")
"""FCW, FSW, abridged FTW, FOP, FIP, FDP, MXCSR, its mask (SDM vol. 1, table 10-2)."""
_FXSAVE_SIZE = 512
_ST0, _XMM0 = 32, 160
_MXCSR_MASK = 0xFFFF

_ATTRIBUTES = 0xF0FF
_CODE_LONG = 1 << 13
_BIG = 1 << 14
_EFER_LMA = 1 << 10
_CR4_OSFXSR = 1 << 9
_HFLAGS_OF_STATE = (
    HF_CPL | HF_LONG | HF_ADDSEG | HF_PE | HF_LMA | HF_OSFXSR | 7 << 9 | 1 << 3
)  # fmt: skip


def load(engine: Engine, cpu: Cpu, state: VcpuState) -> None:
    """Give the CPU ``state``; every cached translation is dropped."""
    q = cpu.q
    for index, name in enumerate(_GPRS):
        q[index] = state.gpr[name]
    q[RIP] = state.rip
    for name, number in _SEGMENTS.items():
        part = state.segments[name]
        attributes = (part.attributes & _ATTRIBUTES) << 8
        cpu.set_segment(number, part.selector, part.base, part.limit, attributes)
    cpu.set_segment(GDT, 0, state.gdt_base, state.gdt_limit, 0)
    cpu.set_segment(IDT, 0, state.idt_base, state.idt_limit, 0)
    q[CR0], q[CR2], q[CR3], q[CR4] = state.cr0, state.cr2, state.cr3, state.cr4
    q[EFER] = state.efer
    q[cpu.star], q[cpu.lstar], q[cpu.sfmask] = state.star, state.lstar, state.sfmask
    q[cpu.cstar], q[cpu.kernel_gs] = state.cstar, state.kernel_gs_base
    cpu.set_flags(state.rflags)
    cpu.s[cpu.in_flight] = -1
    cpu.w[HFLAGS] = cpu.w[HFLAGS] & ~_HFLAGS_OF_STATE | _hidden_flags(state)
    _load_fxsave(engine, state.fxsave)
    engine.flush_tlb()
    engine.flush_code()


def save(engine: Engine, cpu: Cpu, tsc: int, pending: frozenset[int]) -> VcpuState:
    """The CPU's state between two instructions."""
    q = cpu.q
    return VcpuState(
        gpr={name: q[index] for index, name in enumerate(_GPRS)},
        rip=q[RIP],
        rflags=cpu.flags(),
        segments={
            name: Segment(
                cpu.selector(number),
                cpu.base(number),
                cpu.limit(number),
                cpu.attributes(number) >> 8 & _ATTRIBUTES,
            )
            for name, number in _SEGMENTS.items()
        },
        gdt_base=cpu.base(GDT),
        gdt_limit=cpu.limit(GDT),
        idt_base=cpu.base(IDT),
        idt_limit=cpu.limit(IDT),
        cr0=q[CR0],
        cr2=q[CR2],
        cr3=q[CR3],
        cr4=q[CR4],
        efer=q[EFER],
        star=q[cpu.star],
        lstar=q[cpu.lstar],
        cstar=q[cpu.cstar],
        sfmask=q[cpu.sfmask],
        kernel_gs_base=q[cpu.kernel_gs],
        tsc=tsc,
        fxsave=_save_fxsave(engine),
        pending=pending,
    )


def _hidden_flags(state: VcpuState) -> int:
    """What the engine keeps in HFLAGS of the privilege level, mode and control registers."""
    hflags = state.segments["ss"].attributes >> 5 & HF_CPL
    hflags |= (state.cr0 & 1) * HF_PE | (state.cr0 & 0xE) << HF_FPU_SHIFT
    if state.cr4 & _CR4_OSFXSR:
        hflags |= HF_OSFXSR
    code = state.segments["cs"].attributes
    if state.efer & _EFER_LMA:
        hflags |= HF_LMA
        if code & _CODE_LONG:
            return hflags | HF_CS32 | HF_CS64 | HF_SS32
    if code & _BIG:
        hflags |= HF_CS32
    if state.segments["ss"].attributes & _BIG:
        hflags |= HF_SS32
    return hflags | HF_ADDSEG


def _load_fxsave(engine: Engine, image: bytes) -> None:
    control, status, valid, opcode, ip, dp, mxcsr, _ = _FXSAVE.unpack_from(image)
    engine.write(REG_FPCW, control)
    engine.write(REG_FPSW, status)
    # The abridged tag has one bit per register, set if valid; the full one has 3 for empty.
    tags = sum(3 << 2 * i for i in range(8) if not valid >> i & 1)
    engine.write(REG_FPTAG, tags)
    engine.write(REG_FOP, opcode)
    engine.write(REG_FIP, ip)
    engine.write(REG_FDP, dp)
    engine.write(REG_MXCSR, mxcsr & _MXCSR_MASK)
    top = status >> 11 & 7
    for i in range(8):
        at = _ST0 + 16 * i
        engine.write_bytes(REG_FP0 + (top + i & 7), image[at : at + 10])
    for i in range(16):
        at = _XMM0 + 16 * i
        engine.write_bytes(REG_XMM0 + i, image[at : at + 16])


def _save_fxsave(engine: Engine) -> bytes:
    status = engine.read(REG_FPSW) & 0xFFFF
    tags = engine.read(REG_FPTAG)
    valid = sum(1 << i for i in range(8) if tags >> 2 * i & 3 != 3)
    image = bytearray(_FXSAVE_SIZE)
    _FXSAVE.pack_into(
        image,
        0,
        engine.read(REG_FPCW) & 0xFFFF,
        status,
        valid,
        engine.read(REG_FOP) & 0xFFFF,
        engine.read(REG_FIP),
        engine.read(REG_FDP),
        engine.read(REG_MXCSR) & 0xFFFFFFFF,
        _MXCSR_MASK,
    )
    top = status >> 11 & 7
    for i in range(8):
        at = _ST0 + 16 * i
        image[at : at + 10] = engine.read_bytes(REG_FP0 + (top + i & 7), 10)
    for i in range(16):
        at = _XMM0 + 16 * i
        image[at : at + 16] = engine.read_bytes(REG_XMM0 + i, 16)
    return bytes(image)

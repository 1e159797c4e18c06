"""Between :class:`VcpuState` and the kernel's struct kvm_regs, kvm_sregs and MSR numbers."""

from __future__ import annotations

import struct

from nanvix.machine.state import GPRS, Segment, VcpuState

# struct kvm_regs has the two stack registers the other way round than ModR/M does.
_REGS_ORDER = (*GPRS[:6], "rsp", "rbp", *GPRS[8:])
_REGS = struct.Struct("<18Q")

_SREGS_ORDER = ("cs", "ds", "es", "fs", "gs", "ss", "tr", "ldt")
_SEGMENT = struct.Struct("<QIH10B")
_TABLE = struct.Struct("<QH6x")
_CONTROL = struct.Struct("<7Q")  # cr0, cr2, cr3, cr4, cr8, efer, apic_base
_TABLES_AT = 8 * _SEGMENT.size
_CONTROL_AT = _TABLES_AT + 2 * _TABLE.size
_BITMAP_AT = _CONTROL_AT + _CONTROL.size
SREGS_SIZE = _BITMAP_AT + 32

MSR_TSC = 0x10
MSR_STAR = 0xC000_0081
MSR_LSTAR = 0xC000_0082
MSR_CSTAR = 0xC000_0083
MSR_SFMASK = 0xC000_0084
MSR_KERNEL_GS_BASE = 0xC000_0102
STATE_MSRS = (MSR_STAR, MSR_LSTAR, MSR_CSTAR, MSR_SFMASK, MSR_KERNEL_GS_BASE)

PRESENT = 1 << 7
RESET_TR = Segment(0, 0, 0xFFFF, 0x8B)
"""A CPU always has a task register; this is the one it starts with (SDM vol. 3, table 10-1)."""

_MXCSR_MASK_AT = 28
_LEGACY_END = 416  # of the FXSAVE image: behind xmm15 everything is reserved


def encode_regs(state: VcpuState) -> bytes:
    """struct kvm_regs, 144 bytes."""
    gpr = state.gpr
    return _REGS.pack(*(gpr[name] for name in _REGS_ORDER), state.rip, state.rflags)


def general(regs: bytes) -> dict[str, int]:
    """The general registers, rip and rflags of struct kvm_regs by name."""
    return dict(zip((*_REGS_ORDER, "rip", "rflags"), _REGS.unpack(regs), strict=True))


def encode_general(values: dict[str, int]) -> bytes:
    """The reverse of :func:`general`."""
    return _REGS.pack(*(values[name] for name in (*_REGS_ORDER, "rip", "rflags")))


def encode_sregs(state: VcpuState) -> bytes:
    """struct kvm_sregs, 312 bytes, with no interrupt in its bitmap."""
    blocks = []
    for name in _SREGS_ORDER:
        segment = state.segments[name]
        if name == "tr" and not segment.attributes & PRESENT:
            segment = RESET_TR
        blocks.append(_encode_segment(segment))
    blocks.append(_TABLE.pack(state.gdt_base, state.gdt_limit))
    blocks.append(_TABLE.pack(state.idt_base, state.idt_limit))
    blocks.append(
        _CONTROL.pack(state.cr0, state.cr2, state.cr3, state.cr4, 0, state.efer, 0) + bytes(32)
    )
    return b"".join(blocks)


def _encode_segment(segment: Segment) -> bytes:
    bits = segment.attributes
    present = bits >> 7 & 1
    return _SEGMENT.pack(
        segment.base,
        segment.limit,
        segment.selector,
        bits & 0xF,  # type
        present,
        bits >> 5 & 3,  # dpl
        bits >> 14 & 1,  # db
        bits >> 4 & 1,  # s
        bits >> 13 & 1,  # l
        bits >> 15 & 1,  # g
        bits >> 12 & 1,  # avl
        1 - present,  # unusable
        0,
    )


def _decode_segment(data: bytes, at: int) -> Segment:
    base, limit, selector, kind, present, dpl, db, s, long, g, avl, unusable, _ = (
        _SEGMENT.unpack_from(data, at)
    )
    if unusable:
        present = 0
    attributes = kind | s << 4 | dpl << 5 | present << 7 | avl << 12 | long << 13 | db << 14
    return Segment(selector, base, limit, attributes | g << 15)


def decode(state: VcpuState, regs: bytes, sregs: bytes) -> None:
    """Fill in everything kvm_regs and kvm_sregs know; interrupts KVM holds are pending."""
    *general, state.rip, state.rflags = _REGS.unpack(regs)
    state.gpr = dict(sorted(zip(_REGS_ORDER, general, strict=True), key=_gpr_position))
    for index, name in enumerate(_SREGS_ORDER):
        state.segments[name] = _decode_segment(sregs, index * _SEGMENT.size)
    state.gdt_base, state.gdt_limit = _TABLE.unpack_from(sregs, _TABLES_AT)
    state.idt_base, state.idt_limit = _TABLE.unpack_from(sregs, _TABLES_AT + _TABLE.size)
    state.cr0, state.cr2, state.cr3, state.cr4, _, state.efer, _ = _CONTROL.unpack_from(
        sregs, _CONTROL_AT
    )
    bitmap = int.from_bytes(sregs[_BITMAP_AT:SREGS_SIZE], "little")
    state.pending = frozenset(vector for vector in range(256) if bitmap >> vector & 1)


def _gpr_position(item: tuple[str, int]) -> int:
    return GPRS.index(item[0])


def cr3_of(sregs: bytes) -> int:
    """CR3 out of struct kvm_sregs."""
    return int(_CONTROL.unpack_from(sregs, _CONTROL_AT)[2])


def ring_of(sregs: bytes) -> int:
    """The privilege level out of struct kvm_sregs: that of SS."""
    return _decode_segment(sregs, _SREGS_ORDER.index("ss") * _SEGMENT.size).attributes >> 5 & 3


def neutral_fxsave(image: bytes) -> bytes:
    """The image with what only describes the host's CPU (MXCSR_MASK, reserved) set to reset."""
    mask = b"\xff\xff\0\0"
    return image[:_MXCSR_MASK_AT] + mask + image[_MXCSR_MASK_AT + 4 : _LEGACY_END] + bytes(96)

"""The vCPU's complete state, neutral between backends.

Layouts follow the manuals, not KVM's or Unicorn's structures: FXSAVE image (Intel SDM vol. 1,
10.5), segment attributes as the descriptor's bits 8..23 without the limit (SDM vol. 3, 3.4.5).
"""

from dataclasses import dataclass, field

GPRS = (
    "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp",
    "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
)  # fmt: skip

SEGMENTS = ("cs", "ss", "ds", "es", "fs", "gs", "tr", "ldt")

FXSAVE_RESET = bytes.fromhex("7f03") + bytes(22) + bytes.fromhex("801f0000ffff0000") + bytes(480)
"""FCW = 0x37f, MXCSR = 0x1f80, mask 0xffff: the state a Linux program starts with."""


@dataclass(slots=True)
class Segment:
    """A segment register with its hidden part. ``attributes``: type, S, DPL, P in bits 0-7;
    AVL, L, D/B, G in bits 12-15 (the layout of a VMCB's segment attributes is bits 0-7 | 8-11)."""

    selector: int = 0
    base: int = 0
    limit: int = 0
    attributes: int = 0


@dataclass(slots=True)
class VcpuState:
    """General registers, segments, tables, control registers, MSRs, x87/SSE."""

    gpr: dict[str, int] = field(default_factory=lambda: dict.fromkeys(GPRS, 0))
    rip: int = 0
    rflags: int = 2
    segments: dict[str, Segment] = field(
        default_factory=lambda: {name: Segment() for name in SEGMENTS}
    )
    gdt_base: int = 0
    gdt_limit: int = 0
    idt_base: int = 0
    idt_limit: int = 0
    cr0: int = 0
    cr2: int = 0
    cr3: int = 0
    cr4: int = 0
    efer: int = 0
    star: int = 0
    lstar: int = 0
    sfmask: int = 0
    kernel_gs_base: int = 0
    tsc: int = 0
    fxsave: bytes = FXSAVE_RESET
    pending: frozenset[int] = frozenset()
    """Interrupt vectors injected and not yet delivered."""

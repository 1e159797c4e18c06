"""The vCPU's complete state, neutral between backends.

Layouts follow the manuals, not KVM's or Unicorn's structures: FXSAVE image (Intel SDM vol. 1,
10.5), segment attributes as the descriptor's bits 8..23 without the limit (SDM vol. 3, 3.4.5).
"""

from __future__ import annotations

GPRS = (
    "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp",
    "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
)  # fmt: skip

SEGMENTS = ("cs", "ss", "ds", "es", "fs", "gs", "tr", "ldt")

FXSAVE_RESET = bytes.fromhex("7f03") + bytes(22) + bytes.fromhex("801f0000ffff0000") + bytes(480)
"""FCW = 0x37f, MXCSR = 0x1f80, mask 0xffff: the state a Linux program starts with."""


class _Record:
    """Equality and repr over ``__slots__``; dataclasses would add 10 ms to every start."""

    __slots__: tuple[str, ...] = ()

    def _values(self) -> list[object]:
        return [getattr(self, name) for name in self.__slots__]

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self._values() == other._values()

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        pairs = zip(self.__slots__, self._values(), strict=True)
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in pairs)})"


class Segment(_Record):
    """A segment register with its hidden part. ``attributes``: type, S, DPL, P in bits 0-7;
    AVL, L, D/B, G in bits 12-15 (the second half of a descriptor, without its limit bits)."""

    __slots__ = ("attributes", "base", "limit", "selector")

    def __init__(
        self, selector: int = 0, base: int = 0, limit: int = 0, attributes: int = 0
    ) -> None:
        self.selector = selector
        self.base = base
        self.limit = limit
        self.attributes = attributes


class VcpuState(_Record):
    """General registers, segments, tables, control registers, MSRs, x87/SSE.

    ``gpr`` and ``segments`` have every name of GPRS and SEGMENTS. ``extended``: the rest of the
    XSAVE area behind ``fxsave`` (SDM vol. 1, 13.4: header, then components in the standard form),
    empty where nothing but x87 and SSE is in use. ``pending``: interrupt vectors injected and not
    yet delivered.
    """

    __slots__ = (
        "cr0", "cr2", "cr3", "cr4", "cstar", "efer", "extended", "fxsave", "gdt_base", "gdt_limit",
        "gpr", "idt_base", "idt_limit", "kernel_gs_base", "lstar", "pending", "rflags", "rip",
        "segments", "sfmask", "star", "tsc",
    )  # fmt: skip

    def __init__(
        self,
        *,
        gpr: dict[str, int] | None = None,
        rip: int = 0,
        rflags: int = 2,
        segments: dict[str, Segment] | None = None,
        gdt_base: int = 0,
        gdt_limit: int = 0,
        idt_base: int = 0,
        idt_limit: int = 0,
        cr0: int = 0,
        cr2: int = 0,
        cr3: int = 0,
        cr4: int = 0,
        efer: int = 0,
        star: int = 0,
        lstar: int = 0,
        cstar: int = 0,
        sfmask: int = 0,
        kernel_gs_base: int = 0,
        tsc: int = 0,
        fxsave: bytes = FXSAVE_RESET,
        extended: bytes = b"",
        pending: frozenset[int] = frozenset(),
    ) -> None:
        self.gpr = dict.fromkeys(GPRS, 0) if gpr is None else gpr
        self.rip = rip
        self.rflags = rflags
        self.segments = segments or {name: Segment() for name in SEGMENTS}
        self.gdt_base = gdt_base
        self.gdt_limit = gdt_limit
        self.idt_base = idt_base
        self.idt_limit = idt_limit
        self.cr0 = cr0
        self.cr2 = cr2
        self.cr3 = cr3
        self.cr4 = cr4
        self.efer = efer
        self.star = star
        self.lstar = lstar
        self.cstar = cstar
        self.sfmask = sfmask
        self.kernel_gs_base = kernel_gs_base
        self.tsc = tsc
        self.fxsave = fxsave
        self.extended = extended
        self.pending = pending

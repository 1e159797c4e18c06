"""Exceptions of both rings, with and without an error code; faults on the way to a handler."""

from struct import pack

from backends.guests import (
    ABSENT,
    BP,
    DF,
    GDT,
    GP,
    IDT,
    NP,
    PF,
    PRESENT_WRITE,
    READ_ONLY,
    SPARE,
    TSS,
    UD,
    USER_CODE,
    TinyGuest,
)
from differential.specimen import Case, Setup, quad

from nanvix.machine.state import FXSAVE_RESET

TF, IOPL, NT, AC = 1 << 8, 3 << 12, 1 << 14, 1 << 18
CR0_MP, CR0_EM, CR0_TS, CR0_NE, CR0_AM = 1 << 1, 1 << 2, 1 << 3, 1 << 5, 1 << 18
CR4_OSFXSR = 1 << 9
SS_FAULT, AC_FAULT = 12, 17
ABSENT_GATE = 0x8E
OUTSIDE = 0x4000_0000_0000_0000


def control(*, cr0: int = 0, cr4: int = 0, without: int = 0, flags: int = 0) -> Setup:
    """Bits to set in CR0, CR4 and RFLAGS; ``without``: bits of CR4 to clear."""

    def setup(guest: TinyGuest) -> None:
        guest.state.cr0 |= cr0
        guest.state.cr4 = (guest.state.cr4 | cr4) & ~without
        guest.state.rflags |= flags

    return setup


def gates(*vectors: int, kind: int = ABSENT_GATE, dpl: int = 0, ist: int = 0) -> Setup:
    """These vectors' gates, by default absent ones."""

    def setup(guest: TinyGuest) -> None:
        for vector in vectors:
            guest.gate(vector, kind=kind, dpl=dpl, ist=ist)

    return setup


def both(*parts: Setup) -> Setup:
    """One setup after the other."""

    def setup(guest: TinyGuest) -> None:
        for part in parts:
            part(guest)

    return setup


def x87_error(guest: TinyGuest) -> None:
    """A division by zero is pending, and not masked."""
    image = bytearray(FXSAVE_RESET)
    image[0:4] = b"\x7b\x03\x84\x80"
    guest.state.fxsave = bytes(image)


def idt_limit(vectors: int) -> Setup:
    """An IDT of so many vectors."""

    def setup(guest: TinyGuest) -> None:
        guest.state.idt_limit = max(vectors * 16 - 1, 0)

    return setup


def tss_limit(limit: int) -> Setup:
    """A TSS that ends early."""

    def setup(guest: TinyGuest) -> None:
        guest.state.segments["tr"].limit = limit

    return setup


def handler_segment(descriptor: int) -> Setup:
    """The handler of #UD in a code segment of its own."""
    stub = 0x8000 + UD * 16
    gate = quad(IDT + UD * 16, stub | 0x58 << 16 | 0x8E << 40)
    return both(quad(GDT + 0x58, descriptor), gate)


def move_stack(address: int) -> Setup:
    """RSP0."""
    return lambda guest: guest.memory.write(TSS + 4, pack("<Q", address))


def _plain() -> list[Case]:
    rings = {
        "divide by zero": "xor %ecx, %ecx; div %ecx",
        "quotient too large": "mov $-1, %edx; mov $1, %ecx; div %ecx",
        "signed quotient too large": "mov $0x80000000, %eax; cltd; mov $-1, %ecx; idiv %ecx",
        "ud2": "stc; ud2",
        "not an instruction": ".byte 0x06",
        "lock where it may not be": ".byte 0xf0, 0x90",
        "load from nowhere": "movabs $0x4000000000000000, %rbx; mov (%rbx), %rax",
        "store to nowhere": "movabs $0x7fff800000000000, %rbx; stc; mov %rax, (%rbx)",
        "store across the end of addresses": "movabs $0x7ffffffffffd, %rbx; mov %rax, (%rbx)",
        "jump to nowhere": "movabs $0x4000000000000000, %rbx; jmp *%rbx",
        "call to nowhere": "movabs $0x4000000000000000, %rbx; call *%rbx",
        "return to nowhere": "movabs $0x4000000000000000, %rbx; push %rbx; ret",
        "stack at nowhere": "movabs $0x4000000000000000, %rbp; mov (%rbp), %rax",
        "a segment beyond the table": "mov $0x1008, %eax; mov %eax, %ds",
        "an empty segment": "mov $0x58, %eax; mov %eax, %es",
        "a segment in no local table": "mov $0xc, %eax; mov %eax, %fs",
        "a system segment": "mov $SEL_TSS, %eax; mov %eax, %gs",
        "interrupt gate closed": "int $0x80",
        "read an absent page": "mov ABSENT+8, %rax",
        "write an absent page": "mov %rax, ABSENT",
        "jump to an absent page": "mov $ABSENT, %eax; jmp *%rax",
        "read the page after": "mov ABSENT-4, %rax",
        "write the page after": "mov %rax, NO_EXECUTE+0xffc",
        "push to an absent page": "mov $ABSENT+0x800, %esp; push %rax",
        "string instruction in the middle":
            "mov $NO_EXECUTE, %esi; mov $NO_EXECUTE+0xff8, %edi; mov $4, %ecx; rep movsq",
        "string instruction backwards":
            "mov $RESULT+24, %esi; mov $NO_EXECUTE+16, %edi; mov $8, %ecx; std; rep movsq",
        "compare strings": "mov $ABSENT-16, %esi; mov $ABSENT-16, %edi; mov $8, %ecx; repe cmpsq",
        "scan a string": "mov $ABSENT-16, %edi; mov $8, %ecx; xor %eax, %eax; repe scasq",
        "exchange": "lock xchg %rax, READ_ONLY+8",
        "compare and exchange": "lock cmpxchg %rbx, READ_ONLY",
        "locked addition": "lock addq $1, READ_ONLY",
        "compare and exchange 16": "mov $RESULT+8, %ebx; lock cmpxchg16b (%rbx)",
        "call through an absent page": "call *ABSENT",
        "enter": "mov $ABSENT+0x1000+16, %esp; enter $32, $0; push %rax; push %rax; push %rax",
        "FXSAVE unaligned": "fxsave RESULT+8",
        "sse load": "movups ABSENT-8, %xmm0",
        "sse store": "movups %xmm0, NO_EXECUTE+0xff8",
    }  # fmt: skip
    cases = []
    for name, text in rings.items():
        cases.append(Case(f"{name}, ring 0", text))
        cases.append(Case(f"{name}, ring 3", text, user=True))
    return cases


def _privileged() -> list[Case]:
    texts = {
        "hlt": "hlt", "cli": "cli", "sti": "sti", "clts": "clts", "invd": "invd",
        "wbinvd": "wbinvd", "swapgs": "swapgs", "sysretq": "sysretq", "rdmsr": "rdmsr",
        "wrmsr": "wrmsr", "lgdt": "lgdt RESULT", "lidt": "lidt RESULT", "lldt": "lldt %ax",
        "ltr": "ltr %ax", "lmsw": "lmsw %ax", "invlpg": "invlpg RESULT",
        "read cr0": "mov %cr0, %rax", "write cr0": "mov %rax, %cr0", "read cr2": "mov %cr2, %rax",
        "write cr3": "mov %rax, %cr3", "write cr4": "mov %rax, %cr4",
        "read dr7": "mov %dr7, %rax", "write dr0": "mov %rax, %dr0",
        "in": "in $0x60, %al", "out": "out %eax, $BELL", "out dx": "out %al, %dx",
        "insb": "mov $RESULT, %edi; insb", "outsb": "mov $RESULT, %esi; outsb",
        "monitor": ".byte 0x0f, 0x01, 0xc8", "rdpmc": "rdpmc", "rsm": "rsm",
        "vmcall": "vmcall", "vmmcall": "vmmcall",
    }  # fmt: skip
    return [Case(f"privileged {name}", f"stc; {text}", user=True) for name, text in texts.items()]


def _vectors() -> list[Case]:
    mask_xm = "stmxcsr RESULT; andl $0xffffe07f, RESULT; ldmxcsr RESULT; xorps %xmm0, %xmm0; "
    return [
        Case("int3, gate closed", "int3", user=True),
        Case("int3, gate open", "int3; nop; int3", True, events=2, setup=gates(BP, kind=14, dpl=3)),
        Case("int3, ring 0", "int3; out %eax, $BELL", events=2),
        Case("int $3", "int $3", True, setup=gates(BP, kind=14, dpl=3)),
        Case("icebp", ".byte 0xf1; out %eax, $BELL", events=2),
        Case("no x87", "fld1; out %eax, $BELL", setup=control(cr0=CR0_TS)),
        Case("no x87, ring 3", "fld1", True, setup=control(cr0=CR0_TS)),
        Case("emulated x87", "fld1", True, setup=control(cr0=CR0_EM)),
        Case("wait with TS", "fwait; out %eax, $BELL", setup=control(cr0=CR0_TS)),
        Case("wait with TS and MP", "fwait", setup=control(cr0=CR0_TS | CR0_MP)),
        Case("no SSE: TS", "movaps %xmm0, %xmm1", True, setup=control(cr0=CR0_TS)),
        Case("no SSE: EM", "movaps %xmm0, %xmm1", True, setup=control(cr0=CR0_EM)),
        Case("no SSE: OSFXSR", "movaps %xmm0, %xmm1", True, setup=control(without=CR4_OSFXSR)),
        Case("x87 error", "nop; fwait", True, setup=both(control(cr0=CR0_NE), x87_error)),
        Case("x87 error at an x87 instruction", "fld1", True,
             setup=both(control(cr0=CR0_NE), x87_error)),
        Case("SSE error", mask_xm + "divps %xmm0, %xmm0", True),
        Case("unaligned movaps", "movaps RESULT+8, %xmm0", True),
        Case("alignment check", "mov RESULT+1, %rax", True,
             setup=control(cr0=CR0_AM, flags=AC)),
        Case("no alignment check in ring 0", "mov RESULT+1, %rax; out %eax, $BELL",
             setup=control(cr0=CR0_AM, flags=AC)),
        Case("single step", "nop; stc; ud2", True, events=3, setup=control(flags=TF)),
        Case("single step over popf", "pushq $0x2; popfq; nop; ud2", True, events=3,
             setup=control(flags=TF)),
        Case("single step begun by popf", "pushq $0x102; popfq; nop; nop; ud2", True, events=3),
        Case("single step over a fault", "mov ABSENT, %rax", True, events=1,
             setup=control(flags=TF)),
        Case("single step over int", "int $0x80; nop; ud2", True, events=3,
             setup=both(control(flags=TF), gates(0x80, kind=14, dpl=3))),
        Case("single step, ring 0", "pushq $0x102; popfq; nop; stc; out %eax, $BELL", events=3),
        Case("single step over mov ss",
             "pushq $0x102; mov %ss, %eax; popfq; mov %eax, %ss; nop; nop; ud2", events=3),
        Case("single step of a string", "mov $RESULT, %edi; mov $3, %ecx; rep stosb; ud2", True,
             events=6, setup=control(flags=TF)),
        Case("single step over pushf", "pushfq; pop %rax; ud2", True, events=3,
             setup=control(flags=TF)),
        Case("a trap gate leaves interrupts on", "ud2", True,
             setup=both(gates(UD, kind=15), control(flags=0x200))),
        Case("flags are saved", "cmp %rax, %rcx; std; ud2", True),
        Case("nested task is cleared", "ud2", True, setup=control(flags=NT)),
        Case("xgetbv", "xor %ecx, %ecx; xgetbv", True),
        Case("sysenter", "sysenter", True),
        Case("into", ".byte 0xce", True),
        Case("bound", ".byte 0x62, 0x06, 0, 0", True),
    ]  # fmt: skip


def _nested() -> list[Case]:
    return [
        Case("absent gate", "ud2", setup=gates(UD)),
        Case("absent gate, ring 3", "ud2", True, setup=gates(UD)),
        Case("absent gate of int", "int $0x80", True, setup=gates(0x80, dpl=3)),
        Case("gate of another type", "ud2", setup=gates(UD, kind=0xC)),
        Case("gate beyond the limit", "int $0x40", True, setup=idt_limit(0x40)),
        Case("page fault without a gate", "mov ABSENT, %rax", setup=gates(PF)),
        Case("page fault without gates", "mov ABSENT, %rax", setup=gates(PF, NP)),
        Case("page fault without gates, ring 3", "mov ABSENT, %rax", True, setup=gates(PF, NP)),
        Case("general protection without gates", "mov $0x1008, %eax; mov %eax, %ds",
             setup=gates(GP, NP)),
        Case("general protection without a gate", "hlt", True, setup=gates(GP)),
        Case("divide error without a gate", "xor %ecx, %ecx; div %ecx", True, setup=gates(0)),
        Case("no gates at all", "ud2", setup=idt_limit(0)),
        Case("no gate for the double fault", "mov ABSENT, %rax", setup=gates(PF, NP, DF)),
        Case("stack on an absent page", "mov $ABSENT+0x800, %esp; ud2"),
        Case("stack on an absent page, double fault on another", "mov $ABSENT+0x800, %esp; ud2",
             setup=gates(DF, kind=14, ist=1)),
        Case("stack on a read-only page", "mov $READ_ONLY+0x800, %esp; ud2",
             setup=gates(DF, kind=14, ist=1)),
        Case("stack at nowhere", "movabs $0x4000000000000000, %rsp; ud2",
             setup=gates(DF, kind=14, ist=1)),
        Case("ring 0 stack absent", "ud2", True,
             setup=both(move_stack(ABSENT + 0x800), gates(DF, PF, kind=14, ist=1))),
        Case("ring 0 stack absent, page fault", "mov %rax, READ_ONLY", True,
             setup=both(move_stack(ABSENT + 0x800), gates(DF, kind=14, ist=1))),
        Case("ring 0 stack at nowhere", "ud2", True,
             setup=both(move_stack(OUTSIDE), gates(DF, SS_FAULT, kind=14, ist=1))),
        Case("ring 0 stack not aligned", "ud2", True, setup=move_stack(0xBFF7)),
        Case("stack not aligned", "sub $5, %rsp; ud2"),
        Case("frame across pages", "mov $SPARE+16, %esp; ud2"),
        Case("frame across pages, one absent", "mov $ABSENT+0x1010, %esp; ud2",
             setup=gates(DF, PF, kind=14, ist=1)),
        Case("TSS too short for the stack", "ud2", True,
             setup=both(tss_limit(8), gates(10, kind=14))),
        Case("TSS too short for an interrupt stack", "ud2",
             setup=both(tss_limit(40), gates(UD, kind=14, ist=1))),
        Case("interrupt stack", "ud2", setup=gates(UD, kind=14, ist=1)),
        Case("interrupt stack, ring 3", "ud2", True, setup=gates(UD, kind=14, ist=1)),
        Case("interrupt stack of a page fault", "mov ABSENT, %eax", True,
             setup=gates(PF, kind=14, ist=1)),
        Case("handler at nowhere", "ud2", setup=quad(IDT + UD * 16 + 8, 0x4000_0000)),
        Case("handler on an absent page", "ud2",
             setup=quad(IDT + UD * 16, ABSENT & 0xFFFF | 0x10 << 16 | 0x8E << 40
                        | (ABSENT >> 16) << 48)),
        Case("handler without a segment", "ud2",
             setup=quad(IDT + UD * 16, 0x8060 | 0x8E << 40)),
        Case("handler in an absent segment", "ud2", setup=handler_segment(0x00AF_1B00_0000_FFFF)),
        Case("handler in a data segment", "ud2", setup=handler_segment(0x00AF_9300_0000_FFFF)),
        Case("handler in a 32-bit segment", "ud2", setup=handler_segment(0x00CF_9B00_0000_FFFF)),
        Case("handler in ring 3", "ud2", setup=handler_segment(0x00AF_FB00_0000_FFFF)),
        Case("handler in ring 3, from there", "ud2", True,
             setup=handler_segment(0x00AF_FB00_0000_FFFF)),
        Case("handler in a conforming segment", "ud2", True,
             setup=handler_segment(0x00AF_9F00_0000_FFFF)),
        Case("a fault in the handler's frame is not the program's", "mov %rax, READ_ONLY+0x100",
             True, setup=lambda guest: guest.map(READ_ONLY, READ_ONLY | 5)),
        Case("the table's page is absent", "ud2",
             setup=lambda guest: guest.map(IDT, 0)),
        Case("the GDT's page is absent", "ud2", True,
             setup=lambda guest: guest.map(GDT, 0)),
        Case("the handler's page is the user's", "ud2", True,
             setup=lambda guest: guest.map(0x8000, 0x8000 | PRESENT_WRITE | 4)),
        Case("a program runs off its page", "jmp .+0xffe", True,
             setup=lambda guest: (guest.memory.write(USER_CODE + 0xFFE, b"\x90\x90"),
                                  guest.map(USER_CODE + 0x1000, 0))[1]),
        Case("an instruction across pages", "jmp .+0xffd", True,
             setup=lambda guest: (guest.memory.write(USER_CODE + 0xFFD, b"\x48\xb8\x01"),
                                  guest.map(USER_CODE + 0x1000, SPARE | 3))[1]),
        Case("an instruction across pages, no execute", "jmp .+0xffd", True,
             setup=lambda guest: (guest.memory.write(USER_CODE + 0xFFD, b"\x48\xb8\x01"),
                                  guest.map(USER_CODE + 0x1000, SPARE | 7 | 1 << 63))[1]),
        Case("an instruction too long", ".fill 15, 1, 0x66; nop", True),
    ]  # fmt: skip


CASES = (*_plain(), *_privileged(), *_vectors(), *_nested())

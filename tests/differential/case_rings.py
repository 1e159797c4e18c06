"""Ways between the rings, what they make of flags and segments, and interrupts at their edges."""

from backends.guests import GDT, KERNEL_CODE, SPARE, UD2, USER_CODE, TinyGuest
from differential.case_exceptions import TF, both, control, gates
from differential.specimen import Case, Setup, quad

from nanvix.abi.layout import VECTOR_EVENT, VECTOR_TIMER

SCE, IF = 1, 1 << 9
IRETQ = "push {ss}; push {rsp}; push {flags}; push {cs}; push {rip}; iretq"
CALL = "syscall; nop; ud2"


def iretq(name: str, setup: Setup | None = None, before: str = "", events: int = 1,
          **words: str) -> Case:  # fmt: skip
    """``iretq`` from ring 0 with a frame whose words are given, the others being ring 3's."""
    frame = {
        "ss": "$SEL_USER_DATA", "rsp": "$USER_STACK-0x100", "flags": "$2",
        "cs": "$SEL_USER_CODE", "rip": "$USER_CODE",
    } | words  # fmt: skip
    user_code = _at(USER_CODE, b"\x9c\x58" + UD2)  # pushfq; pop %rax; ud2
    parts = both(user_code, setup) if setup is not None else user_code
    return Case(f"iretq {name}", before + IRETQ.format(**frame), events=events, setup=parts)


def _at(address: int, code: bytes) -> Setup:
    return lambda guest: guest.memory.write(address, code)


def _looking(selector: str) -> str:
    return (
        f"xor %eax, %eax; mov ${selector}, %ecx; lar %ecx, %eax; pushfq; and $0xf0ff00, %eax; "
        "lsl %ecx, %ebx; pushfq; verr %cx; pushfq; verw %cx; pushfq; pop %r8; pop %r9; pop %r10; "
        "pop %r11; ud2"
    )


def efer(without: int) -> Setup:
    """Bits of EFER to clear."""

    def setup(guest: TinyGuest) -> None:
        guest.state.efer &= ~without

    return setup


def call(mask: int = 0, entry: int = KERNEL_CODE, **options: int) -> Setup:
    """SFMASK and LSTAR, and what :func:`control` takes."""

    def setup(guest: TinyGuest) -> None:
        guest.state.sfmask, guest.state.lstar = mask, entry

    return both(setup, control(**options))


def injected(*vectors: int, flags: int = 0) -> Setup:
    """Interrupts that are pending from the start."""

    def setup(guest: TinyGuest) -> None:
        guest.state.rflags |= flags
        guest.state.pending = frozenset(vectors)

    return setup


def descriptor(selector: int, value: int) -> Setup:
    """An entry of the GDT."""
    return quad(GDT + (selector & ~7), value)


_RINGS = [
    iretq("to ring 3"),
    iretq("to ring 3 with all flags", flags="$0x254ed5"),
    iretq("to ring 3, stepping", flags="$0x102", events=2),
    iretq("to ring 3, resume flag", flags="$0x10002"),
    iretq("to ring 0", ss="$SEL_KERNEL_DATA", cs="$SEL_KERNEL_CODE", rsp="$KERNEL_STACK-0x80",
          rip="$USER_CODE"),
    iretq("to ring 0 without a stack segment", ss="$0", cs="$SEL_KERNEL_CODE",
          rsp="$KERNEL_STACK-0x80"),
    iretq("without a code segment", cs="$0"),
    iretq("to a data segment", cs="$SEL_USER_DATA"),
    iretq("to a segment beyond the table", cs="$0x100b"),
    iretq("to an absent segment", cs="$0x5b", setup=descriptor(0x58, 0x00AF_7B00_0000_FFFF)),
    iretq("to a segment of the wrong ring", cs="$0x13"),
    iretq("with a null stack segment", ss="$3"),
    iretq("with a stack segment of the wrong ring", ss="$0x18"),
    iretq("with a code segment for the stack", ss="$SEL_USER_CODE"),
    iretq("with an absent stack segment", ss="$0x5b",
          setup=descriptor(0x58, 0x00CF_7300_0000_FFFF)),
    iretq("to nowhere", before="movabs $0x4000000000000000, %rbx; ", rip="%rbx"),
    iretq("with the stack at nowhere", before="movabs $0x4000000000000000, %rbx; ", rsp="%rbx"),
    iretq("to an absent page", rip="$ABSENT"),
    iretq("to a supervisor page", rip="$SPARE"),
    iretq("with a nested task", before="pushq $0x4002; popfq; "),
    iretq("from an absent page", before="mov $ABSENT+0x800, %esp; "),
    iretq("drops data segments of ring 0",
          before="mov $SEL_KERNEL_DATA, %eax; mov %eax, %ds; mov %eax, %es; mov $SEL_USER_DATA, "
          "%eax; mov %eax, %fs; "),
    Case("iretq in ring 3",
         "mov %rsp, %rbx; lea 1f(%rip), %rax; mov %ss, %ecx; push %rcx; push %rbx; pushq $0x3ed7; "
         "mov %cs, %ecx; push %rcx; push %rax; iretq; 1: ud2", True),
    Case("iretq in ring 3 to ring 0",
         "mov %rsp, %rbx; lea 1f(%rip), %rax; pushq $SEL_KERNEL_DATA; push %rbx; pushq $2; "
         "pushq $SEL_KERNEL_CODE; push %rax; iretq; 1: ud2", True),
    Case("int to ring 0 and back", "stc; int $0x80; nop; int $0x80", True, events=2,
         setup=gates(0x80, kind=14, dpl=3)),
    Case("int in ring 0", "stc; int $0x80; out %eax, $BELL", events=2),
    Case("popf in ring 3", "pushq $0x3f7fd7; popfq; pushfq; pop %rax; ud2", True),
    Case("popf in ring 3 with interrupts on", "pushq $2; popfq; pushfq; pop %rax; ud2", True,
         setup=control(flags=IF)),
    Case("popf in ring 0", "pushq $0x247ed7; popfq; pushfq; pop %rax; out %eax, $BELL"),
    Case("popfw in ring 3", "pushw $0x7ed7; popfw; pushfq; pop %rax; ud2", True),
    Case("ring 3 with IOPL 3", "cli; sti; in $0x60, %al; pushfq; pop %rbx; ud2", True,
         setup=control(flags=3 << 12)),
    Case("syscall", "stc; " + CALL, True, "out %eax, $BELL; ud2", events=2,
         setup=call(0x47700, flags=IF)),
    Case("syscall and back", "stc; " + CALL, True, "out %eax, $BELL; sysretq", events=2,
         setup=call(0x47700, flags=IF)),
    Case("syscall masks all", "stc; std; " + CALL, True, "out %eax, $BELL", setup=call(0xFFFFFFFF)),
    Case("syscall masks nothing", "stc; std; " + CALL, True, "out %eax, $BELL", setup=call(0)),
    Case("syscall in ring 0", "stc; nop; lea 1f(%rip), %rbx; cmp %rbx, %rcx; je 2f; syscall; "
         "1: nop; 2: out %eax, $BELL", setup=call(0, entry=KERNEL_CODE)),
    Case("syscall switched off", CALL, True, "out %eax, $BELL", setup=efer(SCE)),
    Case("syscall to an absent page", CALL, True, setup=call(0, entry=0x12000)),
    Case("sysretq", "mov $USER_CODE, %ecx; mov $0x3f7fd7, %r11d; sysretq", events=1,
         setup=_at(USER_CODE, b"\x9c\x58" + UD2)),
    Case("sysretq stepping", "mov $USER_CODE, %ecx; mov $0x102, %r11d; sysretq", events=2,
         setup=_at(USER_CODE, b"\x90\x90" + UD2)),
    Case("sysretq switched off", "mov $USER_CODE, %ecx; mov $2, %r11d; sysretq", setup=efer(SCE)),
    Case("sysretl to 32 bits", "mov $USER_CODE, %ecx; mov $2, %r11d; sysretl",
         setup=_at(USER_CODE, b"\x90" + UD2)),
    Case("iretq to 32 bits", IRETQ.format(ss="$SEL_USER_DATA", rsp="$USER_STACK-0x100", flags="$2",
         cs="$SEL_USER_CODE32", rip="$USER_CODE"), setup=_at(USER_CODE, b"\x40\x40" + UD2)),
    Case("far return", "pushq $SEL_KERNEL_CODE; lea 1f(%rip), %rax; push %rax; lretq; "
         "1: out %eax, $BELL"),
    Case("far return to ring 3", "pushq $SEL_USER_DATA; pushq $USER_STACK-0x40; "
         "pushq $SEL_USER_CODE; pushq $USER_CODE; lretq", setup=_at(USER_CODE, UD2)),
    Case("far return in ring 3", "mov %cs, %eax; push %rax; lea 1f(%rip), %rax; push %rax; lretq; "
         "1: ud2", True),
    Case("far return to a data segment", "pushq $SEL_KERNEL_DATA; pushq $USER_CODE; lretq"),
    Case("far jump", "movl $SPARE, RESULT; movw $SEL_KERNEL_CODE, RESULT+4; ljmpl *RESULT",
         setup=_at(SPARE, b"\xe7\xe0")),
    Case("far call", "movl $SPARE, RESULT; movw $SEL_KERNEL_CODE, RESULT+4; lcalll *RESULT",
         setup=_at(SPARE, b"\xe7\xe0")),
    Case("far jump to a data segment", "movl $SPARE, RESULT; movw $SEL_USER_DATA, RESULT+4; "
         "ljmpl *RESULT", True),
    Case("far jump to ring 0", "movl $KERNEL_CODE, RESULT; movw $SEL_KERNEL_CODE, RESULT+4; "
         "ljmpl *RESULT", True),
]  # fmt: skip

_SEGMENTS = [
    Case("data segments", "mov $SEL_USER_DATA, %eax; mov %eax, %ds; mov %eax, %es; mov %eax, %fs; "
         "mov %eax, %gs; ud2", True),
    Case("null segments", "xor %eax, %eax; mov %eax, %ds; mov %eax, %es; mov %eax, %fs; "
         "mov %eax, %gs; mov RESULT, %rcx; ud2", True),
    Case("a selector of another ring", "mov $0x28, %eax; mov %eax, %ds; ud2", True),
    Case("a segment of ring 0", "mov $SEL_KERNEL_DATA, %eax; mov %eax, %ds", True),
    Case("code as data", "mov $SEL_USER_CODE, %eax; mov %eax, %ds; ud2", True),
    Case("code that cannot be read", "mov $0x5b, %eax; mov %eax, %ds", True,
         setup=descriptor(0x58, 0x00AF_F900_0000_FFFF)),
    Case("an absent data segment", "mov $0x5b, %eax; mov %eax, %es", True,
         setup=descriptor(0x58, 0x00CF_7300_0000_FFFF)),
    Case("an absent stack segment", "mov $0x5b, %eax; mov %eax, %ss", True,
         setup=descriptor(0x58, 0x00CF_7300_0000_FFFF)),
    Case("a null stack segment", "xor %eax, %eax; mov %eax, %ss", True),
    Case("a null stack segment in ring 0", "xor %eax, %eax; mov %eax, %ss; out %eax, $BELL"),
    Case("code for the stack", "mov $SEL_USER_CODE, %eax; mov %eax, %ss", True),
    Case("a read-only stack", "mov $0x5b, %eax; mov %eax, %ss", True,
         setup=descriptor(0x58, 0x00CF_F100_0000_FFFF)),
    Case("a stack of another ring", "mov $SEL_KERNEL_DATA, %eax; mov %eax, %ss", True),
    Case("mov to cs", ".byte 0x8e, 0xc8", True),
    Case("the accessed bit is set", "mov $0x5b, %eax; mov %eax, %es; ud2", True,
         setup=descriptor(0x58, 0x00CF_F200_0000_FFFF)),
    Case("a base by a descriptor", "mov $0x5b, %eax; mov %eax, %fs; mov %fs:8, %rbx; ud2", True,
         setup=both(descriptor(0x58, 0x00CF_F300_E000_FFFF), quad(0xE008, 0x5EED))),
    Case("pop fs and gs", "pushq $SEL_USER_DATA; pop %fs; pushq $0; pop %gs; ud2", True),
    Case("pop a bad segment", "pushq $0x100b; pop %fs", True),
    Case("swapgs", "swapgs; mov %gs:0, %rax; swapgs; out %eax, $BELL",
         setup=lambda guest: setattr(guest.state, "kernel_gs_base", SPARE)),
    Case("base registers at nowhere", "mov $0xc0000100, %ecx; mov $0x40000000, %edx; wrmsr"),
    Case("lstar at nowhere", "mov $0xc0000082, %ecx; mov $0x40000000, %edx; wrmsr"),
    Case("base registers", "mov $0xc0000101, %ecx; mov $0x1234, %edx; wrmsr; xor %eax, %eax; "
         "rdmsr; out %eax, $BELL"),
    Case("lar, lsl, verr, verw", _looking("SEL_USER_DATA"), True),
    Case("lar, lsl, verr, verw of what may not be used", _looking("SEL_KERNEL_DATA"), True),
    Case("sgdt, sidt, str, sldt, smsw",
         "sgdt RESULT; sidt RESULT+16; str %eax; sldt %ebx; smsw %ecx; ud2", True),
    Case("lgdt and lidt", "sgdt RESULT; sidt RESULT+16; lgdt RESULT; lidt RESULT+16; ud2"),
    Case("lgdt at nowhere", "movabs $0x4000000000000000, %rax; mov %rax, RESULT+2; lgdt RESULT"),
    Case("ltr of a busy task", "mov $SEL_TSS, %eax; ltr %ax"),
    Case("ltr", "mov $0x58, %eax; ltr %ax; out %eax, $BELL",
         setup=both(descriptor(0x58, 0x8900_7000_0067), quad(GDT + 0x60, 0))),
    Case("ltr of an absent task", "mov $0x58, %eax; ltr %ax",
         setup=both(descriptor(0x58, 0x0900_7000_0067), quad(GDT + 0x60, 0))),
    Case("ltr of nothing", "xor %eax, %eax; ltr %ax"),
    Case("lldt of nothing", "xor %eax, %eax; lldt %ax; out %eax, $BELL"),
    Case("lldt of data", "mov $SEL_KERNEL_DATA, %eax; lldt %ax"),
    Case("lldt", "mov $0x58, %eax; lldt %ax; mov $0xc, %eax; mov %eax, %es; out %eax, $BELL",
         setup=both(descriptor(0x58, 0x8202_0000_000F), quad(GDT + 0x60, 0),
                    quad(SPARE + 8, 0x00CF_9300_0000_FFFF))),
]  # fmt: skip

_CONTROL = [
    Case("paging without protection", "mov %cr0, %rax; and $~1, %eax; mov %rax, %cr0"),
    Case("not write-through without cache off", "mov %cr0, %rax; or $0x20000000, %eax; "
         "mov %rax, %cr0"),
    Case("paging off in long mode", "mov %cr0, %rax; and $0x7fffffff, %eax; mov %rax, %cr0"),
    Case("no physical address extension", "mov %cr4, %rax; and $~0x20, %rax; mov %rax, %cr4"),
    Case("reserved bits of cr4", "mov %cr4, %rax; bts $31, %rax; mov %rax, %cr4"),
    Case("reserved bits of cr0", "mov %cr0, %rax; bts $40, %rax; mov %rax, %cr0"),
    Case("what the CPU does not have in cr4", "mov %cr4, %rax; bts $20, %rax; mov %rax, %cr4"),
    Case("cr8", "mov $5, %eax; mov %rax, %cr8; mov %cr8, %rbx; out %eax, $BELL"),
    Case("cr1", ".byte 0x0f, 0x20, 0xc8"),
    Case("clts and lmsw", "mov $0x3a, %eax; lmsw %ax; mov %cr0, %rbx; clts; mov %cr0, %rcx; "
         "out %eax, $BELL"),
    Case("a debug register", "mov $0x1234, %eax; mov %rax, %dr1; mov %dr1, %rbx; mov %dr6, %rcx; "
         "mov %dr7, %rdx; out %eax, $BELL"),
    Case("cr2", "movabs $0x123456789abc, %rax; mov %rax, %cr2; mov %cr2, %rbx; out %eax, $BELL"),
    Case("an unknown model-specific register", "mov $0xc0011234, %ecx; rdmsr"),
    Case("reserved bits of efer", "mov $0xc0000080, %ecx; rdmsr; or $0x2, %eax; wrmsr"),
    Case("long mode off", "mov $0xc0000080, %ecx; rdmsr; and $~0x100, %eax; wrmsr"),
    Case("efer", "mov $0xc0000080, %ecx; rdmsr; out %eax, $BELL"),
]  # fmt: skip

_WINDOWS = [
    Case("interrupt at once", "1: jmp 1b", setup=injected(VECTOR_TIMER, flags=IF)),
    Case("interrupt of ring 3", "1: jmp 1b", True, setup=injected(VECTOR_TIMER, flags=IF)),
    Case("two interrupts", "1: jmp 1b", True, events=2,
         setup=injected(VECTOR_TIMER, VECTOR_EVENT, flags=IF)),
    Case("interrupts off", "nop; out %eax, $BELL", setup=injected(VECTOR_TIMER)),
    Case("hlt waits", "sti; hlt; out %eax, $BELL", events=2, setup=injected(VECTOR_TIMER)),
    Case("sti holds for one more", "sti; out %eax, $BELL; nop; out %eax, $BELL", events=2,
         setup=injected(VECTOR_TIMER)),
    Case("cli behind sti", "sti; cli; out %eax, $BELL", setup=injected(VECTOR_TIMER)),
    Case("iretq opens",
         IRETQ.format(ss="$SEL_USER_DATA", rsp="$USER_STACK", flags="$0x202", cs="$SEL_USER_CODE",
                      rip="$USER_CODE"),
         setup=both(injected(VECTOR_TIMER), _at(USER_CODE, UD2))),
    Case("popf opens", "pushq $0x202; popfq; nop; nop; out %eax, $BELL", events=2,
         setup=injected(VECTOR_TIMER)),
    Case("mov ss holds for one more", "pushq $0x202; mov %ss, %eax; popfq; mov %eax, %ss; nop; "
         "out %eax, $BELL", events=2, setup=injected(VECTOR_TIMER)),
    Case("interrupt without a gate", "1: jmp 1b", True,
         setup=both(injected(VECTOR_TIMER, flags=IF), gates(VECTOR_TIMER))),
    Case("interrupt on its own stack", "1: jmp 1b",
         setup=both(injected(VECTOR_TIMER, flags=IF), gates(VECTOR_TIMER, kind=14, ist=1))),
    Case("interrupt of a stepping program", "nop; nop", True, events=2,
         setup=injected(VECTOR_TIMER, flags=IF | TF)),
    Case("a fault with an interrupt pending", "ud2", True, events=1,
         setup=injected(VECTOR_TIMER, flags=IF)),
]  # fmt: skip

CASES = (*_RINGS, *_SEGMENTS, *_CONTROL, *_WINDOWS)

"""What page tables allow: every right at every level, from both rings; what is no address."""

from struct import pack

from backends.guests import NX, PML4, PT, SPARE, USER_CODE, TinyGuest
from differential.case_exceptions import both, control
from differential.case_rings import efer
from differential.specimen import MORE_TABLES, Case, Setup

VICTIM = 1 << 39
"""Its tables are its own; behind them a page of code that returns, or data."""
TABLES = (PML4 + 8, MORE_TABLES, MORE_TABLES + 0x1000, MORE_TABLES + 0x2000)
PAGE = 0x33000
LEVELS = ("PML4", "PDPT", "PD", "PT")
PRESENT, WRITE, USER, ACCESSED, DIRTY, HUGE, GLOBAL = 1, 2, 4, 1 << 5, 1 << 6, 1 << 7, 1 << 8
FULL = PRESENT | WRITE | USER
CR0_WP, CR4_PGE = 1 << 16, 1 << 7
EFER_NXE = 1 << 11

ACCESSES = {
    "read": "mov (%rbx), %rcx",
    "write": "mov %rcx, (%rbx)",
    "execute": "call *%rbx",
    "change": "lock addq $1, (%rbx)",
}


def victim(**levels: int) -> Setup:
    """The victim's entries: all rights but for those given by level."""

    def setup(guest: TinyGuest) -> None:
        targets = (*TABLES[1:], PAGE)
        for level, where, target in zip(LEVELS, TABLES, targets, strict=True):
            flags = levels.get(level, FULL)
            target = 0x20_0000 if flags & HUGE and level == "PD" else target
            guest.memory.write(where, pack("<Q", target | flags))
        for page in (PAGE, 0x20_0000):
            guest.memory.write(page, b"\xc3" * 16)

    return setup


def _rights() -> list[Case]:
    changes = {
        "absent": 0,
        "read-only": FULL & ~WRITE,
        "supervisor": FULL & ~USER,
        "no execute": FULL | NX,
    }
    cases = []
    for change, flags in changes.items():
        for level in LEVELS:
            for access, text in ACCESSES.items():
                if change == "no execute" and access != "execute":
                    continue
                if change == "read-only" and access in ("read", "execute"):
                    continue
                for user in (True, False):
                    cases.append(
                        Case(
                            f"{access} where the {level} says {change}, ring {3 * user}",
                            f"movabs ${VICTIM}, %rbx; {text}; out %eax, $BELL",
                            user,
                            setup=victim(**{level: flags}),
                        )
                    )
    return cases


def _go(access: str, setup: Setup, name: str, user: bool = False) -> Case:
    text = f"movabs ${VICTIM}, %rbx; {ACCESSES[access]}; out %eax, $BELL"
    return Case(f"{name}: {access}, ring {3 * user}", text, user, setup=setup)


def _special() -> list[Case]:
    read_only = victim(PT=FULL & ~WRITE)

    def no_protection(guest: TinyGuest) -> None:
        guest.state.cr0 &= ~CR0_WP

    look = (
        f"movabs ${VICTIM}, %rbx; {{}}; mov {TABLES[0]}, %rcx; mov {TABLES[1]}, %rdx; "
        f"mov {TABLES[2]}, %rsi; mov {TABLES[3]}, %rdi; out %eax, $BELL"
    )
    cases = [
        _go("write", both(read_only, no_protection), "WP off"),
        _go("write", both(read_only, no_protection), "WP off", user=True),
        _go("read", both(victim(PT=FULL | NX), efer(EFER_NXE)), "NX not enabled"),
        _go("read", victim(PD=FULL | HUGE), "2 MiB"),
        _go("execute", victim(PD=FULL | HUGE | NX), "2 MiB without execution"),
        _go("write", victim(PD=FULL & ~WRITE | HUGE), "2 MiB read-only", user=True),
        _go("write", victim(PD=FULL & ~USER | HUGE), "2 MiB of the supervisor", user=True),
        _go("read", victim(PML4=FULL | HUGE), "reserved bit of the PML4"),
        _go("read", victim(PML4=FULL | HUGE), "reserved bit of the PML4", user=True),
        _go("write", victim(PD=FULL | HUGE | 1 << 13), "reserved bit of 2 MiB", user=True),
        _go("read", victim(PT=FULL | 1 << 50), "a physical address too high"),
        _go("read", victim(PT=0xFFE), "all but present", user=True),
        _go("read", victim(PT=FULL | 0xE00 | 0x7FF << 52), "bits that are ignored"),
        Case("accessed bits of a read", look.format("mov (%rbx), %rax"), setup=victim()),
        Case("accessed and dirty bits of a write", look.format("mov %eax, (%rbx)"), setup=victim()),
        Case("accessed bits of a call", look.format("call *%rbx"), setup=victim()),
        Case("dirty bit of a write that follows a read",
             look.format("mov (%rbx), %rax; mov %eax, (%rbx)"), setup=victim()),
        Case("dirty bit of a 2 MiB page", look.format("mov %eax, (%rbx)"),
             setup=victim(PD=FULL | HUGE)),
        Case("no bits of an access that is refused",
             f"movabs ${VICTIM}, %rbx; mov %rax, (%rbx)", setup=victim(PT=FULL & ~WRITE)),
        Case("a table that is its own page",
             f"movabs ${VICTIM}, %rbx; mov (%rbx), %rax; mov 8(%rbx), %rcx; out %eax, $BELL",
             setup=lambda guest: guest.memory.write(
                 PML4 + 8, pack("<Q", PML4 | PRESENT | WRITE))),
        Case("an entry changed and invalidated",
             f"movabs ${VICTIM}, %rbx; mov (%rbx), %rax; movq $0, {TABLES[3]}; invlpg (%rbx); "
             "mov (%rbx), %rax", setup=victim()),
        Case("an entry changed and CR3 loaded",
             f"movabs ${VICTIM}, %rbx; mov (%rbx), %rax; movq ${SPARE | FULL}, {TABLES[3]}; "
             "mov %cr3, %rcx; mov %rcx, %cr3; movq $0x77, SPARE; mov (%rbx), %rax; "
             "out %eax, $BELL", setup=victim()),
        Case("rights given back without invalidating",
             f"movabs ${VICTIM}, %rbx; mov (%rbx), %rax; movq ${PAGE | FULL}, {TABLES[3]}; "
             "mov %rax, (%rbx); out %eax, $BELL", setup=victim(PT=FULL & ~WRITE)),
        Case("a page that appears",
             f"movabs ${VICTIM}, %rbx; movq ${PAGE | FULL}, {TABLES[3]}; mov (%rbx), %rax; "
             "out %eax, $BELL", setup=victim(PT=0)),
        Case("a global page and CR3",
             f"movabs ${VICTIM}, %rbx; mov (%rbx), %rax; mov %cr3, %rcx; mov %rcx, %cr3; "
             "mov (%rbx), %rax; out %eax, $BELL",
             setup=both(victim(PT=FULL | GLOBAL), control(cr4=CR4_PGE))),
        Case("another address space",
             "mov $0x40000, %eax; mov %rax, %cr3; mov SPARE, %rbx; out %eax, $BELL",
             setup=_second_space),
        Case("an address space without the code",
             "mov $0x40000, %eax; mov %rax, %cr3; mov SPARE, %rbx",
             setup=lambda guest: guest.memory.write(0x40000, bytes(4096))),
        Case("code of the supervisor's page in ring 3",
             "mov $SUPERVISOR, %eax; jmp *%rax", True),
        Case("the last byte of the lower half", "movabs $0x7fffffffffff, %rbx; mov (%rbx), %al"),
        Case("the first byte of the upper half",
             "movabs $0xffff800000000000, %rbx; mov (%rbx), %al"),
        Case("the last bytes of all", "mov $-8, %rbx; mov (%rbx), %rax", True),
        Case("beyond the last byte", "mov $-4, %rbx; mov (%rbx), %rax", True),
        Case("code at the end of the lower half", "movabs $0x7ffffffffffe, %rbx; jmp *%rbx", True,
             setup=_last_page),
    ]  # fmt: skip
    for at in range(1, 8):
        cases.append(
            Case(f"a write across pages, byte {at}", f"mov %rax, NO_EXECUTE+0xff8+{at}", True)
        )
        cases.append(
            Case(
                f"a read across pages, byte {at}, the first absent",
                f"mov ABSENT+0xff8+{at}, %rax",
                True,
                setup=lambda guest: guest.map(0x13000, 0x13000 | FULL),
            )
        )
    return cases


def _second_space(guest: TinyGuest) -> None:
    """The same tables, but for the page SPARE, at 0x40000."""
    write = guest.memory.write
    for at, target in ((0x40000, 0x41000), (0x41000, 0x42000), (0x42000, 0x43000)):
        write(at, pack("<Q", target | FULL))
    write(0x43000, guest.memory.read(PT, 4096))
    write(0x43000 + SPARE // 512, pack("<Q", 0x21000 | FULL))
    write(0x21000, pack("<Q", 0x5EED))


def _last_page(guest: TinyGuest) -> None:
    """``nop; nop`` are the last two bytes of the lower half."""
    guest.memory.write(PML4 + 255 * 8, pack("<Q", 0x41000 | FULL))
    for at, target in ((0x41000, 0x42000), (0x42000, 0x43000), (0x43000, USER_CODE)):
        guest.memory.write(at + 511 * 8, pack("<Q", target | FULL))
    guest.memory.write(USER_CODE + 0xFFE, b"\x90\x90")


CASES = (*_rights(), *_special())

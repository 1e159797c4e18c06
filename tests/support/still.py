"""One moment, made up: what the screen shows of it never changes."""

from nanvix.tui.app import DebugApp
from nanvix.tui.view import (
    Bytes,
    CallRow,
    CodeLine,
    Flag,
    LogRow,
    MapRow,
    PointRow,
    Register,
    StackRow,
    Status,
    TaskRow,
    Timeline,
    View,
    WalkRow,
    WatchRow,
)

_REGISTERS = "rax rbx rcx rdx rsi rdi rbp rsp r8 r9 r10 r11 r12 r13 r14 r15 rip rfl fs gs"
_FLAGS = "CF PF AF ZF SF"

LOG = [
    LogRow(1000 * i, 1 + i % 2, ("enter", "return")[i % 2], f"[{1 + i % 2}] call number {i}")
    for i in range(300)
]

VIEW = View(
    status=Status.STOPPED,
    reason="breakpoint 1",
    where="pid 1 tid 1 user main+0x8",
    moment=399_735,
    registers=tuple(
        Register(name, 0x1111_1111_1111 * i, i in (0, 16), "→ main" if name == "rip" else "")
        for i, name in enumerate(_REGISTERS.split())
    ),
    flags=tuple(Flag(name, i % 2 == 0, i == 2) for i, name in enumerate(_FLAGS.split())),
    vectors=tuple(Register(f"xmm{i}", i, False) for i in range(16)),
    code=(
        CodeLine(None, "main:"),
        CodeLine(None, "  hello.c:4  int main(void) {", "source"),
        CodeLine(0x401000, "push rbp", "55", breakpoint=True),
        CodeLine(0x401001, "mov rbp, rsp", "48 89 e5"),
        CodeLine(0x401004, "call 0x401020", "e8 17 00 00 00", here=True, target="square"),
        *(CodeLine(0x401009 + i, "nop", "90") for i in range(40)),
    ),
    memory=Bytes(
        0x7FFF_FFFF_E000,
        tuple(None if i >= 512 else i * 7 % 256 for i in range(1024)),
        frozenset((3, 4)),
    ),
    stack=tuple(
        StackRow(
            0x7FFF_FFFF_E000 + 8 * i, i, '→ "text"' if i == 1 else "", "main" if i == 2 else ""
        )
        for i in range(60)
    ),
    calls=(
        CallRow(0, "square", "hello.c:2", "user", True),
        CallRow(1, "main+0x12", "hello.c:5", "user", False),
    ),
    maps=(
        MapRow(0x400000, 0x402000, "r-xp", "/tmp/hello"),
        MapRow(0x402000, 0x403000, "rwxp", "[heap]"),
    ),
    walk=(WalkRow("PML4", 255, 0x1007, "P W U"), WalkRow("", 0, 0, "physical 0x5000")),
    tasks=(TaskRow(1, 1, "hello", "runnable", True), TaskRow(1, 2, "hello", "sleeping", False)),
    points=(
        PointRow(1, "break", "main", "rdi > 1", 3, True),
        PointRow(2, "watch", "change of 8 bytes at 0x402000", "", 0, False),
    ),
    locals=(
        WatchRow("total", "5", "int", True),
        WatchRow("name", '0x402000 "nanvix"', "char *", False, ("local 0", "name"), True),
        WatchRow("node", "0x402040", "struct node *", False, ("local 0", "node"), True, True),
        WatchRow("value", "10", "int", True, ("local 0", "node", "value")),
        WatchRow("next", "0x402060", "struct node *", False, ("local 0", "node", "next"), True),
    ),
    timeline=Timeline(400_000, 1_000_000, (0, 300_000, 600_000), ((400_000, "mark 1"),)),
)


class StillApp(DebugApp):
    """The application without a guest."""

    def __init__(self) -> None:
        def nothing(stdio: tuple[int, int, int]):  # type: ignore[no-untyped-def]
            raise AssertionError("no guest is started")

        super().__init__(nothing, "hello")
        self.session.log.extend(LOG)

    def begin(self) -> None:
        """Show the moment at once."""
        self.able({"move": "this is the emulator"})
        self.refreshed(VIEW)

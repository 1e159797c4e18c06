"""The distribution's gdb on a guest: symbols, points, steps, registers, memory, and back."""

import re

import pytest
from support.gdb import Gdb
from support.toolchain import Toolchain

WALK = "debug/walk.c"
OUTPUT = b"sum 10, node1, signal 10, child 3 x\n"
NEEDS = pytest.mark.requires("gdb", "gcc")


@NEEDS
@pytest.mark.parametrize("kind", ["dynamic", "glibc"])
def test_a_session(gdb: Gdb, compiled: Toolchain, kind: str) -> None:
    text = gdb(
        compiled(WALK, kind, ("-g",)),
        "break add", "continue", "backtrace", "info args", "p table[1]", "info registers rip rsp",
        "x/2i $pc", "stepi", "finish", "info threads", "info proc mappings", "info auxv",
        "p $xmm0.uint128", "p/x $eflags & 2", "info sharedlibrary",
        "delete", "continue",
    )  # fmt: skip
    assert "Breakpoint 1, add (a=" in text
    assert re.search(r"#1 .* main \(", text)
    assert "a = 0" in text and 'name = "node1' in text
    assert re.search(r"\[stack\]", text) and "AT_ENTRY" in text
    assert "Thread 1.1" in text
    assert "unable" not in text.lower() and "warning: while" not in text, text
    assert "exited with code 012" in text
    if kind == "dynamic":
        assert re.search(r"Yes .*libc\.so\.6", text), text
    assert (gdb.out, gdb.code) == (OUTPUT, 10)


@NEEDS
def test_backwards(traveller: Gdb, compiled: Toolchain) -> None:
    text = traveller(
        compiled(WALK, "dynamic", ("-g",)),
        "break add if b == 3", "continue", "watch counter", "reverse-continue",
        "reverse-continue", "p counter", "reverse-stepi", "stepi", "p counter", "delete",
        "break main", "reverse-continue", "reverse-continue", "monitor moment",
        "monitor last-write 0x0 1",
    )  # fmt: skip
    assert "b=b@entry=3" in text
    assert re.findall(r"Old value = (\d)\nNew value = (\d)", text) == [("3", "2"), ("2", "1")]
    assert "Breakpoint 3, main" in text
    assert "No more reverse-execution history" in text
    assert re.search(r"moment \d+ of", text)
    assert traveller.code == 137, "gdb has killed it"


@NEEDS
def test_watchpoints_memory_and_calls(traveller: Gdb, compiled: Toolchain) -> None:
    text = traveller(
        compiled(WALK, "dynamic", ("-g",)),
        "break main", "continue", "watch counter", "continue", "set var counter = 41", "stepi",
        "p counter", "delete", "rwatch table[1].value", "awatch table[2].value", "info breakpoints",
        "delete", "catch syscall pipe2", "continue", "continue", "delete", "tbreak handler",
        "p/x $rax", "set var $rax = 0x1234", "p/x $rax", "continue",
    )  # fmt: skip
    assert "Old value = 0\nNew value = 1" in text
    assert "$1 = 41" in text
    assert "call to syscall pipe2" in text and "returned from syscall pipe2" in text
    assert "= 0x1234" in text
    assert "exited" in text


@NEEDS
def test_a_variable_is_watched(gdb: Gdb, compiled: Toolchain) -> None:
    """Also where it is the kernel that writes, and while gdb steps."""
    text = gdb(
        compiled("debug/watched.c", "glibc", ("-g", "-O1")),
        "break neighbours", "continue", "watch counter", "continue", "continue", "stepi",
        "info threads", "delete", "watch pages[4095]", "continue", "backtrace 2", "delete",
        "continue",
    )  # fmt: skip
    assert "Hardware watchpoint 2: counter" in text
    assert re.findall(r"Old value = (\w+)\nNew value = (\w+)", text)[:2] == [
        ("0", "7"),
        ("7", "17"),
    ]
    assert "exited normally" in text
    assert gdb.out == b"37 99 abcdefgh 2\n"


@NEEDS
def test_cpp(gdb: Gdb, compiled: Toolchain) -> None:
    text = gdb(
        compiled("hello.cc", "glibc++", ("-g",)), "break main", "continue", "info source",
        "next", "delete", "continue",
    )  # fmt: skip
    assert "Breakpoint 1, main" in text
    assert "Current source file is" in text and "c++" in text
    assert "[Inferior 1 (process 1) exited" in text


@pytest.mark.requires("gdb", "rustc")
def test_rust(gdb: Gdb, compiled: Toolchain) -> None:
    text = gdb(
        compiled("hello.rs", "rust", ("-g",)), "break hello::main", "continue", "delete",
        "continue",
    )  # fmt: skip
    assert "Breakpoint 1, hello::main" in text
    assert "[Inferior 1 (process 1) exited" in text


@NEEDS
def test_a_crash_is_shown_where_it_happens(traveller: Gdb, compiled: Toolchain) -> None:
    text = traveller(
        compiled("die.c", "glibc", ("-g",)), "continue", "x/i $pc", "backtrace 1", "reverse-stepi",
        "continue", "continue", more=("null",),
    )  # fmt: skip
    assert text.count("Program received signal SIGSEGV") == 2
    assert "Program terminated with signal SIGSEGV" in text
    assert traveller.code == 139


@NEEDS
def test_threads_and_exec(gdb: Gdb, compiled: Toolchain) -> None:
    text = gdb(
        compiled("threads.c", "glibc", ("-g", "-pthread")), "catch syscall futex", "continue",
        "info threads", "thread apply all backtrace 1", "delete", "continue",
    )  # fmt: skip
    assert re.search(r"2 +Thread 1\.\d+ ", text)
    assert "[Inferior 1 (process 1) exited" in text


@NEEDS
def test_memory_registers_and_calls(gdb: Gdb, compiled: Toolchain) -> None:
    """What is changed is changed for this process, and only there."""
    text = gdb(
        compiled(WALK, "dynamic", ("-g",)),
        "break main", "continue", "set var counter = 41", "stepi", "p counter", "delete",
        "catch syscall pipe2", "continue", "continue", "delete", "p/x $r12",
        "set var $r12 = 0x1234", "p/x $r12", "x/2i $pc", "break puts", "break write", "continue",
        "info breakpoints", "info sharedlibrary", "kill",
    )  # fmt: skip
    assert "$1 = 41" in text
    assert "call to syscall pipe2" in text and "returned from syscall pipe2" in text
    assert "= 0x1234" in text
    assert re.search(r"Breakpoint \d, .*write ", text), text
    assert re.search(r"Yes .*libc\.so\.6", text), text
    assert gdb.code == 137


@NEEDS
@pytest.mark.parametrize("kind", ["dynamic", "glibc"])
def test_what_is_changed_is_changed_for_one_process(
    gdb: Gdb, compiled: Toolchain, kind: str
) -> None:
    """Also in pages that a fork has left shared, and in those of the program's file."""
    text = gdb(
        compiled("debug/shared.c", kind, ("-g", "-O0")),
        "break here", "continue", "up", "p value", "set var value = 41",
        "set var ((char *) greeting)[0] = 'j'", "p value", "p greeting",
        "set var *common = 5", "find /1 answer, +32, (char) 1", "set var *(char *) $_ = 2",
        "p answer()", "delete", "continue",
    )  # fmt: skip
    assert re.findall(r"^\$\d = (.*)$", text, re.MULTILINE) == ["7", "41", '"jello"', "2"], text
    told = b"child 7 hello 1 5\nagain 7 hello 1 0\nparent 41 jello 2 5\n"
    assert (gdb.out, gdb.code) == (told, 0)


@NEEDS
@pytest.mark.parametrize(
    ("commands", "faults", "out", "code"),
    [
        (["signal 0", "set var $rax = &place", "signal 0"], 2, b"place 5\n", 0),
        (["set var $pc = elsewhere", "signal 0"], 1, b"elsewhere\n", 3),
        (["p other(0)", "continue"], 1, b"other\n", 139),
        (["continue"], 1, b"", 139),
    ],
    ids=["mended", "gone round", "called from there", "passed"],
)
def test_a_fault_is_dropped_or_mended(
    gdb: Gdb, compiled: Toolchain, commands: list[str], faults: int, out: bytes, code: int
) -> None:
    text = gdb(compiled("debug/fault.c", "glibc", ("-g", "-O0")), "continue", *commands)
    assert text.count("Program received signal SIGSEGV") == faults, text
    assert (gdb.out, gdb.code) == (b"before\n" + out, code), text


@NEEDS
def test_a_fault_and_its_handler(gdb: Gdb, compiled: Toolchain) -> None:
    """Another signal in its place, then the fault, which comes again, for its handler."""
    text = gdb(
        compiled("debug/fault.c", "glibc", ("-g", "-O0")),
        "continue", "signal SIGUSR1", "p pointer", "continue", more=("handler",),
    )  # fmt: skip
    assert text.count("Program received signal SIGSEGV") == 2 and "volatile) 0x0" in text, text
    assert (gdb.out, gdb.code) == (b"before\nother\nhandler\nplace 5\n", 0)


@NEEDS
def test_a_call_is_changed_before_it_is_made(gdb: Gdb, compiled: Toolchain) -> None:
    text = gdb(
        compiled("debug/fault.c", "glibc", ("-g", "-O0")),
        "catch syscall write", "continue", "set var $rdx = 3", "delete", "continue", "kill",
    )  # fmt: skip
    assert "call to syscall write" in text, text
    assert (gdb.out, gdb.code) == (b"bef", 9)


@NEEDS
def test_interrupt(gdb: Gdb, compiled: Toolchain) -> None:
    """Ctrl-C in gdb stops a program that computes; then it goes on."""
    text = gdb(
        compiled("debug/spin.c", "glibc", ("-g", "-O0")),
        "continue", "backtrace 1", "set var limit = counter + 5", "p counter > 0", "continue",
        interrupt_at=b"spinning",
    )  # fmt: skip
    assert "Program received signal SIGINT" in text
    assert "main (" in text and "$1 = 1" in text
    assert "exited with code 07" in text
    assert gdb.code == 7 and gdb.out.endswith(b"counted to the limit\n")


@NEEDS
def test_interrupt_of_a_guest_that_sleeps(gdb: Gdb, compiled: Toolchain) -> None:
    text = gdb(
        compiled("debug/doze.c", "glibc", ("-g", "-O0")),
        "continue", "info threads", "break awake", "set var over = 1", "signal SIGALRM", "p n",
        "delete", "continue", interrupt_at=b"dozing",
    )  # fmt: skip
    assert "Program received signal SIGINT" in text and "pause" in text
    assert "awake (n=" in text and "$1 = 14" in text, text
    assert gdb.code == 3


@NEEDS
def test_a_stripped_program_by_its_twins_symbols(gdb: Gdb, compiled: Toolchain) -> None:
    stripped, twin = compiled(WALK, "glibc", ("-s",)), compiled(WALK, "glibc", ("-g",))
    text = gdb(
        stripped, "break add if b == 2", "continue", "p b", "p counter", "delete", "continue",
        symbols=twin,
    )  # fmt: skip
    assert "Breakpoint 1, add (a=" in text
    assert "$1 = 2" in text and "$2 = 2" in text
    assert gdb.out == OUTPUT


@NEEDS
def test_what_kvm_lacks_is_said(backend: str, gdb: Gdb, compiled: Toolchain) -> None:
    text = gdb(
        compiled(WALK), "watch *(int *) $rsp", "monitor help", "monitor moment", "monitor events 3",
        "reverse-stepi", "kill",
    )  # fmt: skip
    assert "who-wrote" in text
    if backend == "kvm":
        assert "not here: KVM keeps no past" in text
        assert "does not support this command" in text
    else:
        assert re.search(r"moment \d+ of", text)
    assert " exec " in text

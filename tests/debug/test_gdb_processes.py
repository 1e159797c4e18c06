"""gdb on guests of several processes and threads: who is followed, who runs, what is caught."""

import re

import pytest
from debug.conftest import Start
from support.gdb import Gdb
from support.toolchain import Toolchain

FAMILY, WORKERS = "debug/family.c", "debug/workers.c"
OUTPUT = b"11 23 22 2\n"
pytestmark = pytest.mark.requires("gdb", "gcc")


@pytest.fixture
def family(compiled: Toolchain) -> object:
    return compiled(FAMILY, "glibc", ("-g",))


def test_the_parent_is_followed_and_signals_are_shown(gdb: Gdb, family: str) -> None:
    text = gdb(
        family, "break child_work", "break parent_work", "continue", "continue", "print n",
        "delete", "continue",
    )  # fmt: skip
    assert "Detaching after fork from child process 2" in text
    assert "Detaching after vfork from child process 3" in text
    assert "Program received signal SIGUSR2" in text
    assert "Breakpoint 1, child_work" not in text
    assert "Breakpoint 2, parent_work (n=" in text and "$1 = 0" in text
    assert (gdb.out, gdb.code) == (OUTPUT, 0)


def test_a_signal_is_dropped_and_another_given(gdb: Gdb, family: str) -> None:
    text = gdb(
        family, "handle SIGUSR1 stop print", "continue", "signal 0", "signal SIGUSR1",
    )  # fmt: skip
    assert text.count("Program received signal") == 2, text
    assert gdb.out == b"11 23 10 2\n", "one is dropped, the other came as the first"


def test_the_child_is_followed(gdb: Gdb, family: str) -> None:
    text = gdb(
        family, "set follow-fork-mode child", "break child_work", "break parent_work", "continue",
        "backtrace", "finish", "continue",
    )  # fmt: skip
    assert "Attaching after Thread 1.1 fork to child Thread 2.2" in text
    assert "[Inferior 1 (process 1) detached]" in text
    assert re.search(r"hit Breakpoint 1(\.\d)?, child_work \(n=.*10\)", text), text
    assert "#1 " in text and "Value returned is $1 = 11" in text
    assert "[Inferior 2 (process 2) exited with code 013]" in text
    assert (gdb.out, gdb.code) == (OUTPUT, 0), "the parent goes on to its end"


def test_both_are_kept_and_run_in_turn(gdb: Gdb, family: str) -> None:
    text = gdb(
        family, "set detach-on-fork off", "catch fork", "break child_work", "continue", "next",
        "info inferiors", "inferior 2", "continue", "print n", "continue", "inferior 1",
        "set detach-on-fork on", "break parent_work", "continue", "continue", "continue",
    )  # fmt: skip
    assert "Catchpoint 1 (forked process 2)" in text
    assert "[New inferior 2 (process 2)]" in text
    assert re.search(r"\* 1 +process 1 .*\n +2 +process 2 ", text)
    assert re.search(r"hit Breakpoint 2\.\d, child_work", text) and "$1 = 10" in text
    assert "[Inferior 2 (process 2) exited with code 013]" in text
    assert re.search(r"Breakpoint 3(\.\d)?, parent_work", text)
    assert (gdb.out, gdb.code) == (OUTPUT, 0)


def test_vfork_and_exec_are_caught(gdb: Gdb, family: str) -> None:
    text = gdb(
        family, "catch vfork", "continue", "set follow-fork-mode child", "catch exec",
        "break second_life", "continue", "info inferiors", "continue", "backtrace 1", "continue",
    )  # fmt: skip
    assert "Catchpoint 1 (vforked process 3)" in text
    assert re.search(r"Catchpoint 2 \(exec'd .*family\)", text), text
    assert re.search(r"hit Breakpoint 3(\.\d)?, second_life", text), text
    assert "[Inferior 2 (process 3) exited with code 027]" in text
    assert gdb.out == OUTPUT


def test_back_over_a_fork(traveller: Gdb, family: str) -> None:
    text = traveller(
        family, "break parent_work", "handle SIGUSR2 nostop noprint pass", "continue",
        "catch fork", "reverse-continue", "reverse-continue", "continue", "continue",
    )  # fmt: skip
    assert text.count("Catchpoint 2 (forked process 2)") == 2, text
    assert "No more reverse-execution history" in text
    assert text.count("parent_work (n=") >= 1


def test_threads_have_names_and_can_be_held(gdb: Gdb, compiled: Toolchain) -> None:
    text = gdb(
        compiled(WORKERS, "dynamic", ("-g", "-O0", "-pthread")),
        "break tick if counts[0] > 4 && counts[1] > 4", "continue", "info threads", "delete",
        "set scheduler-locking on", "set $before = counts[0] + counts[1]",
        "set $mine = counts[who]", "break tick", "continue", "continue", "continue",
        'printf "all %d mine %d\\n", counts[0] + counts[1] - $before, counts[who] - $mine',
        "delete", "set scheduler-locking off", "continue",
    )  # fmt: skip
    assert re.search(r'Thread 1\.\d "left"', text) and re.search(r'Thread 1\.\d "right"', text), (
        text
    )
    assert "all 3 mine 3" in text, text
    assert (gdb.out, gdb.code) == (b"1\n", 0)


def test_all_of_a_familys_events_without_gdb(debug: Start, compiled: Toolchain) -> None:
    """The debugger's own words for the same: births, and who is held does not run."""
    debugger = debug([compiled(FAMILY, "glibc", ("-g",))])
    debugger.catch("fork")
    first = debugger.run()
    assert (first.pid, first.detail) == (1, "fork fork 2.2")
    assert {process.pid for process in debugger.processes()} == {1, 2}
    debugger.hold([2])
    debugger.wait = False
    assert debugger.run().reason == "idle", "the parent waits, the child may not run"
    assert debugger.processes()[1].threads == (2,)
    debugger.hold([])
    debugger.wait = True
    assert debugger.run().detail == "fork vfork 3.3"
    assert debugger.run().reason == "exit"
    assert debugger.output() == OUTPUT
    assert debugger.run_back().detail == "fork vfork 3.3"
    assert debugger.run_back().moment == first.moment


def test_a_signal_for_one_thread(debug: Start, compiled: Toolchain) -> None:
    debugger = debug([compiled(FAMILY, "glibc", ("-g",))])
    debugger.breakpoint("child_work")
    debugger.run()
    debugger.signal(9, debugger.last.tid)
    debugger.catch("exit", pid=debugger.last.pid)
    assert debugger.run().detail == "exit status 0x9"
    assert debugger.run().reason == "exit"
    assert debugger.output().startswith(b"137 ")

"""How programs end: exit codes, signals, faults of the processor, and their crash reports."""

import signal

import pytest
from support.guest import Guest, Same
from support.toolchain import Toolchain

FAULTS = {
    "null": signal.SIGSEGV,
    "kernel": signal.SIGSEGV,
    "noncanonical": signal.SIGSEGV,
    "text": signal.SIGSEGV,
    "noexec": signal.SIGSEGV,
    "stack": signal.SIGSEGV,
    "divide": signal.SIGFPE,
    "illegal": signal.SIGILL,
    "breakpoint": signal.SIGTRAP,
    "abort": signal.SIGABRT,
}


@pytest.mark.parametrize("code", [0, 1, 7, 124, 125, 255, 256])
def test_exit_code(same: Same, compiled: Toolchain, code: int) -> None:
    assert same([compiled("die.c"), "exit", str(code)]).code == code % 256


@pytest.mark.parametrize("name", ["SIGHUP", "SIGINT", "SIGKILL", "SIGTERM", "SIGPIPE", "SIGUSR1"])
def test_signal(guest: Guest, compiled: Toolchain, name: str) -> None:
    number = getattr(signal, name)
    ran = guest([compiled("die.c"), "signal", str(number)])
    assert ran.code == 128 + number
    assert ran.out == f"dying by signal {number}\n".encode()


@pytest.mark.parametrize("how", FAULTS)
def test_fault(guest: Guest, compiled: Toolchain, how: str) -> None:
    ran = guest([compiled("die.c"), how])
    assert ran.code == 128 + FAULTS[how]
    assert ran.out == f"dying by {how} 0\n".encode()


def test_crash_report(guest: Guest, compiled: Toolchain) -> None:
    """Registers, a backtrace with the program's own names, and what it did last."""
    program = compiled("die.c", "musl", ["-g", "-fno-omit-frame-pointer"])
    ran = guest([program, "null"])
    assert ran.code == 128 + signal.SIGSEGV
    text = ran.err.decode()
    assert "killed by SIGSEGV" in text
    assert "rip " in text
    assert "main" in text
    assert "writev" in text or "write" in text


def test_parent_survives_the_crash_of_a_child(same: Same, compiled: Toolchain) -> None:
    script = "ulimit -c 0; ./die null; echo $?; ./die exit 3; echo $?; ./die divide | cat; echo $?"
    ran = same(["/bin/sh", "-c", script], files={"die": compiled("die.c").read_bytes()})
    assert ran.out.count(b"dying") == 3

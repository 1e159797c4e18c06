"""Limits: wall time, instructions, memory."""

import os
import time

import pytest
from support.guest import Guest
from support.host import PATIENCE
from support.patience import least
from support.toolchain import Toolchain


@pytest.mark.parametrize("how", ["spin", "sleep"])
def test_timeout(guest: Guest, compiled: Toolchain, how: str) -> None:
    for limit in (0.7, 2, 6):  # the shortest in which it gets to its first word
        begin = time.monotonic()
        ran = guest([compiled("die.c"), how], options=["--timeout", f"{limit * PATIENCE}"])
        assert ran.code == 124
        assert ran.err == b"nanvix: the guest was ended by --timeout\n"
        assert time.monotonic() - begin > 0.9 * limit * PATIENCE
        if ran.out:
            break
    assert ran.out == f"dying by {how} 0\n".encode()


def test_timeout_that_is_not_reached(guest: Guest) -> None:
    assert guest(["echo", "quick"], options=["--timeout", "50"]) == (0, b"quick\n", b"")


def test_instruction_budget(compiled: Toolchain) -> None:
    """On the emulator, and the same point every time."""
    emulator = Guest("emu")
    runs = [
        emulator([compiled("die.c"), "spin"], options=["--max-instructions", "20000000"])
        for _ in range(2)
    ]
    assert runs[0] == runs[1]
    assert runs[0].code == 124
    assert runs[0].out == b"dying by spin 0\n"
    assert runs[0].err.startswith(b"nanvix: the guest was ended by --max-instructions")


def test_instruction_budget_is_exact(compiled: Toolchain) -> None:
    """The number of instructions of a program does not change between runs."""
    import json

    program = compiled("hello.c")
    counts = set()
    for _ in range(3):
        ran = Guest("emu")([program], options=["--json", "/dev/stderr"])
        counts.add(json.loads(ran.err.removeprefix(b"to stderr\n"))["instructions"])
    assert len(counts) == 1


def test_instruction_budget_needs_the_emulator(compiled: Toolchain) -> None:
    ran = Guest("kvm")([compiled("hello.c")], options=["--max-instructions", "1000"])
    assert ran.code == 125
    assert ran.err.count(b"\n") == 1
    assert b"emu" in ran.err


def test_little_memory_is_enough_for_a_small_program(guest: Guest, compiled: Toolchain) -> None:
    assert guest([compiled("hello.c")], options=["--memory", "16M"]).code == 3


def test_memory_limit(guest: Guest, compiled: Toolchain) -> None:
    """A process that wants more than there is dies; the VM and its exit code stay in order."""
    ran = guest([compiled("exhaust.c"), "memory"], options=["--memory", "64M"], limit=100)
    assert ran.code == 0, ran
    assert ran.out.startswith(b"child ended by signal 9")


def test_big_memory_costs_nothing_until_used(guest: Guest, compiled: Toolchain) -> None:
    free = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    size = f"{min(4 << 30, free) >> 20}M"

    def once() -> float:
        begin = time.monotonic()
        assert guest([compiled("hello.c")], options=["--memory", size]).code == 3
        return time.monotonic() - begin

    assert least(once, 10, tries=3) < 10

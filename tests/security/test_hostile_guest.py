"""Hostile programs: the kernel answers with errors and signals, never with a panic."""

import pytest
from support.guest import Guest
from support.toolchain import Toolchain

BOMBS = ["processes", "threads", "descriptors", "pipes", "files", "mappings", "stack", "memory"]


def assert_in_order(ran: object) -> None:
    code, _, err = ran  # type: ignore[misc]
    assert code == 0, ran
    assert b"panic" not in err
    assert b"nanvix:" not in err


@pytest.mark.parametrize("what", BOMBS)
def test_exhaustion(guest: Guest, compiled: Toolchain, what: str) -> None:
    """A child takes all there is of one thing; it is refused or dies, and all comes back."""
    ran = guest([compiled("exhaust.c"), what], options=["--memory", "64M"], limit=110)
    assert_in_order(ran)
    lines = ran.out.decode().splitlines()
    expected = {"memory": "signal 9", "stack": "signal 11"}.get(what, "code 0")
    assert lines[0] == f"child ended {'by' if 'signal' in expected else 'with'} {expected}"
    assert lines[1] == "afterwards: fork 1 pipe 1 memory 1"


@pytest.mark.parametrize("what", ["pointers", "sizes", "random"])
def test_system_calls_with_garbage(guest: Guest, compiled: Toolchain, what: str) -> None:
    """Every system call with addresses that are not there, the kernel's, or on an edge."""
    ran = guest([compiled("fuzz.c"), what], options=["--memory", "96M"], limit=110)
    assert_in_order(ran)
    assert ran.out.endswith(b"survived\n")


def test_signal_frames_with_garbage(guest: Guest, compiled: Toolchain) -> None:
    """A forged signal frame cannot load kernel segments, flags or addresses."""
    ran = guest([compiled("sigframe.c")], limit=60)
    assert_in_order(ran)
    assert ran.out.endswith(b"survived\n")

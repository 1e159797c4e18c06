"""The Linux ABI, family by family: our own programs say the same natively and in a guest."""

import pytest
from support.guest import Guest, Same
from support.toolchain import Toolchain


@pytest.mark.parametrize("libc", ["musl", pytest.param("glibc", marks=pytest.mark.requires("gcc"))])
@pytest.mark.parametrize(
    "family", ["entry", "memory", "signals", "processes", "threads", "files", "waiting", "async"]
)
def test_family(same: Same, compiled: Toolchain, family: str, libc: str) -> None:
    same([compiled(f"{family}.c", libc)])


@pytest.mark.parametrize("part", ["bases", "handler", "beyond", "stack"])
def test_segments(same: Same, compiled: Toolchain, part: str) -> None:
    assert same([compiled("segments.c"), part]).out.count(b"\n") == 2


def test_system_calls_of_32_bit_code_are_invalid(guest: Guest, compiled: Toolchain) -> None:
    """Also where the host's CPU has them, as AMD's do."""
    assert guest([compiled("segments.c"), "call"]).out == b"ended by signal 4\n"


def test_files_in_memory(guest: Guest, same: Same, compiled: Toolchain) -> None:
    """The guest's own /tmp behaves as a directory of the host does."""
    program = compiled("files.c")
    on_host = same([program])
    assert guest([program, "/tmp"]) == on_host

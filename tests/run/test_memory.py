"""Memory that is mapped, moved, locked and shared between processes, as natively."""

from pathlib import Path

import pytest
from support.guest import Guest, Same
from support.toolchain import Toolchain


@pytest.mark.parametrize("family", ["memory/maps", "memory/reach", "ipc/sysv", "ipc/futex2"])
def test_family(same: Same, compiled: Toolchain, family: str) -> None:
    assert same([compiled(f"{family}.c"), "."]).code == 0


def test_limits(same: Same, compiled: Toolchain) -> None:
    """setrlimit(2) as it is felt; RLIMIT_CPU of a parent that its child has set among them."""
    assert same([compiled("limits.c")]).code == 0


def test_promises(same: Same, compiled: Toolchain) -> None:
    """Who asks for more memory than there is gets none, unless he says that he knows; natively too,
    where the administrator has not ordered otherwise."""
    program = compiled("memory/promises.c")
    if Path("/proc/sys/vm/overcommit_memory").read_text() == "0\n":
        ran = same([program], options=["--memory", "64M"])
    else:
        ran = same.guest([program], options=["--memory", "64M"])
    assert ran.code == 0
    assert b"malloc 0 1, calloc 0, brk 0\n" in ran.out


@pytest.mark.parametrize("how", ["calls", "tables"])
def test_starving(guest: Guest, compiled: Toolchain, how: str) -> None:
    """Who takes all memory dies, also if only calls write to it or only its page tables grow."""
    ran = guest([compiled("memory/starved.c"), how], options=["--memory", "48M"])
    assert ran.out == b"child ended by 9, code 0\nkept: 1\n", ran


@pytest.mark.requires("gcc")
def test_compiling_in_little_memory(guest: Guest, tmp_path: Path) -> None:
    """A compiler is larger than what there is: its code comes and goes, and it gets done."""
    source = tmp_path / "x.c"
    source.write_text('#include <stdio.h>\nint main(void) { return puts("made") < 0; }\n')
    mount = ["-v", f"{tmp_path}:{tmp_path}:rw", "-w", tmp_path]
    ran = guest(["gcc", "-O1", "-o", "x", "x.c"], options=["--memory", "48M", *mount])
    assert ran == (0, b"", b"")
    assert guest([tmp_path / "x"]) == (0, b"made\n", b"")


def test_more_than_there_is(guest: Guest) -> None:
    """An interpreter is told so at once, and says so."""
    ran = guest(["python3", "-c", "bytearray(200 << 20)"], options=["--memory", "96M"])
    assert ran.code == 1
    assert ran.err.endswith(b"MemoryError\n")


@pytest.mark.parametrize("mebibytes", [32, 64, 16384])
def test_what_there_is(guest: Guest, mebibytes: int) -> None:
    """Of the smallest machine as of a large one, which costs nothing before it is used."""
    ran = guest(["head", "-1", "/proc/meminfo"], options=["--memory", f"{mebibytes}M"])
    assert ran.out.split() == [b"MemTotal:", str(mebibytes << 10).encode(), b"kB"]

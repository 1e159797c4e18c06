"""Options that make no sense: one clear line, 125, and nothing has been started."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.guest import Guest, Ran, host_environment
from support.terminal import Terminal
from support.toolchain import Toolchain

if TYPE_CHECKING:
    from conftest import Nanvix
    from security.conftest import Prefixed

BAD = {
    "unknown backend": (["--backend", "bochs"], "bochs"),
    "memory too small": (["--memory", "1M"], "memory"),
    "memory far too small": (["--memory", "1"], "memory"),
    "memory absurd": (["--memory", "900T"], "memory"),
    "memory nonsense": (["--memory", "lots"], "lots"),
    "negative timeout": (["--timeout", "-1"], "-1"),
    "timeout nonsense": (["--timeout", "soon"], "soon"),
    "no budget": (["--max-instructions", "0"], "0"),
    "budget on kvm": (["--backend", "kvm", "--max-instructions", "5"], "emu"),
    "unknown option": (["--frobnicate"], "frobnicate"),
    "mount source missing": (["-v", "/no/such/dir:/data"], "/no/such/dir"),
    "mount without target": (["-v", "/usr:"], "HOST:GUEST"),
    "mount mode": (["-v", "/usr:/data:rx"], "HOST:GUEST"),
    "mount target relative": (["-v", "/usr:data"], "absolute"),
    "mount over root": (["-v", "/usr:/"], "/"),
    "mount over proc": (["-v", "/usr:/proc/sys"], "/proc/sys"),
    "mount of a device": (["-v", "/dev/null:/data"], "/dev/null"),
    "relative directory": (["-w", "here"], "absolute"),
    "environment without a name": (["-e", "=x"], "NAME"),
    "json nowhere": (["--json", "/no/such/dir/file"], "/no/such/dir/file"),
}  # fmt: skip


def one_line(ran: Ran, text: str) -> None:
    assert ran.code == 125, ran
    assert ran.err.startswith(b"nanvix: ")
    assert ran.err.count(b"\n") == 1
    assert text in ran.err.decode()


@pytest.mark.parametrize("name", BAD)
def test_refused(nanvix: "Nanvix", name: str) -> None:
    options, text = BAD[name]
    ran = nanvix("run", *options, "true")
    one_line(ran, text)
    assert ran.out == b""


def test_no_program(nanvix: "Nanvix") -> None:
    one_line(nanvix("run"), "no PROGRAM")
    one_line(nanvix("run", "--timeout", "5"), "no PROGRAM")
    one_line(nanvix("walk"), "walk")


def test_working_directory_that_is_not_there(guest: Guest, tmp_path: Path) -> None:
    """In the guest's own root it is made, as Docker does; in a mount it has to be there."""
    assert guest(["pwd"], options=["-w", "/no/such/place"]) == (0, b"/no/such/place\n", b"")
    (tmp_path / "file").touch()
    for place in ("/m/nope", "/m/file", "/usr/bin/nope"):
        one_line(guest(["pwd"], options=["-v", f"{tmp_path}:/m", "-w", place]), place)
    assert guest(["pwd"], options=["-w", "/bin"]).code == 0


def test_memory_too_small_for_the_program(guest: Guest) -> None:
    """Enough to start, not for what it asks for: the program dies in order, the VM does not."""
    code = "print('started', flush=True); block = bytearray(b'x') * (64 << 20)"
    ran = guest(["python3", "-c", code], options=["--memory", "24M", "--timeout", "50"])
    assert (ran.code, ran.out) in ((1, b"started\n"), (137, b"started\n")), ran
    assert b"panic" not in ran.err
    assert b"internal error" not in ran.err


@pytest.mark.requires("setpriv")
def test_kvm_missing(no_kvm: Guest, compiled: Toolchain) -> None:
    """The message says how to mend it."""
    program = compiled("hello.c")
    ran = no_kvm([program])
    one_line(ran, "/dev/kvm")
    assert b"emu" in ran.err or b"sudo" in ran.err


@pytest.mark.requires("setpriv")
def test_auto_falls_back(no_kvm: Guest, compiled: Toolchain, tmp_path: Path) -> None:
    no_kvm.backend = "auto"
    ran = no_kvm([compiled("hello.c")], options=["--verbose"])
    assert (ran.code, ran.out) == (3, b"hello, world\n")
    assert b"nanvix: emu, " in ran.err and b"/dev/kvm: " in ran.err


@pytest.mark.requires("setpriv")
def test_auto_says_why(no_kvm: "Prefixed", compiled: Toolchain) -> None:
    """To a person, and only where there is a KVM that they may come to use."""
    no_kvm.backend = "auto"
    command = no_kvm.command([compiled("hello.c")])
    with Terminal(command, host_environment()) as terminal:
        terminal.expect(b"hello, world\r\n")
        assert terminal.ends() == 3
    told = terminal.output.startswith(b"nanvix: on the emulator: no permission to open /dev/kvm: ")
    assert told is ("/dev/kvm" in no_kvm.prefix)
    assert b"nanvix" not in no_kvm([compiled("hello.c")]).err

"""What reaches the program: arguments, environment, directory, identity."""

import os
import sys
from pathlib import Path

import pytest
from support.guest import Guest, Same
from support.toolchain import Toolchain

ODD = [
    "plain", "", "two words", "quote's \"here\"", "$HOME `id` \\n", "-v", "--", "\t\n", "*",
    "grüße", b"\xff\xfe raw bytes \x80", "x" * 3000,
]  # fmt: skip


def test_arguments(same: Same, compiled: Toolchain) -> None:
    """Arguments travel as an array: nothing is split, quoted or decoded."""
    ran = same([compiled("show.c"), *ODD])
    assert b"\\xff\\xfe raw bytes \\x80\n" in ran.out


def test_many_arguments(same: Same, compiled: Toolchain) -> None:
    same([compiled("show.c"), *(f"argument number {n}" for n in range(4000))])


def test_environment(same: Same, compiled: Toolchain) -> None:
    same([compiled("show.c")], env={"A": "1", "B": "", "C": "x=y z", "D": "ü" * 50})


def test_environment_of_the_host_stays_there(guest: Guest, compiled: Toolchain) -> None:
    ran = guest([compiled("show.c")], env={"SECRET_TOKEN": "hunter2"})
    assert b"SECRET_TOKEN" not in ran.out
    assert b"PYTHONPATH" not in ran.out
    names = {line.partition(b"=")[0] for line in ran.out.splitlines() if b"=" in line}
    assert names == {b"PATH", b"HOME", b"TERM", b"LANG", b"TZ"}


def test_environment_passed_by_name(guest: Guest, compiled: Toolchain) -> None:
    ran = guest([compiled("show.c")], options=["-e", "TOKEN"], env={"TOKEN": "shared"})
    assert b"TOKEN=shared\n" in ran.out


def test_working_directory(guest: Guest, compiled: Toolchain, tmp_path: Path) -> None:
    program = compiled("show.c")
    assert b"cwd /tmp\n" in guest([program, "cwd"], options=["-w", "/tmp"]).out
    mount = ["-v", f"{tmp_path}:/data", "-w", "/data"]
    assert b"cwd /data\n" in guest([program, "cwd"], options=mount).out
    # Nothing of the host's directory is shown, so the guest cannot be in it.
    assert b"cwd /\n" in guest([program, "cwd"], cwd=tmp_path).out


def test_working_directory_of_a_script(guest: Guest, tmp_path: Path) -> None:
    """The script's directory is shown, so a guest started there is there."""
    (tmp_path / "where.py").write_text("import os; print(os.getcwd(), os.listdir())")
    ran = guest(["where.py"], cwd=tmp_path)
    assert ran.out.decode() == f"{tmp_path} ['where.py']\n"


def test_identity(guest: Guest) -> None:
    """The guest's user is the caller; the machine is its own."""
    script = "id -u; hostname; uname -sm; cat /proc/sys/kernel/hostname; echo $$"
    ran = guest(["sh", "-c", script])
    assert ran.out.decode().splitlines() == [
        str(os.getuid()), "nanvix", "Linux x86_64", "nanvix", "1",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["./odd name.sh", "./grüße.sh", "./-v.sh"])
def test_odd_program_names(same: Same, name: str) -> None:
    script = '#!/bin/sh\necho "$0" "$@"\n'
    same([name, "--help"], files={name: script}, shared=False)


def test_python_by_its_own_name(same: Same) -> None:
    same([Path(sys.executable), "-c", "import sys; print(sys.executable, sys.argv)"])

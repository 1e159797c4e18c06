"""Recordings: what interrupts programs does so at the same place again."""

from pathlib import Path

import pytest
from support.guest import NANVIX, Ran, execute, host_environment
from support.toolchain import Toolchain

from nanvix.machine.journal import Entry, Landing, Served
from nanvix.machine.look import LOOK
from nanvix.replay import load

CROWD = """\
for i in 1 2 3 4 5; do (sleep 0.00$i; echo $i) & done
for i in 1 2 3 4 5; do ls /usr > /dev/null; date +%N; done
wait
"""
"""Sleeps end while programs start, whose libraries ask the CPU what it is, each in its own loop."""


def twice(backend: str, file: Path, argv: list[str]) -> tuple[Ran, list[Entry]]:
    """A recorded run, whose replay is the same, and what is in the recording."""
    command = [*NANVIX, "run", "--backend", backend, "--record", str(file), *argv]
    ran = execute(command, env=host_environment(), cwd="/")
    again = execute([*NANVIX, "replay", str(file)], env=host_environment(), cwd="/")
    assert (ran.code, again.code, again.out) == (0, 0, ran.out), (ran, again)
    return ran, load(str(file)).entries


def test_sleeps_end_while_programs_start(backend: str, tmp_path: Path) -> None:
    """None of them has to be found by where a program was."""
    ran, entries = twice(backend, tmp_path / "recording", ["sh", "-c", CROWD])
    assert len(ran.out.split()) == 10
    assert not any(isinstance(entry, Landing) for entry in entries)


@pytest.mark.requires("gcc")
def test_no_interrupt_comes_where_only_one_cpu_leads(
    backend: str, compiled: Toolchain, tmp_path: Path
) -> None:
    """The host's CPU, where programs see it, has more to tell of itself than the emulator's."""
    program = str(compiled("asks_cpu.c", "glibc"))
    ran, entries = twice(backend, tmp_path / "recording", [program])
    assert ran.out == b"heard 12\n"
    assert not any(isinstance(entry, Landing) for entry in entries)
    if backend == "kvm":
        assert any(isinstance(entry, Served) and entry.op == LOOK for entry in entries)


@pytest.mark.requires("gcc")
def test_a_program_that_makes_no_calls_is_interrupted(
    backend: str, compiled: Toolchain, tmp_path: Path
) -> None:
    """At the end of a call when one comes, at a place of the program else."""
    ran, entries = twice(backend, tmp_path / "recording", [str(compiled("deaf.c", "glibc"))])
    assert ran.out.count(b"heard") == 2
    if backend == "kvm":
        assert any(isinstance(entry, Served) and entry.op == LOOK for entry in entries)
        assert any(isinstance(entry, Landing) for entry in entries)

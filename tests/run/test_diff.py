"""``nanvix diff``: two backends, one behaviour."""

import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.guest import NANVIX, execute, host_environment
from support.host import kvm_trouble
from support.patience import LIMIT_S
from support.toolchain import Toolchain

from nanvix.machine.journal import Served
from nanvix.replay import load
from nanvix.replay.compare import compare
from nanvix.sandbox import Sandbox
from nanvix.trace.diff import render
from nanvix.trace.normalise import Course

if TYPE_CHECKING:
    from conftest import Nanvix

BOTH = pytest.mark.skipif(kvm_trouble() is not None, reason=str(kvm_trouble()))


WAYS = pytest.mark.parametrize("way", [(), ("--independent",)], ids=["recorded", "independent"])
"""Programs that get no input which differs from run to run do the same without a recording too."""


@BOTH
@WAYS
def test_equal(nanvix: "Nanvix", compiled: Toolchain, way: tuple[str, ...]) -> None:
    ran = nanvix("diff", *way, compiled("hello.c"))
    assert (ran.code, ran.out) == (0, b"hello, world\n")
    assert b"no difference in" in ran.err


@BOTH
@pytest.mark.parametrize(("signo", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_comparison_that_is_ended(signo: int, code: int) -> None:
    """Of half a run nothing is said."""
    command = [*NANVIX, "diff", "sh", "-c", "echo; exec sleep 1000"]
    with subprocess.Popen(
        command, env=host_environment(), stdin=subprocess.DEVNULL, stdout=-1, stderr=-1
    ) as process:
        assert process.stdout is not None and process.stdout.read(1) == b"\n"
        process.send_signal(signo)
        assert process.communicate(timeout=LIMIT_S) == (b"", b"")
    assert process.returncode == code


@BOTH
@WAYS
@pytest.mark.parametrize("family", ["memory", "files"])
def test_equal_families(
    nanvix: "Nanvix", compiled: Toolchain, family: str, way: tuple[str, ...]
) -> None:
    ran = nanvix("diff", *way, "-w", "/tmp", compiled(f"{family}.c"))
    assert ran.code == 0, ran


@BOTH
@WAYS
def test_equal_shell_pipeline(nanvix: "Nanvix", way: tuple[str, ...]) -> None:
    ran = nanvix("diff", *way, "sh", "-c", "printf 'b\\na\\n' | sort; exit 3")
    assert ran.code == 0, ran


@BOTH
@WAYS
def test_equal_python(nanvix: "Nanvix", way: tuple[str, ...]) -> None:
    ran = nanvix("diff", *way, sys.executable, "-c", "print(sum(range(100)))")
    assert ran.code == 0, ran


@BOTH
@pytest.mark.requires("lua5.4")
def test_equal_lua(nanvix: "Nanvix") -> None:
    code = "local t = {} for i = 1, 9 do t[i] = i * i end print(table.concat(t, ' '))"
    ran = nanvix("diff", "--independent", "lua5.4", "-e", code)
    assert (ran.code, ran.out) == (0, b"1 4 9 16 25 36 49 64 81\n"), ran


@BOTH
def test_different(nanvix: "Nanvix", compiled: Toolchain) -> None:
    """A program that shows the processor's clock: the write that differs is named."""
    ran = nanvix("diff", "--independent", compiled("backend.c"))
    assert ran.code == 1
    assert b"stdout differs" in ran.out


@BOTH
def test_what_only_the_host_knows_is_the_same_in_a_replay(nanvix: "Nanvix", tmp_path: Path) -> None:
    """Time, randomness, inode numbers, and a file that the first run changes."""
    (tmp_path / "word").write_text("once\n")
    script = "date +%N; head -c 6 /dev/urandom | od -x; ls -i; cat word; echo twice > word"
    file = tmp_path.with_suffix(".nvrec")
    where = ("-v", f"{tmp_path}:/data", "-w", "/data")
    ran = nanvix("diff", "--record", file, *where, "sh", "-c", script)
    assert ran.code == 0 and b"once" in ran.out, ran
    assert re.search(rb"no difference in \d{3,} events", ran.err), ran
    assert (tmp_path / "word").read_text() == "twice\n"
    again = nanvix("replay", file)
    assert (again.code, again.out) == (0, ran.out)


def test_the_first_event_that_differs_is_named(backend: str, tmp_path: Path) -> None:
    """Here it is the host's answer that differs; a backend's mistake looks like this."""
    file, course = tmp_path / "recording", Course()
    sandbox = Sandbox(backend=backend, record=str(file), events=course)
    result = sandbox.run(["busybox", "cat"], input=b"yes\n", capture=True)
    assert result.stdout == b"yes\n"
    recording = load(str(file))
    assert compare(recording, course).equal
    for index, entry in enumerate(recording.entries):
        if isinstance(entry, Served) and entry.data == ((0, b"yes\n"),):
            recording.entries[index] = entry._replace(result=3)
    found = compare(recording, course)
    assert found.difference is not None and not found.equal
    text = render(found.difference, "run", "replay").splitlines()
    assert text[0] == f"the guest differs after {found.difference.position} events:"
    assert "CON_READ" in text[-2] and text[-2].endswith("= 4") and text[-1].endswith("= 3")


@BOTH
@WAYS
def test_standard_input_goes_to_both(way: tuple[str, ...]) -> None:
    command = [sys.executable, "-m", "nanvix", "diff", *way, "wc", "-c"]
    ran = execute(command, input=b"x" * 1000, env=host_environment())
    assert (ran.code, ran.out) == (0, b"1000\n")


@BOTH
def test_instructions_agree(nanvix: "Nanvix", compiled: Toolchain) -> None:
    """Calls, system calls and undefined flags included."""
    ran = nanvix("diff", "--instructions", compiled("hello.c"))
    assert (ran.code, ran.out) == (0, b"hello, world\n"), ran
    found = re.search(rb"no difference in (\d+) instructions", ran.err)
    assert found is not None and int(found[1]) > 500


@BOTH
def test_the_first_instruction_that_differs_is_named(nanvix: "Nanvix", compiled: Toolchain) -> None:
    ran = nanvix("diff", "--instructions", compiled("debug/clock.c"))
    assert ran.code == 1
    assert re.search(rb"0f 31 .* rdtsc\n", ran.out), ran
    assert re.search(rb"\n +rax .* <\n", ran.out), ran

"""Saving and going on without a line of Python."""

import signal
import subprocess
from pathlib import Path

import pytest
from support.guest import NANVIX, Guest, execute, host_environment
from support.host import kvm_trouble
from support.snapshots import open_pipe
from support.toolchain import Toolchain

SAVED = b"nanvix: the machine was saved\n"


@pytest.mark.requires("gcc")
def test_saved_by_a_signal_and_after_a_while(
    guest: Guest, compiled: Toolchain, tmp_path: Path
) -> None:
    program, first, second = compiled("going.c", "glibc"), tmp_path / "one", tmp_path / "two"
    command = guest.command([program, "wait"], ["--portable", "--save", first])
    run = subprocess.Popen(
        command, env=host_environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )  # fmt: skip
    assert run.stdout is not None and run.stdout.readline() == b"ready\n"
    run.send_signal(signal.SIGUSR2)
    assert run.wait(timeout=60) == 0  # communicate would end its input first, and be heard
    assert run.communicate() == (b"", SAVED)
    resume = [*NANVIX, "resume", "--backend"]
    other = "kvm" if guest.backend == "emu" and kvm_trouble() is None else "emu"
    # A terminal or a pipe that stays open is waited for; the end of a file would be input.
    silent = subprocess.Popen(["sleep", "60"], stdout=subprocess.PIPE)
    assert silent.stdout is not None
    ran = execute(
        [*resume, other, "--save", second, "--save-after", "0.3", first],
        env=host_environment(), stdin=silent.stdout.fileno(),
    )  # fmt: skip
    silent.kill()
    silent.communicate()
    assert (ran.code, ran.out, ran.err) == (0, b"", SAVED)
    with open_pipe(b"typed\n") as stdin:
        ran = execute([*resume, guest.backend, second], env=host_environment(), stdin=stdin)
    assert (ran.code, ran.out, ran.err) == (0, b"got typed\nin time\n", b"")


def test_a_guest_that_ends_before(guest: Guest, tmp_path: Path) -> None:
    ran = guest(["sh", "-c", "exit 3"], options=["--save", tmp_path / "machine"])
    assert (ran.code, ran.out, ran.err) == (3, b"", b"")
    assert not (tmp_path / "machine").exists()


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (("--save-after", "1"), b"--save-after needs --save FILE"),
        (("--save", "m", "--record", "r"), b"cannot be saved"),
        (("--save", "m", "--allow", "any"), b"cannot be saved"),
        (("--save", "m", "--trace", "t"), b"cannot be saved"),
    ],
)
def test_what_does_not_go_together(
    options: tuple[str, ...], complaint: bytes, tmp_path: Path
) -> None:
    ran = execute([*NANVIX, "run", *options, "true"], env=host_environment(), cwd=tmp_path)
    assert (ran.code, ran.out, ran.err.count(b"\n")) == (125, b"", 1), ran
    assert complaint in ran.err

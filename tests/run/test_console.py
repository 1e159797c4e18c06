"""Standard streams: pipes, files, nothing, and a terminal with its keys and signals."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from support.guest import Guest, Same, host_environment
from support.host import PATIENCE
from support.patience import LIMIT_S
from support.terminal import Terminal
from support.toolchain import Toolchain


def test_large_input_and_output(same: Same) -> None:
    data = os.urandom(3 << 20)
    assert same(["cat"], input=data).out == data


def test_nothing_on_stdin(same: Same) -> None:
    assert same(["cat"]).out == b""


def test_file_on_stdin(guest: Guest, tmp_path: Path) -> None:
    """The guest reads on where the descriptor stands, and it can seek."""
    (tmp_path / "input").write_bytes(b"0123456789" * 1000)
    with open(tmp_path / "input", "rb") as file:
        os.lseek(file.fileno(), 9_990, os.SEEK_SET)
        ran = guest(["sh", "-c", "cat; wc -c </dev/null"], stdin=file.fileno())
    assert ran.out == b"01234567890\n"


def test_output_to_a_file(guest: Guest, tmp_path: Path) -> None:
    """Appending is respected: the file keeps what it had."""
    path = tmp_path / "output"
    path.write_bytes(b"before\n")
    with open(path, "ab") as file:
        command = guest.command(["sh", "-c", "echo out; echo err >&2"])
        done = subprocess.run(
            command, stdout=file, stderr=file, env=host_environment(), check=False, timeout=60
        )
    assert done.returncode == 0
    assert path.read_bytes() == b"before\nout\nerr\n"


def test_output_appears_at_once(guest: Guest) -> None:
    """What the guest writes is not held back until it ends."""
    command = guest.command(["sh", "-c", "echo first; read line; echo got $line"])
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=host_environment()
    ) as process:
        assert process.stdin and process.stdout
        assert process.stdout.readline() == b"first\n"
        process.stdin.write(b"an answer\n")
        process.stdin.close()
        assert process.stdout.read() == b"got an answer\n"
    assert process.returncode == 0


def test_closed_output(guest: Guest) -> None:
    """A guest that writes to a closed pipe dies by SIGPIPE, as on the host."""
    command = guest.command(["seq", "1000000"])
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=host_environment()
    ) as process:
        assert process.stdout and process.stderr
        assert process.stdout.readline() == b"1\n"
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 128 + signal.SIGPIPE


def test_terminal(guest: Guest, compiled: Toolchain) -> None:
    """Size, line editing, single keys, and settings that are put back."""
    command = guest.command([compiled("terminal.c")])
    with Terminal(command, host_environment(), rows=33, columns=111) as terminal:
        terminal.expect(b"tty 1 1 1")
        terminal.expect(b"size 33 x 111")
        terminal.expect(b"canonical 1 echo 1")
        terminal.expect(b"foreground 1")
        terminal.type(b"hellp\x7fo\n")
        terminal.expect(b"line of 6: hello")
        terminal.type(b"raw\n")
        terminal.expect(b"ready")
        terminal.type(b"k")
        terminal.expect(b"one key: 1 k")
        terminal.resize(10, 20)
        terminal.expect(b"resized to 10 x 20")
        terminal.type(b"quit\n")
        assert terminal.ends() == 17
        assert terminal.restored()


def test_end_of_input_on_a_terminal(guest: Guest, compiled: Toolchain) -> None:
    with Terminal(guest.command([compiled("terminal.c")]), host_environment()) as terminal:
        terminal.expect(b"foreground")
        terminal.type(b"\x04")
        terminal.expect(b"end of input")
        assert terminal.ends() == 0


def test_interrupt_reaches_the_guest_and_twice_ends_it(guest: Guest, compiled: Toolchain) -> None:
    with Terminal(guest.command([compiled("terminal.c")]), host_environment()) as terminal:
        terminal.expect(b"foreground")
        terminal.type(b"\x03")
        terminal.expect(b"interrupted 1")
        terminal.type(b"\x03")
        # Where the first has taken more than two seconds, that is the first of another two.
        while not terminal.ended(0.5 / PATIENCE):
            terminal.type(b"\x03")
        assert terminal.ends() == 128 + signal.SIGINT
        assert terminal.restored()


def test_two_slow_interrupts_both_reach_the_guest(guest: Guest, compiled: Toolchain) -> None:
    with Terminal(guest.command([compiled("terminal.c")]), host_environment()) as terminal:
        terminal.expect(b"foreground")
        terminal.type(b"\x03")
        terminal.expect(b"interrupted 1")
        time.sleep(2.2)
        terminal.type(b"\x03")
        terminal.expect(b"interrupted 2")
        terminal.type(b"quit\n")
        assert terminal.ends() == 17


def test_interrupt_by_default_kills_the_guest(guest: Guest, compiled: Toolchain) -> None:
    """Once is enough for a program without a handler: asleep or busy."""
    for how in ("sleep", "spin"):
        with Terminal(guest.command([compiled("die.c"), how]), host_environment()) as terminal:
            terminal.expect(b"dying by")
            terminal.type(b"\x03")
            assert terminal.ends() == 128 + signal.SIGINT


@pytest.mark.requires("dash")
def test_interactive_shell(guest: Guest) -> None:
    """A shell with a prompt; Ctrl-C ends its foreground child, not the shell."""
    with Terminal(guest.command(["dash", "-i"], ["-e", "PS1=> "]), host_environment()) as terminal:
        terminal.expect(b"> ")
        terminal.type(b"echo a$((1+1))b\n")
        terminal.expect(b"a2b\r\n")
        terminal.type(b"sleep 100\n")
        terminal.expect(b"sleep 100\r\n")
        time.sleep(0.5 * PATIENCE)
        terminal.type(b"\x03")
        terminal.expect(b"> ")
        terminal.type(b"exit 5\n")
        assert terminal.ends() == 5


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_signals_that_end_nanvix(guest: Guest, compiled: Toolchain, number: signal.Signals) -> None:
    """A polite end from outside: nanvix ends as if by the signal."""
    command = guest.command([compiled("die.c"), "sleep"])
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=host_environment()) as process:
        assert process.stdout
        assert process.stdout.readline() == b"dying by sleep 0\n"
        process.send_signal(number)
        assert process.wait(LIMIT_S) == 128 + number


def test_how_much_there_is_to_read(same: Same) -> None:
    """Java, for one, asks before it reads."""
    code = "import fcntl; print(fcntl.ioctl(0, 0x541B, bytes(4)))"
    same(["python3", "-c", code], input=b"twelve bytes")

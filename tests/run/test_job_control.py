"""The user's terminal: its stop and quit keys, its size, and that it is given back as it was."""

import os
import shlex
import signal
import struct
import termios
from fcntl import ioctl

import pytest
from support.guest import Guest, host_environment
from support.terminal import Terminal
from support.toolchain import Toolchain

STOP, QUIT, INTERRUPT = b"\x1a", b"\x1c", b"\x03"
SHELL = ["bash", "--norc", "--noprofile", "-i"]
PROMPT = ["-e", "PS1=> "]


@pytest.mark.requires("bash")
def test_jobs_of_a_shell_in_the_guest(guest: Guest, compiled: Toolchain) -> None:
    """Stop, list, foreground, background, interrupt, quit: by the keys of the host's terminal."""
    program = compiled("console.c")
    options = [*PROMPT, "-v", f"{program.parent}:/job:ro"]
    with Terminal(guest.command(SHELL, options), host_environment()) as terminal:
        terminal.expect(b"> ")
        terminal.type(b"/job/console stops\n")
        terminal.expect(b"working\r\n")
        terminal.type(STOP)
        terminal.expect(b"stopping\r\n")
        terminal.expect(b"Stopped")
        terminal.expect(b"> ")
        terminal.type(b"jobs; fg\n")
        terminal.expect(b"[1]+  Stopped")
        terminal.expect(b"going on\r\n")
        terminal.type(STOP)
        terminal.expect(b"Stopped")
        terminal.type(b"bg; kill %1; wait; echo it is gone\n")
        terminal.expect(b"\r\nit is gone\r\n")
        for key, code in ((INTERRUPT, b"130"), (QUIT, b"131")):
            terminal.type(b"/job/console stops\n")
            terminal.expect(b"working\r\n")
            terminal.type(key)
            terminal.expect(b"> ")
            terminal.type(b"echo code $?\n")
            terminal.expect(b"code " + code + b"\r\n")
        terminal.type(b"exit 7\n")
        assert terminal.ends() == 7
        assert terminal.restored()


@pytest.mark.requires("bash")
def test_nanvix_as_a_job_of_a_shell(guest: Guest, compiled: Toolchain) -> None:
    """Ctrl-Z stops nanvix when it stops the guest's first process, and both go on together."""
    job = shlex.join(map(str, guest.command([compiled("console.c"), "stops"])))
    with Terminal(SHELL, host_environment({"PS1": "> "})) as terminal:
        terminal.expect(b"> ")
        terminal.type(job.encode() + b"\n")
        terminal.expect(b"working\r\n")
        terminal.type(STOP)
        terminal.expect(b"stopping\r\n")
        terminal.expect(b"Stopped")
        terminal.expect(b"> ")
        terminal.type(b"echo a shell''s; fg\n")
        terminal.expect(b"\r\na shells\r\n")
        terminal.expect(b"going on\r\n")
        terminal.type(STOP)
        terminal.expect(b"Stopped")
        terminal.type(b"kill %1; fg; echo ended $?\n")
        terminal.expect(b"ended 143\r\n")
        terminal.type(b"exit\n")
        assert terminal.ends() == 0


@pytest.mark.requires("bash")
def test_settings_while_nanvix_is_stopped(guest: Guest, compiled: Toolchain) -> None:
    """The shell has its terminal, and the guest has its own again afterwards."""
    code = (
        "stty -echo; echo set; kill -TSTP $$; stty -a | grep -o -- '-echo '; echo seen; read line"
    )
    job = shlex.join(map(str, guest.command(["bash", "-c", code])))
    with Terminal(SHELL, host_environment({"PS1": "> "})) as terminal:
        terminal.expect(b"> ")
        terminal.type(job.encode() + b"\n")
        terminal.expect(b"\r\nset\r\n")
        terminal.expect(b"Stopped")
        terminal.type(b"stty -a | grep -o ' echo '; fg\n")
        terminal.expect(b"\r\n echo \r\n")
        terminal.expect(b"-echo \r\nseen\r\n")
        terminal.type(b"\n")
        terminal.expect(b"> ")
        terminal.type(b"stty -a | grep -o ' echo '; exit 3\n")
        terminal.expect(b"\r\n echo \r\n")
        assert terminal.ends() == 3


def test_quit_key(guest: Guest, compiled: Toolchain) -> None:
    with Terminal(guest.command([compiled("die.c"), "sleep"]), host_environment()) as terminal:
        terminal.expect(b"dying by")
        terminal.type(QUIT)
        assert terminal.ends() == 128 + signal.SIGQUIT


def test_window_size(guest: Guest, compiled: Toolchain) -> None:
    """A program may set what the guest is told of the window; the host's terminal keeps its size,
    and overrules the guest when that changes."""
    command = guest.command([compiled("console.c"), "window"])
    with Terminal(command, host_environment(), rows=30, columns=90) as terminal:
        terminal.expect(b"first: 30 x 90, told 0 times")
        terminal.expect(b"set: 50 x 132, told 1 times")
        terminal.expect(b"set again: 50 x 132, told 1 times")
        terminal.expect(b"Bad address")
        size = struct.unpack("HHHH", ioctl(terminal.fd, termios.TIOCGWINSZ, bytes(8)))
        assert size[:2] == (30, 90)
        terminal.resize(20, 70)
        terminal.expect(b"resized: 20 x 70, told 2 times")
        assert terminal.ends() == 0


@pytest.mark.parametrize(
    ("how", "options", "number", "code"),
    [
        ("exit", [], 0, 0),
        ("crash", [], 0, 139),
        ("kill", [], 0, 137),
        ("wait", ["--timeout", "6"], 0, 124),
        ("wait", [], signal.SIGTERM, 143),
        ("spin", [], signal.SIGTERM, 143),
        ("wait", [], signal.SIGHUP, 129),
        ("wait", [], signal.SIGQUIT, 131),
    ],
)
def test_settings_are_put_back(
    guest: Guest, compiled: Toolchain, how: str, options: list[str], number: int, code: int
) -> None:
    """A program that leaves the terminal raw, however it ends."""
    command = guest.command([compiled("console.c"), "raw", how], options)
    with Terminal(command, host_environment()) as terminal:
        terminal.expect(b"raw\n")
        if number:
            assert not terminal.restored()
            os.kill(terminal.process.pid, number)
        assert terminal.ends() == code
        assert terminal.restored()

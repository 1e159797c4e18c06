"""The debugger in a real terminal: tmux presses the keys and reads the screen."""

import os
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from signal import SIGHUP, SIGQUIT, SIGTERM

import pytest
from support.guest import execute, host_environment
from support.terminal import Terminal as PseudoTerminal
from support.toolchain import Toolchain

LIMIT_S = 60


class Terminal:
    """A tmux server of its own with one window."""

    def __init__(
        self, folder: Path, command: list[str], environment: dict[str, str] | None = None
    ) -> None:
        # Not in the test's folder, whose name may be longer than a socket's can be.
        self._place = tempfile.TemporaryDirectory(prefix="nanvix-tmux-", dir="/tmp")
        self._socket = f"{self._place.name}/socket"
        self.status = folder / "status"
        line = f"{shlex.join(command)}; echo $? > {self.status}"
        env = host_environment({"TERM": "xterm-256color", "XDG_STATE_HOME": str(folder)})
        env |= environment or {}
        subprocess.run(
            ["tmux", "-S", self._socket, "-f", "/dev/null", "new-session", "-d",
             "-x", "100", "-y", "30", line],
            env=env, check=True,
        )  # fmt: skip

    def _tmux(self, *arguments: str) -> str:
        done = subprocess.run(
            ["tmux", "-S", self._socket, *arguments], capture_output=True, text=True
        )
        return done.stdout

    def press(self, *keys: str) -> None:
        self._tmux("send-keys", *keys)

    def screen(self) -> str:
        return self._tmux("capture-pane", "-p")

    def resize(self, width: int, height: int) -> None:
        self._tmux("resize-window", "-x", str(width), "-y", str(height))

    def shows(self, *texts: str) -> str:
        end = time.monotonic() + LIMIT_S
        while not all(text in (screen := self.screen()) for text in texts):
            assert time.monotonic() < end, f"no {texts} on:\n{screen}"
            time.sleep(0.05)
        return screen

    def code(self) -> int:
        end = time.monotonic() + LIMIT_S
        while not (self.status.exists() and self.status.read_text()):
            assert time.monotonic() < end, "it does not end"
            time.sleep(0.05)
        return int(self.status.read_text())

    def close(self) -> None:
        self._tmux("kill-server")
        self._place.cleanup()


def leaves(pid: int) -> list[int]:
    """The processes below one that have no children."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [leaf for child in children for leaf in leaves(int(child))] or [pid]


DEBUG = [sys.executable, "-m", "nanvix", "debug"]


@pytest.fixture
def terminal(steps: str, tmp_path: Path) -> Iterator[Terminal]:
    window = Terminal(tmp_path, [*DEBUG, "--break", "main", steps])
    yield window
    window.close()


@pytest.mark.requires("tmux", "gcc")
def test_step_and_leave(terminal: Terminal) -> None:
    terminal.shows("Registers", "Stack", "breakpoint 1 at main")
    terminal.press("c")
    terminal.shows("stopped: breakpoint 1", "▶")
    terminal.press("n")
    terminal.shows("stopped: step", "main+")
    terminal.press("?")
    terminal.shows("Help", "Back in time")
    terminal.press("Escape")
    terminal.shows("Registers")
    terminal.press("q")
    assert terminal.code() == 0


@pytest.mark.requires("tmux", "gcc", "bash")
def test_suspended_and_brought_back(backend: str, compiled: Toolchain, tmp_path: Path) -> None:
    """By Ctrl-Z, while the guest runs: it stands still with the screen, and goes on with it."""
    spin = str(compiled("debug/spin.c", "glibc", ["-g", "-O0"]))
    window = Terminal(tmp_path, ["bash", "--norc", "--noprofile", "-i"])
    try:
        command = shlex.join([*DEBUG, "--backend", backend, spin])
        # The shell's own child waits for the debugger: both are the job.
        window.press(f"({command}; true)", "Enter")
        window.shows("Registers", "stopped: start")
        window.press("c")
        window.shows("running: continue")
        window.press("C-z")
        window.shows("Stopped")
        shell = int(window._tmux("list-panes", "-F", "#{pane_pid}"))
        (job,) = leaves(shell)
        end = time.monotonic() + 4 * LIMIT_S
        while Path(f"/proc/{job}/stat").read_text().rpartition(")")[2].split()[0] != "T":
            assert time.monotonic() < end, "it does not stop"
            time.sleep(0.05)
        window.press("echo it is $((6 * 7))", "Enter")
        window.shows("it is 42")
        window.press("fg", "Enter")
        window.shows("Registers", "running: continue")
        window.press("p")
        window.shows("stopped: pause")
        window.press("q")
        while os.path.exists(f"/proc/{job}"):
            assert time.monotonic() < end, "it does not end"
            time.sleep(0.05)
        window.press("exit", "Enter")
        assert window.code() == 0
    finally:
        window.close()


@pytest.mark.requires("tmux", "gcc")
def test_nothing_to_suspend_to(terminal: Terminal) -> None:
    terminal.shows("Registers")
    terminal.press("C-z")
    terminal.shows("no job control")
    terminal.press("q")
    assert terminal.code() == 0


@pytest.mark.requires("tmux", "gcc")
def test_resizing(terminal: Terminal) -> None:
    terminal.shows("Registers")
    terminal.resize(200, 50)
    terminal.shows("Watch", "Maps", "Tasks")
    terminal.resize(40, 10)
    terminal.shows("too small")
    terminal.resize(100, 30)
    terminal.shows("Registers")


@pytest.mark.requires("tmux", "gcc")
def test_a_closed_terminal_ends_it(terminal: Terminal) -> None:
    terminal.shows("Registers")
    pid = int(terminal._tmux("list-panes", "-F", "#{pane_pid}"))
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split() or [str(pid)]
    terminal.close()
    end = time.monotonic() + LIMIT_S
    while any(os.path.exists(f"/proc/{child}") for child in children):
        assert time.monotonic() < end, "it lives on without a terminal"
        time.sleep(0.05)


@pytest.mark.requires("tmux", "gcc")
def test_a_terminal_closed_while_the_guest_runs_leaves_nothing(
    backend: str, compiled: Toolchain, tmp_path: Path
) -> None:
    """No process, no file, no pseudo-terminal; what is kept per program is written."""
    spin = str(compiled("debug/spin.c", "glibc", ["-g", "-O0"]))
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    begin = [*DEBUG, "--backend", backend, "--break", "stop", spin]
    window = Terminal(tmp_path, begin, {"TMPDIR": str(temporary)})
    try:
        window.shows("Registers", "breakpoint 1")
        window.press("c")
        window.shows("running: continue")
        pid = int(window._tmux("list-panes", "-F", "#{pane_pid}"))
        family = [pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]
    finally:
        window.close()
    end = time.monotonic() + LIMIT_S
    while any(os.path.exists(f"/proc/{member}") for member in family):
        assert time.monotonic() < end, "it lives on without a terminal"
        time.sleep(0.05)
    assert not list(temporary.iterdir())
    (kept,) = (tmp_path / "nanvix" / "debug").iterdir()
    assert "break stop" in kept.read_text()


def test_a_terminal_that_is_gone_is_a_hangup(steps: str, tmp_path: Path) -> None:
    """Nobody reads what is written any more; tmux would still."""
    env = host_environment() | {"TERM": "xterm-256color", "XDG_STATE_HOME": str(tmp_path)}
    with PseudoTerminal([*DEBUG, steps], env) as terminal:
        terminal.expect(b"Registers")
        terminal.hang_up()
        assert terminal.process.wait(LIMIT_S) == 128 + SIGHUP


@pytest.mark.parametrize("signo", [SIGTERM, SIGQUIT])
def test_a_signal_leaves_the_terminal_as_it_was(steps: str, tmp_path: Path, signo: int) -> None:
    env = host_environment() | {"TERM": "xterm-256color", "XDG_STATE_HOME": str(tmp_path)}
    with PseudoTerminal([*DEBUG, steps], env) as terminal:
        terminal.expect(b"Registers")
        terminal.process.send_signal(signo)
        assert terminal.ends() == 128 + signo
        assert terminal.restored()
        assert b"\x1b[?1049l" in terminal.output, "still on the other screen"


def test_without_a_terminal(steps: str) -> None:
    ran = execute([*DEBUG, steps], env=host_environment())
    assert ran.code == 125 and b"needs a terminal" in ran.err and ran.err.count(b"\n") == 1


def test_wrong_programs_are_refused_before_the_screen(steps: str) -> None:
    ran = execute([*DEBUG, "--script", "/no/such/file", steps], env=host_environment())
    assert ran.code == 125 and b"/no/such/file" in ran.err

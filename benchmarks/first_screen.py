"""How long it takes to the first usable screen. ``python benchmarks/first_screen.py``.

``nanvix debug`` in a terminal of its own of 120 by 40 characters: until the panes are filled (the
registers have values), and until the first key, a step pressed then, has done what it should.
Beside it the floor, in turns: an application of Textual with one line of text. Wall time and
processor time, medians. Target: filled panes within 500 ms on the emulator.
"""

import argparse
import os
import pty
import re
import select
import signal
import statistics
import sys
import time
from typing import NamedTuple

BARE = """
from textual.app import App
from textual.widgets import Static

class Bare(App):
    def compose(self):
        yield Static("rip 000000")

Bare().run()
"""
FILLED, STEPPED = rb"rip +[0-9a-f]{6}", rb"stopped: step"
_CONTROL = re.compile(rb"\x1b\[[0-9;?]*[a-zA-Z]")
_LIMIT_S = 60


class Start(NamedTuple):
    """Seconds: wall and processor time to the filled panes, wall time to the answered key."""

    filled: float
    cpu: float
    answered: float


class Window:
    """A pseudo-terminal with one program in it."""

    def __init__(self, command: list[str]) -> None:
        environment = os.environ | {"TERM": "xterm-256color", "XDG_STATE_HOME": "/nonexistent"}
        environment |= {"COLUMNS": "120", "LINES": "40"}
        # Measured is what users have, who keep compiled modules.
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        self._begin = time.perf_counter()
        self.pid, self._terminal = pty.fork()
        if not self.pid:
            os.execve(command[0], command, environment)
        self._shown = b""

    def shows(self, pattern: bytes) -> float:
        """Wait until it has shown that: the seconds since it began."""
        while not re.search(pattern, _CONTROL.sub(b"", self._shown)):
            if not select.select([self._terminal], [], [], _LIMIT_S)[0]:
                raise SystemExit(f"it does not show {pattern!r}: {self._shown[-500:]!r}")
            self._shown += os.read(self._terminal, 1 << 16)
        return time.perf_counter() - self._begin

    def press(self, key: bytes) -> None:
        os.write(self._terminal, key)

    def cpu(self) -> float:
        """Processor time so far, of all its threads."""
        return time.clock_gettime(~self.pid << 3 | 2)

    def close(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self._terminal)


def measure(command: list[str], key: bytes = b"") -> Start:
    window = Window(command)
    try:
        filled = window.shows(FILLED)
        cpu = window.cpu()
        if key:
            window.press(key)
        return Start(filled, cpu, window.shows(STEPPED if key else FILLED))
    finally:
        window.close()


def debug(program: str, backend: str) -> list[str]:
    return [sys.executable, "-m", "nanvix", "debug", "--backend", backend, program]


def bare() -> list[str]:
    return [sys.executable, "-c", BARE]


def medians(starts: list[Start]) -> list[float]:
    """In ms."""
    return [statistics.median(column) * 1e3 for column in zip(*starts, strict=True)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--backend", choices=("emu", "kvm"), default="emu")
    parser.add_argument("program", nargs="?", default="true")
    options = parser.parse_args()
    floors, screens = [], []
    for _ in range(options.rounds + 1):
        floors.append(measure(bare()))
        screens.append(measure(debug(options.program, options.backend), b"s"))
    filled, cpu, _ = medians(floors[1:])
    print(f"Textual alone  shown  {filled:5.0f} ms, processor {cpu:4.0f} ms")
    filled, cpu, answered = medians(screens[1:])
    print(f"nanvix debug   filled {filled:5.0f} ms, processor {cpu:4.0f} ms, "
          f"first key answered {answered:5.0f} ms")  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())

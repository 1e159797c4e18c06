"""Runs a family's program natively or in a guest and tells its cases apart."""

import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

NATIVE = "native"
PLACES = (NATIVE, "emu", "kvm")
"""Where a program can run; what it says natively is what the others are measured by."""

_LIMIT_S = 300
_ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/root", "LANG": "C.UTF-8"}
_MEMORY_FILES = Path("/dev/shm")
"""A tmpfs, like the directory the cases have in a guest."""


class Said(NamedTuple):
    """``lines`` a case printed, and how it ended: ``exit 0``, ``killed by 11``, or not at all."""

    lines: tuple[str, ...]
    end: str

    def __str__(self) -> str:
        return "\n".join([*self.lines, f"({self.end})"])


MISSING = Said((), "did not run")


def run(program: Path, place: str, names: Iterable[str] = ()) -> dict[str, Said]:
    """What each case says there, by name; all cases, or only ``names``.

    A program that does not get to its end leaves out the cases behind it, whatever the reason.
    """
    base = _MEMORY_FILES if _MEMORY_FILES.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="nanvix-cases-", dir=base) as folder:
        command = [str(program), *names]
        if place != NATIVE:
            guest = ["--backend", place, "-w", "/tmp"]
            command = [sys.executable, "-m", "nanvix", "run", *guest, *command]
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            cwd=folder if place == NATIVE else None, env=_ENVIRONMENT, start_new_session=True,
        )  # fmt: skip
        try:
            out, err = process.communicate(timeout=_LIMIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            err += f"ended after {_LIMIT_S} s".encode()
        note = err.decode(errors="replace").strip() if process.returncode else ""
        return parse(out.decode(errors="replace"), note)


def parse(text: str, note: str = "") -> dict[str, Said]:
    """Cases by name from the text of a run; ``note`` explains one that was not finished."""
    found: dict[str, Said] = {}
    name, lines = "", list[str]()
    for line in text.splitlines():
        mark, _, rest = line.partition(" ")
        if mark != "#":
            lines.append(line)
        elif name:
            found[name] = Said(tuple(lines), rest)
            name = ""
        else:
            name, lines = rest, []
    if name:
        found[name] = Said(tuple(lines), note or "not finished")
    return found

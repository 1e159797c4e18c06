"""What recording costs: the same programs with and without --record, taking turns.

python benchmarks/record.py [--backend kvm|emu] [--rounds N] [PROGRAM...]

Medians of the wall and processor time of whole command lines, and the size of the recording. "best"
compares the quickest runs, which other work on the machine disturbs least. A program that is not
installed is left out.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

_GIT = """cd /tmp; git init -q r; cd r; echo a > f; git add f
git -c user.name=a -c user.email=a@b commit -qm c; git log --oneline"""
_MAKE = r"""cd /tmp; printf 'all: a b c\na b c:\n\techo $@ > $@\n' > Makefile; make"""
_PERL = 'use POSIX; my %h; $h{$_ % 97} .= $_ for 1 .. 20000; print join(",", sort keys %h)'
_LUA = "local t = {} for i = 1, 100000 do t[i] = i * i % 97 end table.sort(t) print(t[1])"
_SQL = (
    "create table t(a); with recursive c(x) as (select 1 union all select x + 1 from c"
    " where x < 20000) insert into t select x from c; select sum(a) from t;"
)
PROGRAMS = {
    "hello": ["busybox", "echo", "hello"],
    "shell": ["sh", "-c", "for i in 1 2 3 4 5 6 7 8; do echo $i | cat | wc -c; done"],
    "sort": ["sh", "-c", "seq 20000 | sort -R | sha256sum"],
    "python": ["python3", "-c", "print(1)"],
    "python modules": ["python3", "-c", "import json, re, sqlite3, subprocess, threading"],
    "perl": ["perl", "-e", _PERL],
    "lua5.4": ["lua5.4", "-e", _LUA],
    "sqlite3": ["sqlite3", ":memory:", _SQL],
    "make": ["sh", "-c", _MAKE],
    "git": ["sh", "-c", _GIT],
    "node": ["node", "-e", "console.log([3, 1, 2].sort())"],
}
_CALLED = {"make": ("make",), "git": ("git",)}
"""What a shell's script needs."""


class Sample(NamedTuple):
    """Seconds."""

    wall: float
    processor: float


def timed(backend: str, argv: list[str], *options: str) -> Sample:
    """Run it; CalledProcessError when it fails."""
    command = [sys.executable, "-m", "nanvix", "run", "--backend", backend, *options, *argv]
    start = time.perf_counter()
    null = subprocess.DEVNULL
    with subprocess.Popen(command, stdin=null, stdout=null) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return Sample(time.perf_counter() - start, usage.ru_utime + usage.ru_stime)


def median(samples: list[Sample]) -> Sample:
    """Of each figure on its own."""
    return Sample(*(statistics.median(figures) for figures in zip(*samples, strict=True)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--backend", choices=("kvm", "emu"), default="kvm")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("programs", nargs="*", metavar="PROGRAM", help=", ".join(PROGRAMS))
    options = parser.parse_args()
    print(f"{options.backend}, load {os.getloadavg()[0]:.1f}, medians of {options.rounds}")
    print(f"{'':16} {'plain':>10} {'recorded':>10} {'wall':>6} {'best':>6} {'CPU':>6} {'size':>10}")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "recording"
        for name in options.programs or PROGRAMS:
            argv = PROGRAMS[name]
            if not all(map(shutil.which, {argv[0], *_CALLED.get(name, ())})):
                continue
            plain, recorded = [], []
            timed(options.backend, argv)
            for _ in range(options.rounds):
                plain.append(timed(options.backend, argv))
                recorded.append(timed(options.backend, argv, "--record", str(file)))
            before, after = median(plain), median(recorded)
            best = min(recorded).wall / min(plain).wall - 1
            print(
                f"{name:16} {before.wall * 1e3:7.0f} ms {after.wall * 1e3:7.0f} ms"
                f" {after.wall / before.wall - 1:+6.0%} {best:+6.0%}"
                f" {after.processor / before.processor - 1:+6.0%}"
                f" {file.stat().st_size >> 10:6} KiB",
                flush=True,
            )


if __name__ == "__main__":
    main()

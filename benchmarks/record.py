"""What recording costs: the same programs with and without --record, taking turns.

python benchmarks/record.py [--backend kvm|emu] [--rounds N]
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROGRAMS = {
    "hello": ["busybox", "echo", "hello"],
    "shell": ["sh", "-c", "for i in 1 2 3 4 5 6 7 8; do echo $i | cat | wc -c; done"],
    "sort": ["sh", "-c", "seq 20000 | sort -R | sha256sum"],
    "python": ["python3", "-c", "print(1)"],
    "python modules": ["python3", "-c", "import json, re, sqlite3, subprocess, threading"],
}


def timed(backend: str, argv: list[str], *options: str) -> float:
    command = [sys.executable, "-m", "nanvix", "run", "--backend", backend, *options, *argv]
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--backend", choices=("kvm", "emu"), default="kvm")
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    print(f"{options.backend}, load {os.getloadavg()[0]:.1f}, medians of {options.rounds}")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "recording"
        for name, argv in PROGRAMS.items():
            plain, recorded = [], []
            timed(options.backend, argv)
            for _ in range(options.rounds):
                plain.append(timed(options.backend, argv))
                recorded.append(timed(options.backend, argv, "--record", str(file)))
            before, after = statistics.median(plain), statistics.median(recorded)
            least = min(recorded) / min(plain) - 1
            print(
                f"{name:16} {before * 1e3:7.0f} ms {after * 1e3:7.0f} ms {after / before - 1:+6.0%}"
                f"  (the quickest: {least:+.0%})  {file.stat().st_size >> 10:6} KiB"
            )


if __name__ == "__main__":
    main()

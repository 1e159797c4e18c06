"""How long programs take in nanvix, beside the plain process and the neighbours installed here.

    python benchmarks/run.py [--rounds N] [--json FILE] [CASE...]

The contestants take turns within each round, so that what disturbs the machine disturbs all.
Prints medians with ratios to the plain process, and the targets; JSON keeps every sample.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from contestants import (
    ENVIRONMENT,
    NANVIX,
    ROOT,
    Wrap,
    backends,
    build,
    contestants,
    machine,
)
from contestants import python as system_python

Samples = dict[str, list[float]]

# case -> contestant -> the most its median may be
TARGETS: dict[str, dict[str, float]] = {
    "hello": {"nanvix kvm": 60, "nanvix emu": 150},
    "python": {"nanvix kvm": 500, "nanvix emu": 3000},
    "start": {"nanvix --version": 30, "import of the run path": 60},
    "memory": {"nanvix kvm": 35, "nanvix emu": 70},
}
SHA256_TARGET = 0.97
"""Least speed on KVM as a share of the plain process's."""

SHA256_MEGABYTES = {"nanvix emu": 6, "qemu-user": 48}
"""Slow contestants hash less; speeds are compared, not times."""
SHA256_DEFAULT = 192


def timed(command: list[str]) -> tuple[float, bytes]:
    """Milliseconds and stdout of a command, which must succeed."""
    begin = time.perf_counter()
    done = subprocess.run(
        command, env=ENVIRONMENT, cwd=ROOT,
        stdin=subprocess.DEVNULL, capture_output=True, check=False,
    )  # fmt: skip
    took = (time.perf_counter() - begin) * 1e3
    if done.returncode:
        raise SystemExit(f"{command}: exit code {done.returncode}\n{done.stderr.decode()}")
    return took, done.stdout


def in_turns(rounds: int, measures: dict[str, Callable[[], float]]) -> Samples:
    """Every measure once per round, beginning with another one each time; one round to warm up."""
    names = list(measures)
    samples: Samples = {name: [] for name in names}
    for number in range(rounds + 1):
        for shift in range(len(names)):
            name = names[(number + shift) % len(names)]
            value = measures[name]()
            if number:
                samples[name].append(value)
    return samples


# -- the cases: each returns its unit and the samples --------------------------------------------


def whole_runs(rounds: int, command: list[str]) -> Samples:
    """The whole command line, from its start to its end."""

    def measure(wrap: Wrap) -> Callable[[], float]:
        return lambda: timed(wrap(command))[0]

    return in_turns(rounds, {name: measure(wrap) for name, wrap in contestants().items()})


def hello(rounds: int) -> tuple[str, Samples]:
    """A static hello: the whole command line."""
    return "ms", whole_runs(rounds, [build("hello")])


def python(rounds: int) -> tuple[str, Samples]:
    """CPython's print(1), cold: the whole command line."""
    return "ms", whole_runs(rounds, [system_python(), "-c", "print(1)"])


def sha256(rounds: int) -> tuple[str, Samples]:
    """Speed of a loop that only computes, start-up not counted.

    By the program's own clock; the emulator's shows instructions, so there the whole run counts.
    """
    program = build("sha256")

    def measure(name: str, wrap: Wrap) -> Callable[[], float]:
        megabytes = SHA256_MEGABYTES.get(name, SHA256_DEFAULT)

        def speed() -> float:
            took, out = timed(wrap([program, str(megabytes)]))
            own = float(out.split()[1])
            return megabytes / (took / 1e3 if name == "nanvix emu" else own)

        return speed

    measures = {name: measure(name, wrap) for name, wrap in contestants().items()}
    return "MB/s", in_turns(rounds, measures)


def start(rounds: int) -> tuple[str, Samples]:
    """What the command line costs before there is a machine."""
    modules = "nanvix.cli.main, nanvix.cli.run, nanvix.machine.machine, nanvix.macro.services"
    commands = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "nanvix --version": [*NANVIX, "--version"],
        "import of the run path": [sys.executable, "-c", f"import {modules}"],
    }
    return "ms", in_turns(rounds, {name: (lambda c=c: timed(c)[0]) for name, c in commands.items()})


def memory(rounds: int) -> tuple[str, Samples]:
    """The VMM's own resident memory while a static hello waits; guest memory beside it."""
    program = build("pause")
    samples: Samples = {}
    for _ in range(min(rounds, 3)):
        for backend in backends():
            own, guest = _resident([*NANVIX, "run", "--backend", backend, program])
            samples.setdefault(f"nanvix {backend}", []).append(own)
            samples.setdefault(f"its guest's ({backend})", []).append(guest)
    return "MB", samples


def _resident(command: list[str]) -> tuple[float, float]:
    """MB of private and file pages, and of shared memory (guest RAM is a memfd)."""
    with subprocess.Popen(command, env=ENVIRONMENT, cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        status = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
        process.kill()
    kib = {line.split(":")[0]: int(line.split()[1]) for line in status.splitlines() if "kB" in line}
    return (kib["VmHWM"] - kib["RssShmem"]) / 1024, kib["RssShmem"] / 1024


CASES = {"hello": hello, "python": python, "sha256": sha256, "start": start, "memory": memory}


# -- the report ----------------------------------------------------------------------------------


def table(case: str, title: str, unit: str, samples: Samples) -> str:
    """Median, spread, ratio to the plain process, target."""
    lines = [f"{case}: {title}", f"  {'':24} {'median':>10} {'spread':>9} {'ratio':>7}  target"]
    base = statistics.median(samples["native"]) if "native" in samples else None
    for name, values in samples.items():
        middle = statistics.median(values)
        spread = (max(values) - min(values)) / middle if middle else 0.0
        ratio = f"{middle / base:7.2f}" if base else " " * 7
        row = f"  {name:24} {middle:10.2f} {spread:8.0%} {ratio}"
        lines.append(f"{row}  {_verdict(case, name, middle, base)}".rstrip())
    lines[1] = lines[1].replace("median", f"{unit:>6}")
    return "\n".join(lines)


def _verdict(case: str, name: str, middle: float, base: float | None) -> str:
    if case == "sha256" and name == "nanvix kvm" and base:
        return f">= {SHA256_TARGET} {'met' if middle / base >= SHA256_TARGET else 'MISSED'}"
    limit = TARGETS.get(case, {}).get(name)
    if limit is None:
        return ""
    return f"<= {limit:g} {'met' if middle <= limit else 'MISSED'}"


def main() -> int:
    """Run the cases asked for, or all."""
    parser = argparse.ArgumentParser(description="Measure nanvix beside its neighbours.")
    parser.add_argument("--rounds", type=int, default=11, help="samples of each (default: 11)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep every sample")
    parser.add_argument("cases", nargs="*", metavar="CASE", help=f"of {', '.join(CASES)}")
    options = parser.parse_args()
    unknown = set(options.cases) - set(CASES)
    if unknown:
        parser.error(f"no such case: {', '.join(sorted(unknown))}")
    described = machine()
    print("\n".join(f"{key}: {value}" for key, value in described.items()))
    results: dict[str, Any] = {"machine": described, "cases": {}}
    for case in options.cases or CASES:
        unit, samples = CASES[case](options.rounds)
        title = (CASES[case].__doc__ or "").splitlines()[0]
        print(f"\n{table(case, title, unit, samples)}", flush=True)
        results["cases"][case] = {"unit": unit, "samples": samples}
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""What system calls cost in nanvix, beside the plain process and gVisor if it is installed.

    python benchmarks/syscalls.py [--rounds N] [--json FILE] [OPERATION...]

Within each round every contestant does each operation once, in turns; the table shows medians of
operations per second and their share of the plain process's. The emulator's clock counts
instructions, so there time is what the host's processor spent on a long run less that on a short
one, which on a machine with nothing else to do is wall time. Its instructions per operation are
exact.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from contestants import ENVIRONMENT, NANVIX, ROOT, Wrap, backends, build, contestants, machine


class Operation(NamedTuple):
    """``slow``: how often on the emulator and where each call is expensive; natively ``quick``."""

    quick: int
    slow: int
    meaning: str
    unit: str = "/s"


OPERATIONS = {
    "getpid": Operation(300_000, 2000, "getpid"),
    "null1": Operation(100_000, 1000, "read 1 byte of /dev/zero, write it to /dev/null"),
    "pipe1": Operation(100_000, 1000, "1 byte into a pipe and out of it"),
    "pread": Operation(200_000, 2000, "pread of 64 bytes"),
    "open": Operation(50_000, 1000, "open and close"),
    "stat": Operation(100_000, 1000, "stat"),
    "ping": Operation(10_000, 500, "1 byte to another process and back, by pipes"),
    "fork": Operation(300, 20, "fork, exec of a static program, wait"),
    "thread": Operation(3000, 200, "thread: create and join"),
    "futex": Operation(20_000, 500, "turns of two threads, by futex"),
    "fault": Operation(50_000, 1000, "first touch of an anonymous page"),
    "map": Operation(50_000, 1000, "mmap and munmap of 64 KiB"),
    "read1m": Operation(3000, 200, "1 MiB from a cached file", "MB/s"),
    "tcp": Operation(10_000, 300, "1 byte by TCP over loopback and back"),
    "stream": Operation(2000, 100, "1 MiB writes, TCP over loopback", "MB/s"),
}
TARGETS = {
    ("getpid", "nanvix kvm"): 7000,
    ("getpid", "nanvix emu"): 150_000,
    ("open", "nanvix kvm"): 5000,
    ("read1m", "nanvix kvm"): 2000,
}
SHORT = 10
"""Operations of the run that is taken off on the emulator, divided by this."""
LONG = 50
"""At most so many times ``slow`` operations on the emulator: a run is to be no blink of an eye."""


class Sample(NamedTuple):
    """Operations (or megabytes) per second; instructions per operation where they are known."""

    speed: float
    instructions: float | None = None


def finish(command: list[str]) -> str:
    """The output of a command, which must succeed."""
    done = subprocess.run(
        command, env=ENVIRONMENT, cwd=ROOT, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(f"{command}: exit code {done.returncode}\n{done.stderr}")
    return done.stdout


def by_own_clock(command: list[str], operation: str, count: int) -> Sample:
    """By the clock of the program itself."""
    nanoseconds = int(finish([*command, operation, str(count)]))
    return Sample(_scaled(operation, count / nanoseconds * 1e9))


def by_difference(program: str, operation: str, count: int) -> Sample:
    """On the emulator: the processor time of a long run less that of a short one."""
    seconds, instructions = [], []
    for number in (count, count // SHORT):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        with tempfile.NamedTemporaryFile(suffix=".json") as file:
            options = ["--backend", "emu", "--json", file.name]
            finish([*NANVIX, "run", *options, program, operation, str(number)])
            result = json.loads(Path(file.name).read_text())
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        seconds.append(spent)
        instructions.append(result["instructions"])
    done = count - count // SHORT
    speed = done / max(seconds[0] - seconds[1], 1e-6)
    return Sample(_scaled(operation, speed), (instructions[0] - instructions[1]) / done)


def _scaled(operation: str, speed: float) -> float:
    return speed * (1 << 20) / 1e6 if OPERATIONS[operation].unit == "MB/s" else speed


def measures(
    operation: str, program: str, wraps: dict[str, Wrap]
) -> dict[str, Callable[[], Sample]]:
    """How each contestant is measured."""
    quick, slow = OPERATIONS[operation][:2]
    found: dict[str, Callable[[], Sample]] = {}
    for name in ["native", "gVisor (ptrace)", *(f"nanvix {b}" for b in backends())]:
        if name == "nanvix emu":
            found[name] = lambda: by_difference(program, operation, min(quick, slow * LONG))
        elif name in wraps:
            count = quick if name == "native" else slow
            command = wraps[name]([program])
            found[name] = lambda c=command, n=count: by_own_clock(c, operation, n)
    return found


def report(operation: str, samples: dict[str, list[Sample]]) -> str:
    """One line per contestant: the median, its share of native, instructions, target."""
    unit = OPERATIONS[operation].unit
    lines = [f"{operation}: {OPERATIONS[operation].meaning}"]
    native = statistics.median(sample.speed for sample in samples["native"])
    for name, taken in samples.items():
        speed = statistics.median(sample.speed for sample in taken)
        line = f"  {name:16} {speed:13,.0f} {unit:4} {speed / native:9.5f}"
        counts = [s.instructions for s in taken if s.instructions is not None]
        if counts:
            line += f"  {statistics.median(counts):,.0f} instructions"
        if (target := TARGETS.get((operation, name))) is not None:
            line += f"  target {target:,} {'met' if speed >= target else 'MISSED'}"
        lines.append(line)
    return "\n".join(lines)


def instructions(taken: dict[str, dict[str, list[Sample]]]) -> str:
    """A table of what each operation costs in instructions, cheapest first."""
    rows = []
    for operation, by_name in taken.items():
        counts = [s.instructions for s in by_name.get("nanvix emu", ()) if s.instructions]
        if counts:
            rows.append((statistics.median(counts), OPERATIONS[operation].meaning))
    lines = [f"| {meaning} | {count:,.0f} |" for count, meaning in sorted(rows)]
    return "\n".join(["| Operation | Instructions |", "|---|---|", *lines])


def main() -> int:
    """Measure the operations asked for, or all."""
    parser = argparse.ArgumentParser(description="Measure system calls beside the neighbours.")
    parser.add_argument("--rounds", type=int, default=5, help="samples of each (default: 5)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep every sample")
    parser.add_argument("operations", nargs="*", metavar="OPERATION")
    options = parser.parse_args()
    unknown = set(options.operations) - set(OPERATIONS)
    if unknown:
        parser.error(f"no such operation: {', '.join(sorted(unknown))}")
    program = build("syscalls")
    described = machine()
    print("\n".join(f"{key}: {value}" for key, value in described.items()), flush=True)
    results: dict[str, Any] = {"machine": described, "operations": {}}
    wraps = contestants()
    wanted = {name: measures(name, program, wraps) for name in options.operations or OPERATIONS}
    taken: dict[str, dict[str, list[Sample]]] = {o: {n: [] for n in m} for o, m in wanted.items()}
    for number in range(options.rounds):
        for operation, by_name in wanted.items():
            names = list(by_name)
            for shift in range(len(names)):
                name = names[(number + shift) % len(names)]
                taken[operation][name].append(by_name[name]())
    for operation, samples in taken.items():
        print(f"\n{report(operation, samples)}", flush=True)
        results["operations"][operation] = samples
    print(f"\n{instructions(taken)}")
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Random programs on both backends for as long as you like, in one process that must not grow.

    python benchmarks/soak.py [--minutes 60] [--seed N]

Each round runs programs of the tests, drawn by chance with their seeds, through the Python API, and
then counts what this process holds: its own memory (RssAnon), descriptors, mappings, threads and
children, and what lies in /dev/shm and in the temporary directory. Fails when a guest ends in any
other way than by itself, when anything but memory is more than it was after the first rounds, and
when memory keeps growing: the median of the last third of the rounds above that of the second.
"""

import argparse
import os
import random
import re
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from support.host import kvm_trouble  # noqa: E402
from support.toolchain import Toolchain  # noqa: E402

from nanvix.guest.mounts import make_mount  # noqa: E402
from nanvix.sandbox import Sandbox  # noqa: E402

WARM_ROUNDS = 5
"""Until here imports, caches and the allocator's arenas may still come."""
GROWTH_KB = 2048
"""What the medians of two thirds may differ by without being called growth."""
GUESTS_PER_ROUND = 4
GOOD_ENDS = ("exit", "signal")

# Program and the arguments it is run with; "#" becomes a random number.
COMPILED = (
    ("fuzz.c", "random", "#"), ("fuzz.c", "sizes"), ("fuzz.c", "pointers"), ("net/dice.c", "#"),
    ("files.c",), ("memory.c",), ("threads.c",), ("processes.c",), ("signals.c",),
    ("files/splice.c", "."), ("files/names.c", "."), ("files/space.c", "."), ("files/locks.c", "."),
    ("memory/maps.c", "."), ("ipc/sysv.c", "."), ("ipc/futex2.c", "."), ("net/tcp.c",),
    ("load.c", "descriptors", "2000"), ("load.c", "threads", "200"), ("load.c", "processes", "60"),
    ("exhaust.c", "memory"), ("exhaust.c", "processes"), ("exhaust.c", "files"),
)  # fmt: skip
FOUND = (
    ("sh", "-c", "for i in 1 2 3; do ls -l / | sort | wc -l; done"),
    ("python3", "-c", "import json, sqlite3, threading; print(json.dumps(list(range(100))))"),
)


SHARED_NAMES = ("psm_", "sem.", "pym-")
"""How files of /dev/shm begin that Python makes; other processes have others there."""


class Held(NamedTuple):
    """What this process holds after a round."""

    memory_kb: int
    descriptors: int
    mappings: int
    threads: int
    children: int
    shared: int
    temporary: int


def children(task: Path) -> int:
    """Of one thread; none of one that has just ended."""
    try:
        return len((task / "children").read_text().split())
    except FileNotFoundError:
        return 0


def held(temporary: Path) -> Held:
    """Count it all."""
    me = Path("/proc/self")
    memory = re.search(r"RssAnon:\s+(\d+)", (me / "status").read_text())
    assert memory
    tasks = list((me / "task").iterdir())
    return Held(
        int(memory[1]),
        len(list((me / "fd").iterdir())),
        len((me / "maps").read_text().splitlines()),
        len(tasks),
        sum(map(children, tasks)),
        sum(1 for name in os.listdir("/dev/shm") if name.startswith(SHARED_NAMES)),
        sum(1 for path in temporary.rglob("*")),
    )


def guest(backend: str, argv: list[str], work: Path) -> str:
    """Run one program; why that is a failure, or nothing."""
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    with Sandbox(
        backend=backend, memory=96 << 20, timeout=600, directory=str(work),
        mounts=[make_mount(str(work), str(work), read_only=False)],
    ) as sandbox:  # fmt: skip
        result = sandbox.run(argv, capture=True)
    return "" if result.reason in GOOD_ENDS else f"{result.reason}: {result.detail}"


def programs() -> list[tuple[str, ...]]:
    """What can be drawn here."""
    build = Toolchain()
    ours = [(str(build(source)), *arguments) for source, *arguments in COMPILED]
    return ours + [line for line in FOUND if shutil.which(line[0])]


def trouble(rounds: list[Held]) -> list[str]:
    """What has grown since the warm rounds."""
    if len(rounds) <= WARM_ROUNDS:
        return ["too few rounds to say anything"]
    warm, last = rounds[:WARM_ROUNDS], rounds[-3:]  # other processes' files come and go
    found = []
    for name in ("descriptors", "mappings", "threads", "children", "shared", "temporary"):
        before, now = max(getattr(r, name) for r in warm), min(getattr(r, name) for r in last)
        # The allocator's arenas come and go; everything else is exact.
        if now > before + (16 if name == "mappings" else 0):
            found.append(f"{name}: {before} have become {now}")
    memory = [r.memory_kb for r in rounds[WARM_ROUNDS:]]
    third = len(memory) // 3
    if third:
        middle, end = memory[third : 2 * third], memory[2 * third :]
        grown = statistics.median(end) - statistics.median(middle)
        if grown > GROWTH_KB:
            found.append(f"memory: {grown:.0f} kB more in the last third than in the second")
    return found


def main() -> int:
    """Run until the time is over; 1 when something has grown or gone wrong."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    options = parser.parse_args()
    dice = random.Random(options.seed)
    backends = ["emu"] if kvm_trouble() else ["kvm", "emu"]
    choices = programs()
    print(f"seed {options.seed}, {len(choices)} programs on {' and '.join(backends)}")
    rounds: list[Held] = []
    wrong: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        temporary, work = Path(folder, "tmp"), Path(folder, "work")
        temporary.mkdir()
        os.environ["TMPDIR"] = tempfile.tempdir = str(temporary)
        end = time.monotonic() + options.minutes * 60
        print("round  " + "  ".join(Held._fields))
        while time.monotonic() < end and not wrong:
            for _ in range(GUESTS_PER_ROUND):
                argv = [str(dice.randrange(10**6)) if a == "#" else a for a in dice.choice(choices)]
                for backend in backends:
                    failed = guest(backend, argv, work)
                    if failed:
                        wrong.append(f"{backend} {' '.join(argv)}: {failed}")
            rounds.append(held(temporary))
            print(f"{len(rounds):5}  " + "  ".join(map(str, rounds[-1])), flush=True)
        tempfile.tempdir = None
    guests = len(rounds) * GUESTS_PER_ROUND * len(backends)
    wrong += trouble(rounds)
    print(f"{guests} guests in {len(rounds)} rounds: {'; '.join(wrong) or 'no growth'}")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())

"""What debugging costs: overhead, stepping back, going back far. ``python benchmarks/debug.py``.

The guest computes (sha256) for 100 million instructions on the emulator. Targets: nothing watched
at most twice the free run, a step back 50 ms (median), going back over everything 5 s. Times are of
the processor, so that other work on the machine does not count.
"""

import argparse
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from nanvix.debug.debugger import Debugger
from nanvix.sandbox import Sandbox

SOURCE = Path(__file__).with_name("programs") / "sha256.c"
SEED = bytes(32)


def build(folder: str) -> str:
    program = os.path.join(folder, "sha256")
    recipe = [sys.executable, "-m", "ziglang", "cc", "-target", "x86_64-linux-musl", "-static"]
    subprocess.run([*recipe, "-O2", "-o", program, SOURCE], check=True)
    return program


def free_run(program: str, count: int, null: int) -> float:
    start = time.process_time()
    with Sandbox(backend="emu", max_instructions=count, seed=SEED) as sandbox:
        sandbox.run([program, "1000000"], stdio=(null, null, null))
    return time.process_time() - start


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--instructions", type=int, default=100_000_000)
    parser.add_argument("--steps", type=int, default=100)
    options = parser.parse_args()
    count, null = options.instructions, os.open(os.devnull, os.O_RDWR)
    with tempfile.TemporaryDirectory() as folder:
        program = build(folder)
        free = free_run(program, count, null)
        print(f"free run                 {free:8.2f} s, {count / free / 1e6:.0f} million/s")
        start = time.process_time()
        with Debugger([program, "1000000"], stdio=(null, null, null), seed=SEED) as debugger:
            debugger.go(count)
            watched = time.process_time() - start
            held = debugger.timeline.held >> 20
            print(f"debugged, nothing watched {watched:7.2f} s, {watched / free:.2f} times; "
                  f"{len(debugger.timeline.checkpoints)} checkpoints, {held} MiB")  # fmt: skip

            chance = random.Random(1)
            times = []
            for _ in range(options.steps):
                debugger.go(chance.randrange(debugger.timeline.start + 2, count))
                start = time.process_time()
                debugger.step_back(kernel=True)
                times.append(time.process_time() - start)
            print(f"step back                {statistics.median(times) * 1e3:8.1f} ms median, "
                  f"{max(times) * 1e3:.1f} ms at most")  # fmt: skip

            debugger.go(count)
            entry = debugger.breakpoint("main")
            start = time.process_time()
            stop = debugger.run_back()
            print(f"back to a breakpoint     {time.process_time() - start:8.2f} s "
                  f"over {(count - stop.moment) / 1e6:.0f} million")  # fmt: skip
            debugger.delete(entry.number)

            debugger.go(count)
            start = time.process_time()
            debugger.last_write(debugger.registers()["rsp"] & ~4095, 8)
            print(f"who wrote it last        {time.process_time() - start:8.2f} s")
    os.close(null)
    return 0


if __name__ == "__main__":
    sys.exit(main())

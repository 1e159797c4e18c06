"""What debugging costs: overhead, stepping back, going back far. ``python benchmarks/debug.py``;
the first screen is benchmarks/first_screen.py's.

The guest computes (sha256) for 100 million instructions on the emulator. Targets: nothing watched
at most twice the free run, a step back 50 ms (median), going back over everything 5 s. Times are of
the processor, so that other work on the machine does not count.

Then a program that only counts runs on KVM, alone and under the screen: the rates of views and how
much slower it counts, by wall time (on a machine with nothing else to do). Targets: 10 views a
second, 20 % slower.
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


def counting(program: str, seconds: float, size: tuple[int, int] | None) -> tuple[float, float]:
    """Counted per second on KVM, and views per second; without a screen if ``size`` is None."""
    import asyncio
    import threading

    from nanvix.debug.present import Present
    from nanvix.tui.app import DebugApp
    from nanvix.tui.view import Status, View

    def alone() -> tuple[float, float]:
        null = os.open(os.devnull, os.O_RDWR)
        with Present([program], stdio=(null, null, null), seed=SEED) as present:
            counts = []
            for lasting in (1.0, seconds):
                threading.Timer(lasting, present.pause).start()
                start = time.perf_counter()
                present.run()
                counts.append(present.evaluate("counter").integer())
            lasted = time.perf_counter() - start
        os.close(null)
        return (counts[1] - counts[0]) / lasted, 0.0

    async def shown(size: tuple[int, int]) -> tuple[float, float]:
        counts: list[tuple[float, int]] = []

        class Counted(DebugApp):
            def refreshed(self, view: View) -> None:
                if view.status is Status.RUNNING and view.locals and view.locals[0].value.isdigit():
                    counts.append((time.perf_counter(), int(view.locals[0].value)))
                super().refreshed(view)

        app = Counted(lambda stdio: Present([program], stdio=stdio, seed=SEED), program)
        async with app.run_test(size=size):
            app.command("display counter")
            app.action_do("go")
            while not counts:
                await asyncio.sleep(0.01)
            await asyncio.sleep(1.0)
            counts.clear()
            await asyncio.sleep(seconds)
            seen = counts[:]
        lasted = seen[-1][0] - seen[0][0]
        return (seen[-1][1] - seen[0][1]) / lasted, (len(seen) - 1) / lasted

    return alone() if size is None else asyncio.run(shown(size))


def live(folder: str, rounds: int) -> None:
    """Alone and under the screen in turns; medians."""
    program = os.path.join(folder, "spin")
    source = SOURCE.parents[2] / "tests" / "programs" / "debug" / "spin.c"
    recipe = [sys.executable, "-m", "ziglang", "cc", "-target", "x86_64-linux-musl", "-static"]
    subprocess.run([*recipe, "-g", "-O1", "-o", program, source], check=True)
    sizes = (None, (80, 24), (120, 40), (200, 50))
    found: dict[object, list[tuple[float, float]]] = {size: [] for size in sizes}
    for _ in range(rounds):
        for size in sizes:
            found[size].append(counting(program, 3.0, size))
    alone = statistics.median(rate for rate, _ in found[None])
    for size in sizes[1:]:
        rate = statistics.median(rate for rate, _ in found[size])
        views = statistics.median(views for _, views in found[size])
        print(f"screen of {size[0]}x{size[1]} on KVM   {views:5.1f} views a second, "
              f"the guest {(1 - rate / alone):.0%} slower")  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--instructions", type=int, default=100_000_000)
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3, help="of the live screen on KVM; 0: none")
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
        if options.rounds:
            live(folder, options.rounds)
    os.close(null)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""What leaving the guest costs, on both backends.

    python benchmarks/exits.py [--rounds N]

Prints a table of medians in microseconds, headed by the machine they were taken on. A round
trip is measured from Python to Python: resume the guest, let it ring the doorbell, come back.
"""

import argparse
import platform
import statistics
import sys
import threading
import time
from collections.abc import Callable
from importlib import import_module

from nanvix.abi.channel import OPS, REQUEST
from nanvix.errors import NanvixError
from nanvix.machine.backend import Backend, Exit
from nanvix.machine.channel import Channel
from nanvix.machine.memory import GuestMemory
from nanvix.machine.state import Segment, VcpuState

MEMORY_SIZE = 64 << 20
PML4, PDPT, PD, REQUEST_PAGE, CODE, STACK = 0x1000, 0x2000, 0x3000, 0x4000, 0x8000, 0x7000
# mov $4, %eax; out %eax, $0xE0; jmp back
DOORBELL_LOOP = bytes.fromhex("b804000000 e7e0 ebf7")
SPIN = bytes.fromhex("ebfe")
GETATTR = OPS["FS_GETATTR"][0]


def guest_memory() -> GuestMemory:
    """RAM whose first 2 MiB are identity-mapped, with an empty request in it."""
    memory = GuestMemory(MEMORY_SIZE)
    for where, entry in ((PML4, PDPT | 7), (PDPT, PD | 7), (PD, 0x87)):
        memory.write(where, entry.to_bytes(8, "little"))
    memory.write(REQUEST_PAGE, REQUEST.pack_fields(op=GETATTR))
    return memory


def entry_state(ring: int) -> VcpuState:
    """64-bit mode at CODE."""
    state = VcpuState(rip=CODE, cr0=0x8001_0033, cr3=PML4, cr4=0x6A0, efer=0xD01)
    state.gpr["rsp"] = STACK
    rights = ring << 5
    state.segments["cs"] = Segment(0x33 if ring else 0x10, 0, 0xFFFF_FFFF, 0xA09B | rights)
    for name in ("ss", "ds", "es"):
        selector = 0x2B if ring else 0x18
        state.segments[name] = Segment(selector, 0, 0xFFFF_FFFF, 0xC093 | rights)
    state.segments["tr"] = Segment(0x40, 0, 0x67, 0x8B)
    return state


def median_us(action: Callable[[], object], rounds: int) -> float:
    """Median time of one call, over batches that make the clock's own cost vanish."""
    batch = 50
    times = []
    for _ in range(max(rounds // batch, 5)):
        start = time.perf_counter_ns()
        for _ in range(batch):
            action()
        times.append((time.perf_counter_ns() - start) / batch / 1000)
    return statistics.median(times)


def kick_latency_us(backend: Backend, rounds: int) -> float:
    """From kick() in another thread to run() returning, in a guest that only computes."""
    kicked = 0

    def kick() -> None:
        nonlocal kicked
        time.sleep(0.002)
        kicked = time.perf_counter_ns()
        backend.kick()

    times = []
    for _ in range(rounds):
        thread = threading.Thread(target=kick)
        thread.start()
        backend.run()
        times.append((time.perf_counter_ns() - kicked) / 1000)
        thread.join()
    return statistics.median(times)


def timer_lateness_us(backend: Backend, rounds: int) -> float:
    """How long after its deadline a 1 ms timer stops a guest that only computes."""
    times = []
    for _ in range(rounds):
        deadline = backend.tsc() + backend.tsc_hz // 1000
        backend.set_timer(deadline)
        while backend.run() is not Exit.TIMER:
            pass
        times.append((backend.tsc() - deadline) / backend.tsc_hz * 1e6)
    return statistics.median(times)


def measure(name: str, rounds: int) -> dict[str, float]:
    """All numbers of one backend."""
    create = import_module(f"nanvix.{name}").create
    memory = guest_memory()
    create(memory).close()  # warm: imports, quirk cache
    start = time.perf_counter_ns()
    backend: Backend = create(memory)
    created = time.perf_counter_ns()
    memory.write(CODE, DOORBELL_LOOP)
    backend.load_state(entry_state(0))
    backend.run()
    first = time.perf_counter_ns()
    table = {"create": (created - start) / 1000, "load state, first exit": (first - created) / 1000}

    table["doorbell round trip"] = median_us(backend.run, rounds)
    channel = Channel(memory, {GETATTR: lambda _: 0})

    def hypercall() -> None:
        backend.run()
        channel.ring(backend.exit_value)

    table["empty hypercall"] = median_us(hypercall, rounds)
    table["save_state"] = median_us(backend.save_state, rounds // 10)
    table["tsc"] = median_us(backend.tsc, rounds)
    table["set_timer"] = median_us(lambda: backend.set_timer(1 << 62), rounds)
    backend.set_timer(None)
    memory.write(CODE, SPIN)
    backend.code_changed(CODE, len(SPIN))
    backend.load_state(entry_state(3))
    table["kick to exit"] = kick_latency_us(backend, 30)
    table["timer lateness"] = timer_lateness_us(backend, 30)
    backend.close()
    memory.close()
    return table


def machine_name() -> str:
    """CPU model, kernel and Python."""
    model = platform.processor() or "unknown CPU"
    try:
        with open("/proc/cpuinfo", encoding="ascii", errors="replace") as info:
            model = next(line.partition(":")[2].strip() for line in info if "model name" in line)
    except (OSError, StopIteration):
        pass
    return f"{model}, {platform.system()} {platform.release()}, Python {platform.python_version()}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=10_000, help="round trips to measure")
    rounds = parser.parse_args().rounds
    results: dict[str, dict[str, float]] = {}
    for name in ("kvm", "emu"):
        try:
            results[name] = measure(name, rounds)
        except NanvixError as error:
            print(f"{name}: {error}", file=sys.stderr)
    if not results:
        return 1
    print(machine_name())
    print(f"{'median µs':<24}" + "".join(f"{name:>12}" for name in results))
    for row in next(iter(results.values())):
        print(f"{row:<24}" + "".join(f"{table[row]:>12.1f}" for table in results.values()))
    return 0


if __name__ == "__main__":
    sys.exit(main())

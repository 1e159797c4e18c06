"""Going back in a running guest: what then happens is what happened, and nothing is done twice."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count, cycle
from pathlib import Path

import pytest
from support.patience import least, seconds

from nanvix.machine.journal import Journal
from nanvix.machine.machine import Machine
from nanvix.sandbox import Sandbox
from nanvix.snapshot import dirty, history
from nanvix.snapshot.history import Checkpoint, History

PROGRAM = """\
import hashlib, os, random, subprocess, sys, threading, time
lines = sys.stdin.read().split()
seen = []
def work(name):
    for _ in range(50):
        seen.append(name)
        time.sleep(0.0001)
threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
for t in threads: t.start()
for t in threads: t.join()
print(hash(tuple(seen)), random.random(), time.time(), os.urandom(8).hex())
print(subprocess.run(["sh", "-c", "echo $$; ls /usr | sort"], capture_output=True).stdout)
print(sorted(lines), hashlib.sha256(open(os.__file__, "rb").read()).hexdigest())
"""
STEP = 9_000_000


@contextmanager
def started(tmp_path: Path) -> Iterator[tuple[Machine, Path]]:
    (tmp_path / "in").write_text("c b a\n")
    out = tmp_path / "out"
    with open(tmp_path / "in", "rb") as stdin, open(out, "wb") as stdout:
        stdio = (stdin.fileno(), stdout.fileno(), stdout.fileno())
        sandbox = Sandbox(backend="emu", memory=64 << 20)
        argv = ["python3", "-c", PROGRAM]
        with sandbox.machine(argv, stdio=stdio, journal=Journal()) as machine:
            yield machine, out


def run_to(machine: Machine, instructions: int | None) -> None:
    """Run to this many instructions, or to the end."""
    machine.backend.set_budget(instructions)
    while (wait := machine.step()) is not None:
        wait.block()
    machine.backend.set_budget(None)
    if machine.outcome is not None and machine.outcome.reason == "budget":
        machine.outcome = None


def facts(machine: Machine) -> tuple[object, ...]:
    return (
        machine.backend.instructions(), machine.backend.tsc(), machine.memory.sha256(),
        machine.backend.save_state(), machine.outcome, tuple(machine.channel.counts),
    )  # fmt: skip


@pytest.mark.requires("python3")
def test_what_is_repeated_is_the_same_and_prints_nothing(tmp_path: Path) -> None:
    with started(tmp_path) as (machine, out):
        past = History(machine)
        moments: list[tuple[Checkpoint, tuple[object, ...]]] = []
        count = 0
        while machine.outcome is None:
            moments.append((past.take(), facts(machine)))
            count += STEP
            run_to(machine, count)
        end = facts(machine)
        printed = out.read_bytes()
        assert machine.outcome.reason == "exit", machine.outcome
        assert len(moments) > 8 and b"sbin" in printed
        # Backwards, then all over the place, then to the end again from three of them.
        order = [*range(len(moments) - 1, -1, -1), 3, 7, 1, 5, len(moments) - 1, 0]
        for index in order:
            checkpoint, expected = moments[index]
            past.restore(checkpoint)
            assert facts(machine) == expected
        for index in (0, len(moments) // 2, len(moments) - 1):
            past.restore(moments[index][0])
            for odd in (1_234_567, 2_000_001):
                # Stopping in between, at other places than before, makes no difference.
                run_to(machine, (machine.backend.instructions() or 0) + odd)
            run_to(machine, None)
            assert facts(machine) == end
        assert out.read_bytes() == printed
        past.close()


def test_a_guest_goes_on_living_where_its_past_ends(tmp_path: Path) -> None:
    """Back from a wait for input that has not come yet, and then it comes."""
    read, write = os.pipe()
    out_read, out_write = os.pipe()
    try:
        sandbox = Sandbox(backend="emu", memory=64 << 20)
        argv = ["sh", "-c", "read a; echo first $a; read b; echo second $b"]
        with sandbox.machine(argv, stdio=(read, out_write, None), journal=Journal()) as machine:
            past = History(machine)
            start = past.take()
            os.write(write, b"one\n")
            wait = machine.step()
            while wait is not None and read not in wait.fds:
                wait.block()
                wait = machine.step()
            while os.get_blocking(out_read) and not _readable(out_read):
                wait = machine.step()
            middle = facts(machine)
            past.restore(start)
            while machine.journal is not None and not machine.journal.live:
                machine.step()
            assert facts(machine)[:3] == middle[:3]
            os.write(write, b"two\n")
            while machine.outcome is None:
                if (wait := machine.step()) is not None:
                    wait.block()
            assert machine.outcome.reason == "exit"
            assert os.read(out_read, 100) == b"first one\nsecond two\n"
            past.close()
    finally:
        for fd in (read, write, out_read, out_write):
            os.close(fd)


def _readable(fd: int) -> bool:
    import select

    return bool(select.select([fd], [], [], 0.01)[0])


def test_taking_and_restoring_is_quick(tmp_path: Path) -> None:
    """A few milliseconds, so that a debugger can afford them; the best of several counts."""
    with started(tmp_path) as (machine, _):
        past = History(machine)
        past.take()
        begun = count(1)

        def taking() -> float:
            run_to(machine, next(begun) * 1_000_000)
            return seconds(past.take)

        taken = [taking() for _ in range(8)]
        restored = [seconds(lambda at=at: past.restore(at)) for at in past.checkpoints]
        again = cycle(past.checkpoints)
        assert least(lambda: seconds(lambda: past.restore(next(again))), 0.02) <= 0.02, restored
        past.restore(past.checkpoints[-1])
        assert min(taken) <= 0.02 or least(taking, 0.02) <= 0.02, taken
        past.close()


def test_the_budget_thins_out_and_keeps_the_rest_right(tmp_path: Path) -> None:
    with started(tmp_path) as (machine, _):
        past = History(machine, budget=24 << 20)
        known: dict[tuple[int, int], str] = {}
        for index in range(14):
            run_to(machine, index * 4_000_000)
            known[past.take().key] = machine.memory.sha256()
        assert 2 < len(past.checkpoints) < 14
        assert past.size <= 30 << 20
        for checkpoint in reversed(past.checkpoints):
            past.restore(checkpoint)
            assert machine.memory.sha256() == known[checkpoint.key]
        assert past.before(10**12) == past.checkpoints[-1]
        assert past.before(0) == past.checkpoints[0]
        past.close()


def test_pages_are_found_without_the_kernels_help(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "watch", dirty.ComparedPages)
    with started(tmp_path) as (machine, _):
        past = History(machine)
        first = past.take()
        before = facts(machine)
        run_to(machine, 5_000_000)
        middle = facts(machine)
        second = past.take()
        run_to(machine, 9_000_000)
        past.restore(first)
        assert facts(machine) == before
        past.restore(second)
        assert facts(machine) == middle
        past.close()


def test_both_ways_of_watching_agree() -> None:
    from nanvix.machine.memory import GuestMemory

    memory = GuestMemory(8 << 20)
    try:
        memory.write(0x5000, b"x")
        ways = [dirty.watch(memory), dirty.ComparedPages(memory)]
        assert [way.pages() for way in ways] == [set(), set()]
        memory.write(0x7FFF, b"ab")
        memory.write(0x40_0000, b"c")
        assert [way.pages() for way in ways] == [{7, 8, 0x400}] * 2
        assert [way.pages() for way in ways] == [set(), set()]
        for way in ways:
            way.close()
    finally:
        memory.close()

"""Watchpoints of a guest on KVM: by the rights of pages, so on any host."""

import os
from collections.abc import Iterator
from itertools import pairwise

import pytest
from support.toolchain import Toolchain

from nanvix.debug.errors import DebugError
from nanvix.debug.points import Stop
from nanvix.debug.stopping import Stopping

pytestmark = [
    pytest.mark.parametrize("backend", ["kvm"], indirect=True),
    pytest.mark.requires("gcc"),
]


class Watched:
    """Stands in main of debug/watched.c; ``out`` is what it has printed when it has ended."""

    def __init__(self, *argv: str) -> None:
        self._null = os.open(os.devnull, os.O_RDWR)
        self._reader, self._writer = os.pipe()
        stdio = self._null, self._writer, self._null
        self.guest = Stopping(argv, stdio=stdio, seed=bytes(32))
        self.guest.run_to("neighbours")

    def changes(self) -> list[tuple[str, int, int, int]]:
        """To the end: by whom (a function, or the kernel in the call of one), point, old, new."""
        found = []
        while not (stop := self.guest.run()).ended:
            assert stop.reason == "watchpoint" and stop.access is not None, stop
            old, new = (int.from_bytes(d, "little") for d in (stop.access.old, stop.access.new))
            found.append((self.writer(stop), stop.points[0], old, new))
        assert (stop.reason, stop.detail) == ("exit", "status 0")
        return found

    def writer(self, stop: Stop) -> str:
        assert stop.access is not None
        if stop.access.rip:
            return self.guest.symbol(stop.access.rip).partition("+")[0]
        names = [call.symbol.partition("+")[0] for call in self.guest.backtrace()]
        return "kernel for " + next(n for n in names if n in ("by_kernel", "main"))

    def out(self) -> bytes:
        return os.read(self._reader, 100)

    def close(self) -> None:
        self.guest.close()
        for fd in (self._null, self._reader, self._writer):
            os.close(fd)


@pytest.fixture
def program(backend: str, compiled: Toolchain) -> str:
    flags = ["-g", "-O1", "-fno-omit-frame-pointer"]
    return str(compiled("debug/watched.c", "glibc", flags))


@pytest.fixture
def watched(program: str) -> Iterator[Watched]:
    made = Watched(program)
    yield made
    made.close()


OUT = b"37 99 abcdefgh 2\n"


def test_a_variable(watched: Watched) -> None:
    point = watched.guest.watch("counter")
    assert watched.changes() == [
        ("store", point.number, 0, 7),
        *(("worker", point.number, old, old + 10) for old in (7, 17, 27)),
    ]
    assert watched.out() == OUT


def test_two_pages_strings_and_the_kernel(watched: Watched) -> None:
    number = watched.guest.watch("*(u64 *)border").number
    stored = 0x1122334455667788
    nines = [int.from_bytes(b"\t" * n, "little") for n in range(9)]
    steps = [nines[n] | stored & ~((1 << 8 * n) - 1) for n in range(9)]
    kernel = int.from_bytes(b"abcdefgh", "little")
    assert watched.changes() == [
        ("across", number, 0, stored),
        *(("string", number, old, new) for old, new in pairwise(steps)),
        ("kernel for by_kernel", number, steps[8], kernel),
    ]
    assert watched.out() == OUT


def test_memory_not_touched_yet_and_other_rights(watched: Watched) -> None:
    number = watched.guest.watch("fresh[3]").number
    assert watched.changes() == [("first_touch", number, 0, 1), ("first_touch", number, 1, 2)]
    assert watched.out() == OUT


def test_conditions_steps_and_deletion(watched: Watched) -> None:
    guest = watched.guest
    point = guest.watch("counter", condition="counter > 10")
    guest.write_memory(guest.address("counter"), bytes(4))
    stop = guest.run()
    assert stop.reason == "watchpoint" and guest.evaluate("counter").integer() == 17
    assert watched.writer(stop) == "worker" and stop.rip != stop.access.rip
    for _ in range(20):  # to the next change, at the latest
        before = guest.registers()["rip"]
        stop = guest.step()
        if stop.reason == "watchpoint":
            break
        assert stop.reason == "step" and stop.rip != before
    assert stop.points == (point.number,) and guest.evaluate("counter").integer() == 27
    assert guest.step().reason == "step"
    guest.delete(point.number)
    assert guest.run().reason == "exit"
    assert watched.out() == OUT


def test_no_write_of_threads_that_are_interrupted_is_missed(program: str) -> None:
    made = Watched(program, "race")
    number = made.guest.watch("counter").number
    expected = [("racer", number, value, value + 1) for value in range(450)]
    assert made.changes() == expected
    assert made.out() == b"450\n"
    made.close()


def test_what_cannot_be_watched(watched: Watched) -> None:
    guest = watched.guest
    with pytest.raises(DebugError, match="for changes"):
        guest.watch("counter", access="read")
    with pytest.raises(DebugError, match="of programs"):
        guest.watch(0xFFFF_FFFF_8000_0000, 8)
    numbers = [guest.watch(0x10000 * n, 8).number for n in range(1, 17)]
    with pytest.raises(DebugError, match="16 pages"):
        guest.watch("counter")
    guest.delete(numbers[0])
    counter = guest.watch("counter").number
    assert guest.run().points == (counter,)

"""Recordings: what the clock showed, however it was asked, without a call to the host each time."""

import json
import os
from pathlib import Path
from struct import pack_into, unpack_from

import pytest
from support.guest import NANVIX, execute, host_environment
from support.toolchain import Toolchain

from nanvix.abi.channel import OPS
from nanvix.abi.layout import (
    BOOT_HOST_TIME,
    BOOT_NO_VDSO_TSC,
    BOOT_STEADY,
    BOOT_TAPE,
    MEMORY_MIN,
    TAPE,
    TAPE_PHYS,
    TAPE_SLOTS,
)
from nanvix.machine.journal import Readings
from nanvix.machine.memory import GuestMemory
from nanvix.machine.tape import Tape
from nanvix.replay import load, replay
from nanvix.sandbox import Sandbox
from nanvix.trace import record

VALUES = TAPE_PHYS + TAPE.offsets["values"]
READINGS = 2000
"""How many tests/programs/clocks.c makes at least."""


@pytest.mark.requires("gcc")
def test_the_clock_shows_the_same_again(backend: str, compiled: Toolchain, tmp_path: Path) -> None:
    """From the vDSO and the kernel, in bursts, spins, handlers and children, to the nanosecond."""
    file, report = tmp_path / "recording", tmp_path / "report"
    command = [*NANVIX, "run", "--backend", backend, "--record", str(file), "--json", str(report)]
    ran = execute([*command, str(compiled("clocks.c", "glibc"))], env=host_environment(), cwd="/")
    assert ran.code == 0, ran
    assert json.loads(report.read_text())["hypercalls"].get("TIME", 0) < READINGS / 2
    again = execute([*NANVIX, "replay", str(file)], env=host_environment(), cwd="/")
    assert (again.code, again.out) == (0, ran.out), again


@pytest.mark.requires("gcc")
@pytest.mark.parametrize("backend", ["kvm"], indirect=True)
@pytest.mark.parametrize("tape", [BOOT_TAPE, 0], ids=["kernel", "host"])
def test_where_programs_cannot_read_the_counter(
    backend: str, tape: int, compiled: Toolchain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kernel reads it for them, or where it cannot either, the host does."""
    flags = BOOT_STEADY | BOOT_HOST_TIME | BOOT_NO_VDSO_TSC | tape
    monkeypatch.setattr(record, "controlled", lambda spec, backend: spec._replace(flags=flags))
    file = str(tmp_path / "recording")
    with Sandbox(backend=backend, record=file, timeout=50) as sandbox:
        result = sandbox.run([str(compiled("clocks.c", "glibc"))], capture=True)
    assert result.exit_code == 0, result
    with open(tmp_path / "out", "w+b") as out:
        again = replay(load(file), output=(out.fileno(), None))
        out.seek(0)
        assert (again.reason, out.read()) == ("exit", result.stdout), again.detail
    assert (result.hypercalls[OPS["TIME"][0]] > READINGS) == (not tape)


class Page:
    """A tape page with the guest's side of it."""

    def __init__(self, memory: GuestMemory) -> None:
        self.view = memory.view
        self.tape = Tape(memory)

    def cursors(self) -> tuple[int, int]:
        return unpack_from("<II", self.view, TAPE_PHYS)

    def begin(self, count: int = 1) -> None:
        head = self.cursors()[0]
        pack_into("<I", self.view, TAPE_PHYS, head + count & 0xFFFF_FFFF)

    def fill(self, number: int, value: int) -> None:
        pack_into("<Q", self.view, VALUES + number % TAPE_SLOTS * 8, value)

    def slot(self, number: int) -> int:
        return unpack_from("<Q", self.view, VALUES + number % TAPE_SLOTS * 8)[0]


@pytest.fixture
def page():
    memory = GuestMemory(MEMORY_MIN)
    yield Page(memory)
    memory.close()


def test_nothing_is_taken_where_nothing_was_read(page: Page) -> None:
    assert page.tape.take(7) is None


def test_a_reading_that_is_not_finished_holds_up_what_is_behind_it(page: Page) -> None:
    page.begin(3)
    page.fill(0, 10)
    page.fill(2, 30)
    first = page.tape.take(7)
    assert first == Readings(7, 3, 0, 1, (10,)) and page.cursors() == (3, 1)
    page.fill(1, 20)
    second = page.tape.take(8)
    assert second == Readings(8, 3, 1, 3, (20, 30)) and page.cursors() == (3, 3)
    assert page.tape.take(9) is None


def test_readings_that_found_no_room_have_no_value(page: Page) -> None:
    page.begin(TAPE_SLOTS + 2)
    for number in range(TAPE_SLOTS):
        page.fill(number, 1 + number)
    taken = page.tape.take(0)
    assert taken is not None and taken.values == tuple(range(1, TAPE_SLOTS + 1))
    assert page.cursors() == (TAPE_SLOTS + 2, TAPE_SLOTS + 2)


def test_what_was_taken_is_given(page: Page) -> None:
    """Also the values of readings that had begun when the first were taken."""
    coming = [
        Readings(0, 3, 0, 1, (10,)),
        Readings(0, 3, 1, 3, (20, 30)),
        Readings(0, 4, 3, 4, (9,)),
    ]
    page.tape.give(coming)
    assert [page.slot(number) for number in range(4)] == [10, 20, 30, 0]
    page.begin(3)
    assert page.tape.settle(coming[0]) and page.cursors() == (3, 1)
    assert not page.tape.settle(coming[2]), "a reading less"


def test_numbers_wrap(page: Page) -> None:
    last = (1 << 32) - 1
    page.tape.give([Readings(0, 1, last, 1, (5, 6))])
    assert (page.slot(last), page.slot(0)) == (5, 6)


def test_whatever_a_program_writes_there_can_be_taken(page: Page) -> None:
    """Never more than there are slots."""
    for _ in range(200):
        page.view[TAPE_PHYS : TAPE_PHYS + TAPE.size] = os.urandom(TAPE.size)
        taken = page.tape.take(0)
        if taken is not None:
            assert len(taken.values) <= TAPE_SLOTS and page.cursors()[1] == taken.tail

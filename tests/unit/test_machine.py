"""The run loop over a scripted backend: every way in and every way out."""

import time
from collections.abc import Iterator

import pytest
from support.fake_machine import (
    HELLO,
    IDLE,
    LOG,
    MS,
    PAGE,
    PANIC,
    TIMER,
    TRACE,
    FakeBackend,
    Start,
    fake,
    leave,
)

from nanvix.abi.header import abi_version
from nanvix.abi.layout import (
    BOOT_INFO,
    BOOT_INFO_PHYS,
    BOOT_TRACE,
    CONTROL,
    CONTROL_PHYS,
    COUNTS_PHYS,
    TRACE_BOOT,
    TRACE_HYPERCALL,
    TRACE_PHYS,
    TRACE_RECORD,
    VECTOR_TIMER,
)
from nanvix.machine.backend import Exit
from nanvix.machine.outcome import peak_memory, syscalls
from nanvix.machine.trace_ring import TraceEvent

KERNEL_CODE, PROGRAM_CODE = 0xFFFF_FFFF_8010_0000, 0x40_0000


# -- the ways out ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "reason"), [(0, "exit"), (7 << 8, "exit"), (11 | 0x80, "signal"), (9, "signal")]
)
def test_exit(start: Start, status: int, reason: str) -> None:
    def script(b: FakeBackend) -> Iterator[Exit]:
        yield b.ring(HELLO, abi_version())
        assert b.result() == 0
        yield leave(b, status)

    outcome = start(script).run()
    assert (outcome.reason, outcome.status) == (reason, status)


def test_another_kernel_version_is_refused(start: Start) -> None:
    outcome = start(lambda b: iter([b.ring(HELLO, 1)])).run()
    assert outcome.reason == "error"
    assert "version" in outcome.detail


def test_backend_exits(start: Start) -> None:
    for reason, expected in (
        (Exit.BUDGET, "budget"), (Exit.SHUTDOWN, "shutdown"), (Exit.ERROR, "error"),
    ):  # fmt: skip
        machine = start(lambda b, reason=reason: iter([reason]))
        fake(machine).exit_detail = "the CPU is on fire"
        outcome = machine.run()
        assert outcome.reason == expected
        if reason is Exit.ERROR:
            assert outcome.detail == "the CPU is on fire"


def test_doorbell_outside_memory_ends_the_run(start: Start) -> None:
    def script(b: FakeBackend) -> Iterator[Exit]:
        b.exit_value = 0xFFFF_FFFF
        yield Exit.DOORBELL

    outcome = start(script).run()
    assert (outcome.reason, outcome.detail[:7]) == ("error", "channel")


def test_panic(start: Start) -> None:
    def script(b: FakeBackend) -> Iterator[Exit]:
        b.memory.write(0x8000, b"all is \x1b[31mlost\n")
        yield b.ring(PANIC, 0, ins=[(0x8000, 17)])

    outcome = start(script).run()
    assert outcome.reason == "panic"
    assert outcome.detail == "all is \\x1b[31mlost"
    assert outcome.crash is not None


def test_stop_and_timeout(start: Start) -> None:
    def forever(b: FakeBackend) -> Iterator[Exit]:
        while True:
            time.sleep(0.001)
            yield b.ring(LOG, 6)

    machine = start(forever)
    machine.stop("stopped", "by the test")
    assert machine.run()[:3] == ("stopped", 0, "by the test")
    begin = time.monotonic()
    assert start(forever).run(timeout_s=0.05).reason == "timeout"
    assert 0.04 < time.monotonic() - begin < 2


def test_timeout_of_an_idle_guest(start: Start) -> None:
    outcome = start(lambda b: iter([b.ring(IDLE, 0)])).run(timeout_s=0.05)
    assert outcome.reason == "timeout"


# -- small operations ------------------------------------------------------------------------


def test_log_lines_are_printable_and_bounded(start: Start) -> None:
    lines: list[tuple[int, str]] = []

    def script(b: FakeBackend) -> Iterator[Exit]:
        b.memory.write(0x8000, b"caf\xc3\xa9 \xff\x07\n")
        yield b.ring(LOG, 99, ins=[(0x8000, 9)])
        yield b.ring(LOG, 6, ins=[(0, 1 << 20)])
        yield leave(b)

    start(script, log=lambda level, text: lines.append((level, text))).run()
    assert lines[0] == (7, "café \\xff\\x07")
    assert len(lines[1][1]) < 8192


def test_timer(start: Start) -> None:
    def script(b: FakeBackend) -> Iterator[Exit]:
        yield b.ring(TIMER, 5 * MS)
        assert b.timer == 5 * MS
        b.now = 5 * MS - 1
        yield b.ring(LOG, 6)
        assert b.injected == []
        b.now = 5 * MS
        yield b.ring(LOG, 6)
        assert b.injected == [VECTOR_TIMER]
        assert b.timer is None
        yield b.ring(TIMER, 9 * MS)
        yield b.ring(TIMER, 0)
        assert b.timer is None
        yield b.ring(TIMER, (1 << 64) - 1)
        assert b.timer is None
        yield leave(b)

    assert start(script).run().reason == "exit"


def test_statistics(start: Start) -> None:
    def script(b: FakeBackend) -> Iterator[Exit]:
        b.memory.write(COUNTS_PHYS + 8 * 39, (5).to_bytes(8, "little"))
        at = CONTROL_PHYS + CONTROL.offsets["frames_peak"]
        b.memory.write(at, (3).to_bytes(8, "little"))
        yield leave(b)

    machine = start(script)
    machine.run()
    assert syscalls(machine.memory) == {39: 5}
    assert peak_memory(machine.memory) == 3 * 4096


# -- the event stream ------------------------------------------------------------------------


def test_events_come_in_order(start: Start) -> None:
    events: list[TraceEvent] = []

    def script(b: FakeBackend) -> Iterator[Exit]:
        info = BOOT_INFO.unpack_fields(b.memory.read(BOOT_INFO_PHYS, BOOT_INFO.size))
        assert info["flags"] == BOOT_TRACE
        b.memory.write(TRACE_PHYS, TRACE_RECORD.pack(TRACE_BOOT, 0, 0, 5, 1, 2, 3, 0, 0, 0))
        b.memory.write(CONTROL_PHYS + CONTROL.offsets["trace_head"], b"\1")
        yield b.ring(0x55, 1, 2, 3, 4, outs=[(PAGE + 4096, 100)])
        yield leave(b)

    start(script, {0x55: lambda call: -2}, events=events.append).run()
    assert [event.kind for event in events] == [TRACE_BOOT, TRACE_HYPERCALL, TRACE_HYPERCALL]
    assert events[1].args == (1, 2, 3, 4, 100, (1 << 64) - 2)


@pytest.mark.parametrize("calls", [1000, 0])
def test_a_listener_that_fails_ends_the_run(start: Start, calls: int) -> None:
    def full(event: TraceEvent) -> None:
        raise OSError(28, "No space left on device")

    def script(b: FakeBackend) -> Iterator[Exit]:
        for _ in range(calls):
            yield b.ring(TRACE)
        b.memory.write(CONTROL_PHYS + CONTROL.offsets["trace_head"], b"\1")
        yield leave(b)

    machine = start(script, events=full)
    outcome = machine.run()
    assert outcome.reason == "error"
    assert "No space left" in outcome.detail
    assert fake(machine).exits < 5


def test_settling_waits_for_a_program(start: Start) -> None:
    """The kernel may be at work at any exit; the machine is saved in a program, and goes on."""
    seen: list[int] = []

    def script(b: FakeBackend) -> Iterator[Exit]:
        b.state.rip = KERNEL_CODE
        yield b.ring(HELLO, abi_version())
        seen.append(b.kicks)
        yield b.ring(TIMER, 0)
        b.state.rip = PROGRAM_CODE
        yield Exit.KICKED
        yield leave(b)

    machine = start(script)
    assert machine.settle() and machine.outcome is None
    assert fake(machine).state.rip == PROGRAM_CODE and seen
    assert machine.run().reason == "exit"


def test_settling_finds_an_idle_guest(start: Start) -> None:
    def script(b: FakeBackend) -> Iterator[Exit]:
        b.state.rip = KERNEL_CODE
        yield b.ring(IDLE, 0)
        yield leave(b)

    machine = start(script)
    assert machine.settle() and machine.idle.active


def test_settling_a_guest_that_ends(start: Start) -> None:
    machine = start(lambda b: iter([leave(b)]))
    fake(machine).state.rip = KERNEL_CODE
    assert not machine.settle()
    assert machine.outcome is not None and machine.outcome.reason == "exit"

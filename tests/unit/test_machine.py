"""The run loop over a scripted backend: every way in, every way out, and waiting."""

import os
import select
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest
from support.fake_machine import PAGE, FakeBackend, Script, make_elf

from nanvix.abi.call import Call, Watch, WatchTable
from nanvix.abi.channel import OPS
from nanvix.abi.header import abi_version
from nanvix.abi.layout import (
    BOOT_INFO,
    BOOT_INFO_PHYS,
    BOOT_TRACE,
    CONTROL,
    CONTROL_PHYS,
    COUNTS_PHYS,
    EVENT,
    EVENT_READY,
    EVENT_SIGNAL,
    EVENT_SLOTS,
    TRACE_BOOT,
    TRACE_HYPERCALL,
    TRACE_PHYS,
    TRACE_RECORD,
    VECTOR_EVENT,
    VECTOR_TIMER,
)
from nanvix.machine.backend import Exit
from nanvix.machine.boot import BootSpec
from nanvix.machine.clock import GuestClock
from nanvix.machine.image import KernelImage
from nanvix.machine.machine import Machine
from nanvix.machine.memory import GuestMemory
from nanvix.machine.outcome import peak_memory, syscalls
from nanvix.machine.timers import Timers
from nanvix.machine.trace_ring import TraceEvent

if TYPE_CHECKING:
    from nanvix.abi.call import Handler

HELLO, EXIT, LOG, IDLE, TIMER = (OPS[name][0] for name in ("HELLO", "EXIT", "LOG", "IDLE", "TIMER"))
PANIC, TRACE = OPS["PANIC"][0], OPS["TRACE"][0]
MS = 1_000_000
KERNEL_CODE, PROGRAM_CODE = 0xFFFF_FFFF_8010_0000, 0x40_0000

Start = Callable[..., Machine]


@pytest.fixture
def watches() -> WatchTable:
    return WatchTable()


@pytest.fixture
def start(watches: WatchTable) -> Iterator[Start]:
    """Builds machines around scripts and takes them down again."""
    machines: list[Machine] = []

    def build(
        script: Script, handlers: "dict[int, Handler] | None" = None, **more: object
    ) -> Machine:
        memory = GuestMemory(16 << 20)
        backend = FakeBackend(memory, script)
        image = KernelImage(make_elf())
        machine = Machine(
            memory,
            backend,
            image,
            BootSpec(b""),
            handlers or {},
            watches,
            **more,  # type: ignore[arg-type]
        )
        machines.append(machine)
        return machine

    yield build
    for machine in machines:
        machine.close()
        machine.memory.close()


def fake(machine: Machine) -> FakeBackend:
    assert isinstance(machine.backend, FakeBackend)
    return machine.backend


def take_events(memory: GuestMemory) -> list[tuple[int, ...]]:
    """Consume the event ring as the guest does."""
    offsets = CONTROL.offsets
    head, tail = (
        int.from_bytes(memory.read(CONTROL_PHYS + offsets[name], 4), "little")
        for name in ("event_head", "event_tail")
    )
    slots = CONTROL_PHYS + CONTROL.size
    found = [
        EVENT.codec.unpack(memory.read(slots + index % EVENT_SLOTS * EVENT.size, EVENT.size))
        for index in range(head, tail)
    ]
    memory.write(CONTROL_PHYS + offsets["event_head"], tail.to_bytes(4, "little"))
    return found


def leave(b: FakeBackend, status: int = 0) -> Exit:
    return b.ring(EXIT, status)


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


# -- waiting and events ----------------------------------------------------------------------


def test_sleep_takes_real_time_and_wakes_at_the_exact_virtual_time(start: Start) -> None:
    def script(b: FakeBackend) -> Iterator[Exit]:
        yield b.ring(IDLE, 20 * MS + 123)
        assert b.now == 20 * MS + 123
        yield b.ring(IDLE, 5)
        assert b.now == 20 * MS + 123
        yield leave(b)

    begin = time.monotonic()
    assert start(script).run().reason == "exit"
    assert 0.019 < time.monotonic() - begin < 1


def test_short_sleeps_are_short(start: Start) -> None:
    """A sleep of 100 µs is not made one of a tick: so much for one of them shows it."""
    taken: list[float] = []

    def script(b: FakeBackend) -> Iterator[Exit]:
        while len(taken) < 20 or (min(taken) >= 0.001 and len(taken) < 2000):
            begin = time.perf_counter()
            yield b.ring(IDLE, b.now + 100_000)
            taken.append(time.perf_counter() - begin)
        yield leave(b)

    assert start(script).run().reason == "exit"
    assert 0.0001 <= min(taken) < 0.001


def test_signal_wakes_an_idle_guest(start: Start) -> None:
    def script(b: FakeBackend) -> Iterator[Exit]:
        yield b.ring(IDLE, 0)
        assert take_events(b.memory) == [(EVENT_SIGNAL, 2, 0)]
        assert b.injected == []
        yield leave(b)

    machine = start(script)
    wait = machine.step()
    assert wait is not None and wait.deadline_ns is None
    assert machine.step() is not None, "nothing has happened: it must still wait"
    machine.post_signal(2)
    machine.post_signal(2)
    wait.block()
    assert machine.step() is None
    assert machine.outcome is not None and machine.outcome.reason == "exit"


def test_event_before_the_deadline_moves_virtual_time_by_the_time_slept(start: Start) -> None:
    def script(b: FakeBackend) -> Iterator[Exit]:
        yield b.ring(IDLE, 10_000 * MS)
        assert 10 * MS <= b.now < 5_000 * MS
        yield leave(b)

    machine = start(script)
    assert machine.step() is not None
    time.sleep(0.01)
    machine.post_signal(15)
    assert machine.step() is None


def test_signal_interrupts_a_running_guest(start: Start) -> None:
    def script(b: FakeBackend) -> Iterator[Exit]:
        machine.post_signal(10)
        yield b.ring(LOG, 6)
        assert b.injected == [VECTOR_EVENT]
        assert take_events(b.memory) == [(EVENT_SIGNAL, 10, 0)]
        yield leave(b)

    machine = start(script)
    assert machine.run().reason == "exit"


def test_watch_wakes_an_idle_guest_once(start: Start, watches: WatchTable) -> None:
    reader, writer = os.pipe()

    def script(b: FakeBackend) -> Iterator[Exit]:
        watches.add(Watch(reader, select.POLLIN, 7))
        yield b.ring(IDLE, 0)
        assert take_events(b.memory) == [(EVENT_READY, select.POLLIN, 7)]
        assert not watches.pending
        watches.add(Watch(writer, select.POLLOUT, 8))
        watches.add(Watch(writer, select.POLLIN, 9))
        yield b.ring(IDLE, 0)
        assert take_events(b.memory) == [(EVENT_READY, select.POLLOUT, 8)]
        yield leave(b)

    machine = start(script)
    wait = machine.step()
    assert wait is not None and wait.fds[reader] == select.POLLIN
    os.write(writer, b"x")
    wait.block()
    assert machine.run().reason == "exit"
    os.close(reader)
    os.close(writer)


def test_hangup_counts_as_ready(start: Start, watches: WatchTable) -> None:
    reader, writer = os.pipe()
    os.close(writer)

    def script(b: FakeBackend) -> Iterator[Exit]:
        watches.add(Watch(reader, select.POLLPRI, 1))
        yield b.ring(IDLE, 0)
        assert take_events(b.memory) == [(EVENT_READY, select.POLLHUP, 1)]
        yield leave(b)

    assert start(script).run().reason == "exit"
    os.close(reader)


def test_watches_are_polled_while_the_guest_computes(start: Start, watches: WatchTable) -> None:
    reader, writer = os.pipe()

    def script(b: FakeBackend) -> Iterator[Exit]:
        yield b.ring(0x55)
        assert b.timer is not None, "no poll is planned"
        os.write(writer, b"x")
        b.now = b.timer
        yield b.ring(LOG, 6)
        assert b.injected == [VECTOR_EVENT]
        assert take_events(b.memory) == [(EVENT_READY, select.POLLIN, 3)]
        yield leave(b)

    def watch(call: Call) -> int:
        return int(watches.add(Watch(reader, select.POLLIN, 3)))

    assert start(script, {0x55: watch}).run().reason == "exit"
    os.close(reader)
    os.close(writer)


def test_a_full_ring_loses_no_event(start: Start, watches: WatchTable) -> None:
    reader, writer = os.pipe()
    os.write(writer, b"x")

    def script(b: FakeBackend) -> Iterator[Exit]:
        for cookie in range(EVENT_SLOTS + 5):
            watches.add(Watch(reader, select.POLLIN, cookie))
        seen = []
        for _ in range(2):
            yield b.ring(IDLE, 0)
            seen += [cookie for _, _, cookie in take_events(b.memory)]
        assert seen == list(range(EVENT_SLOTS + 5))
        yield leave(b)

    assert start(script).run().reason == "exit"
    os.close(reader)
    os.close(writer)


def test_a_guest_that_never_reads_its_events_is_stopped_by_the_timeout(start: Start) -> None:
    def script(b: FakeBackend) -> Iterator[Exit]:
        b.memory.write(CONTROL_PHYS, b"\xff" * 8)
        while True:
            yield b.ring(IDLE, 0)

    machine = start(script)
    for signo in range(1, 65):
        machine.post_signal(signo)
    assert machine.run(timeout_s=0.05).reason == "timeout"


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


def test_polling_with_a_clock_that_goes_on(start: Start) -> None:
    """A loaded machine's clock does not begin at 0; the next poll is as far away as ever."""
    machine = start(lambda b: iter(()))
    late = GuestClock(fake(machine).tsc_hz, 5, 10**18, 10**12)
    timers = Timers(machine.backend, late)
    timers.poll_soon()
    assert fake(machine).timer == fake(machine).now + 10 * MS

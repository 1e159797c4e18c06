"""An idle guest and what ends its wait: time, signals, watches, a full ring."""

import os
import select
import time
from collections.abc import Iterator

from support.fake_machine import (
    IDLE,
    LOG,
    MS,
    FakeBackend,
    Start,
    fake,
    leave,
    take_events,
)

from nanvix.abi.call import Call, Watch, WatchTable
from nanvix.abi.layout import (
    CONTROL_PHYS,
    EVENT_READY,
    EVENT_SIGNAL,
    EVENT_SLOTS,
    VECTOR_EVENT,
)
from nanvix.machine.backend import Exit
from nanvix.machine.clock import GuestClock
from nanvix.machine.timers import Timers


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


def test_polling_with_a_clock_that_goes_on(start: Start) -> None:
    """A loaded machine's clock does not begin at 0; the next poll is as far away as ever."""
    machine = start(lambda b: iter(()))
    late = GuestClock(fake(machine).tsc_hz, 5, 10**18, 10**12)
    timers = Timers(machine.backend, late)
    timers.poll_soon()
    assert fake(machine).timer == fake(machine).now + 10 * MS

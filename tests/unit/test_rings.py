"""The shared rings, with honest and with garbage cursors."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nanvix.abi.layout import (
    CONTROL,
    CONTROL_PHYS,
    EVENT,
    EVENT_READY,
    EVENT_SLOTS,
    TRACE_PHYS,
    TRACE_RECORD,
    TRACE_RECORDS,
)
from nanvix.machine.event_ring import EventRing
from nanvix.machine.memory import GuestMemory
from nanvix.machine.trace_ring import TraceRing

SLOTS = CONTROL_PHYS + CONTROL.size


@pytest.fixture
def memory() -> Iterator[GuestMemory]:
    ram = GuestMemory(1 << 20)
    yield ram
    ram.close()


def set_cursor(memory: GuestMemory, name: str, value: int, size: int) -> None:
    memory.write(CONTROL_PHYS + CONTROL.offsets[name], value.to_bytes(size, "little"))


def cursor(memory: GuestMemory, name: str, size: int) -> int:
    return int.from_bytes(memory.read(CONTROL_PHYS + CONTROL.offsets[name], size), "little")


def emit(memory: GuestMemory, count: int, start: int = 0) -> None:
    """Write trace records number ``start``... as the guest does."""
    for number in range(start, start + count):
        at = TRACE_PHYS + number % TRACE_RECORDS * TRACE_RECORD.size
        memory.write(at, TRACE_RECORD.pack(2, number & 0xFFFF, 1, number, 1, 2, 3, 4, 5, 6))
    set_cursor(memory, "trace_head", start + count, 8)


def test_events_arrive_in_order_and_wrap(memory: GuestMemory) -> None:
    ring = EventRing(memory)
    for number in range(3 * EVENT_SLOTS):
        assert ring.unread() == 0
        assert ring.append(EVENT_READY, number, number << 32)
        slot = memory.read(SLOTS + number % EVENT_SLOTS * EVENT.size, EVENT.size)
        assert EVENT.codec.unpack(slot) == (EVENT_READY, number, number << 32)
        assert cursor(memory, "event_tail", 4) == number + 1
        set_cursor(memory, "event_head", number + 1, 4)


def test_a_full_ring_refuses(memory: GuestMemory) -> None:
    ring = EventRing(memory)
    assert all(ring.append(1, 0) for _ in range(EVENT_SLOTS))
    before = memory.read(0, memory.size)
    assert not ring.append(1, 0)
    assert memory.read(0, memory.size) == before
    set_cursor(memory, "event_head", 1, 4)
    assert ring.append(1, 0)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, 0xFFFF_FFFF), max_size=40))
def test_garbage_event_cursors_stay_inside_the_ring(memory: GuestMemory, heads: list[int]) -> None:
    ring = EventRing(memory)
    end = SLOTS + EVENT_SLOTS * EVENT.size
    outside = memory.read(0, CONTROL_PHYS), memory.read(end, memory.size - end)
    for head in heads:
        set_cursor(memory, "event_head", head, 4)
        set_cursor(memory, "event_tail", head ^ 0x5555, 4)
        assert 0 <= ring.unread() <= EVENT_SLOTS
        ring.append(1, 2**40, 3)
    assert outside == (memory.read(0, CONTROL_PHYS), memory.read(end, memory.size - end))


def test_drain_gives_each_record_once(memory: GuestMemory) -> None:
    ring = TraceRing(memory)
    emit(memory, 5)
    assert [event.tsc for event in ring.drain()] == [0, 1, 2, 3, 4]
    assert ring.drain() == []
    assert cursor(memory, "trace_tail", 8) == 5
    emit(memory, 2, start=5)
    assert [event.tsc for event in ring.drain()] == [5, 6]
    assert [event.tsc for event in ring.last(3)] == [4, 5, 6]
    assert ring.last(3)[0].args == (1, 2, 3, 4, 5, 6)


def test_an_overrun_is_counted(memory: GuestMemory) -> None:
    ring = TraceRing(memory)
    emit(memory, TRACE_RECORDS + 10)
    events = ring.drain()
    assert len(events) == TRACE_RECORDS
    assert events[0].tsc == 10
    assert ring.lost == 10


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, (1 << 64) - 1), max_size=20))
def test_garbage_trace_cursors_are_bounded(memory: GuestMemory, heads: list[int]) -> None:
    ring = TraceRing(memory)
    for head in heads:
        set_cursor(memory, "trace_head", head, 8)
        assert len(ring.drain()) <= TRACE_RECORDS
        assert len(ring.last(20)) <= 20

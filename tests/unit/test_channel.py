"""The channel: honest requests are served, hostile pages are answered and never raise."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.fake_machine import PAGE, read_result, write_request

from nanvix.abi.call import Call
from nanvix.abi.channel import MAX_SEGMENTS, REQUEST, SEGMENT
from nanvix.machine.channel import MAX_BYTES, MAX_FAULTS, Channel
from nanvix.machine.memory import GuestMemory

SIZE = 4 << 20
OP = 0x55


@pytest.fixture(scope="module")
def memory() -> Iterator[GuestMemory]:
    ram = GuestMemory(SIZE)
    yield ram
    ram.close()


class Recorder:
    """A handler that keeps what it saw as plain values (a view would outlive the memory)."""

    def __init__(self, answer: int | BaseException = 0) -> None:
        self.answer = answer
        self.calls: list[tuple[int, tuple[int, ...], list[bytes], list[int], int]] = []

    def __call__(self, call: Call) -> int:
        inputs = [bytes(view) for view in call.inputs]
        sizes = [len(view) for view in call.outputs]
        self.calls.append((call.op, call.arg, inputs, sizes, call.cookie))
        for view in call.outputs:
            view[:] = b"\xaa" * len(view)
        if isinstance(self.answer, BaseException):
            raise self.answer
        call.out[0] = 11
        call.out[6] = 17
        return self.answer


def test_request_reaches_its_handler(memory: GuestMemory) -> None:
    handler = Recorder(42)
    channel = Channel(memory, {OP: handler})
    written: list[tuple[int, int]] = []
    channel.written = lambda gpa, size: written.append((gpa, size))
    memory.write(0x5000, b"hello")
    memory.write(0x6000, b"world!")
    ins, outs = [(0x5000, 5), (0x6000, 6)], [(0x7000, 3), (SIZE - 1, 1), (SIZE, 0)]
    write_request(memory, OP, (1, 2, 3, 4, 5, 1 << 63), ins, outs, cookie=99)
    assert channel.ring(PAGE >> 12)
    assert handler.calls == [(OP, (1, 2, 3, 4, 5, 1 << 63), [b"hello", b"world!"], [3, 1, 0], 99)]
    assert read_result(memory) == (42, 11, 0, 0, 0, 0, 0, 17)
    assert memory.read(0x7000, 4) == b"\xaa\xaa\xaa\0"
    assert written == outs
    assert channel.counts[OP] == channel.total == 1
    assert channel.violations == 0


def test_host_errors_become_errnos(memory: GuestMemory) -> None:
    for error, expected in (
        (FileNotFoundError(2, "no"), -2),
        (OSError("no number"), -5),
        (OSError(-2, "a resolver error"), -5),
    ):
        channel = Channel(memory, {OP: Recorder(error)})
        write_request(memory, OP)
        assert channel.ring(PAGE >> 12)
        assert read_result(memory)[0] == expected
        assert channel.fault_count == 0


@pytest.mark.parametrize("answer", [RuntimeError("our bug"), MemoryError(), 1 << 63])
def test_our_own_errors_are_counted_and_bounded(
    memory: GuestMemory, answer: int | BaseException
) -> None:
    channel = Channel(memory, {OP: Recorder(answer)})
    write_request(memory, OP)
    for _ in range(MAX_FAULTS + 5):
        assert channel.ring(PAGE >> 12)
    assert read_result(memory)[0] == -5
    assert channel.fault_count == MAX_FAULTS + 5
    assert len(channel.faults) == MAX_FAULTS
    assert "Traceback" in channel.faults[0]


@pytest.mark.parametrize("doorbell", [SIZE >> 12, 0xFFFF_FFFF, -1, 1 << 52])
def test_a_doorbell_outside_memory_cannot_be_answered(memory: GuestMemory, doorbell: int) -> None:
    channel = Channel(memory, {})
    assert not channel.ring(doorbell)
    assert channel.violations == 1


@pytest.mark.parametrize(
    ("segment", "errno"),
    [
        ((SIZE, 1), 14),
        ((SIZE - 4, 5), 14),
        (((1 << 64) - 1, 2), 14),
        ((0, (1 << 64) - 1), 14),
        ((1 << 63, 1 << 63), 14),
    ],
)
def test_segments_outside_memory(memory: GuestMemory, segment: tuple[int, int], errno: int) -> None:
    handler = Recorder()
    channel = Channel(memory, {OP: handler})
    for ins, outs in (([segment], []), ([], [segment]), ([(0x5000, 1)], [segment])):
        write_request(memory, OP, (), ins, outs)
        assert channel.ring(PAGE >> 12)
        assert read_result(memory)[0] == -errno
    assert not handler.calls
    assert channel.violations == 3


def test_total_size_is_bounded(memory: GuestMemory) -> None:
    channel = Channel(memory, {OP: Recorder()})
    write_request(memory, OP, (), [], [(0x5000, 1 << 20)])
    assert channel.ring(PAGE >> 12)
    write_request(memory, OP, (), [(0, SIZE)] * (MAX_BYTES // SIZE + 1))
    assert channel.ring(PAGE >> 12)
    assert read_result(memory)[0] == -90


def test_too_many_segments(memory: GuestMemory) -> None:
    channel = Channel(memory, {OP: Recorder()})
    for nin, nout in ((MAX_SEGMENTS + 1, 0), (0xFFFF, 0xFFFF), (MAX_SEGMENTS, 1)):
        memory.write(PAGE, REQUEST.pack_fields(op=OP, nin=nin, nout=nout))
        assert channel.ring(PAGE >> 12)
        assert read_result(memory)[0] == -22


@pytest.mark.parametrize("op", [0, 0xFF, 0x100, 0xFFFF])
def test_unknown_ops(memory: GuestMemory, op: int) -> None:
    channel = Channel(memory, {OP: Recorder()})
    write_request(memory, op)
    assert channel.ring(PAGE >> 12)
    assert read_result(memory)[0] == -38
    assert not any(channel.counts)


def test_a_segment_over_the_request_page_changes_nothing(memory: GuestMemory) -> None:
    handler = Recorder(3)
    channel = Channel(memory, {OP: handler})
    write_request(memory, OP, (7,), [], [(PAGE, 4096), (0x5000, 8)])
    assert channel.ring(PAGE >> 12)
    assert handler.calls[0][3] == [4096, 8]
    assert read_result(memory)[0] == 3


def test_policy_answers_in_place_of_the_service(memory: GuestMemory) -> None:
    handler = Recorder(1)
    channel = Channel(memory, {OP: handler})
    channel.policy = lambda call: -13 if call.arg[0] else None
    for argument, expected in ((1, -13), (0, 1)):
        write_request(memory, OP, (argument,))
        assert channel.ring(PAGE >> 12)
        assert read_result(memory)[0] == expected
    assert len(handler.calls) == 1


def test_observer_hears_every_served_call(memory: GuestMemory) -> None:
    heard: list[tuple[int, int]] = []
    channel = Channel(memory, {OP: Recorder(5), OP + 1: Recorder(OSError(2, ""))})
    channel.observer = lambda call, result: heard.append((call.op, result))
    for op in (OP, OP + 1):
        write_request(memory, op)
        channel.ring(PAGE >> 12)
    assert heard == [(OP, 5), (OP + 1, -2)]


addresses = st.one_of(
    st.integers(0, SIZE + 8192), st.integers(0, (1 << 64) - 1), st.just(PAGE), st.just(SIZE)
)
lengths = st.one_of(st.integers(0, 8192), st.integers(0, (1 << 64) - 1))


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    op=st.sampled_from([OP, OP + 1, 0, 0xFFFF]),
    counts=st.tuples(st.integers(0, 0xFFFF), st.integers(0, 0xFFFF))
    | st.tuples(st.integers(0, 6), st.integers(0, 6)),
    segments=st.lists(st.tuples(addresses, lengths), max_size=12),
    doorbell=st.sampled_from([PAGE >> 12, 0, SIZE >> 12, 0xFFFF_FFFF]),
)
def test_hostile_pages_never_raise_nor_reach_outside(
    memory: GuestMemory,
    op: int,
    counts: tuple[int, int],
    segments: list[tuple[int, int]],
    doorbell: int,
) -> None:
    channel = Channel(memory, {OP: Recorder(), OP + 1: Recorder(ValueError())})
    page = REQUEST.pack_fields(op=op, nin=counts[0], nout=counts[1])
    page += b"".join(SEGMENT.pack(*pair) for pair in segments)
    memory.write(PAGE, page)
    memory.write(0, page)
    written: list[tuple[int, int]] = []
    channel.written = lambda gpa, size: written.append((gpa, size))
    assert channel.ring(doorbell) == (doorbell < SIZE >> 12)
    assert all(gpa + size <= SIZE for gpa, size in written)
    assert sum(size for _, size in written) <= MAX_BYTES


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=600))
def test_random_pages(memory: GuestMemory, page: bytes) -> None:
    channel = Channel(memory, dict.fromkeys(range(256), Recorder()))
    memory.write(PAGE, bytes(4096))
    memory.write(PAGE, page)
    assert channel.ring(PAGE >> 12)

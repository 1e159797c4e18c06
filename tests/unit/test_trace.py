"""The event stream: lines, normal form, first difference."""

import io
import json

from hypothesis import given
from hypothesis import strategies as st

from nanvix.abi import layout
from nanvix.abi.syscalls import SYSCALLS
from nanvix.machine.arity import arguments
from nanvix.machine.describe import describe
from nanvix.machine.trace_ring import TraceEvent
from nanvix.trace.diff import first_departure, first_difference, render
from nanvix.trace.jsonl import JsonLines, as_object
from nanvix.trace.normalise import Collector, Course, normalise

NUMBERS = {name: number for number, name in SYSCALLS.items()}


def enter(name: str, *args: int, tid: int = 1, tsc: int = 0) -> TraceEvent:
    padded = (*args, *[0] * (6 - len(args)))
    return TraceEvent(layout.TRACE_SYSCALL_ENTER, NUMBERS[name], tid, tsc, padded)


def leave(name: str, result: int, tid: int = 1, tsc: int = 0) -> TraceEvent:
    args = (result & (1 << 64) - 1, 0, 0, 0, 0, 0)
    return TraceEvent(layout.TRACE_SYSCALL_EXIT, NUMBERS[name], tid, tsc, args)


def collect(*events: TraceEvent, limit: int = 1000) -> Collector:
    collector = Collector(limit)
    for event in events:
        collector(event)
    return collector


def follow(*events: TraceEvent, limit: int = 1000) -> Course:
    course = Course(limit)
    for event in events:
        course(event)
    return course


def test_lines() -> None:
    path = int.from_bytes(b"/bin/\xc3\xa9\x1b", "little")
    events = [
        enter("write", 1, 2, 3, 99, tid=4, tsc=77),
        leave("write", -9),
        TraceEvent(layout.TRACE_EXCEPTION, 14, 1, 5, (1, 2, 3, 0, 0, 0)),
        TraceEvent(layout.TRACE_EXEC, 0, 1, 5, (path, 0, 0, 0, 0, 0)),
        TraceEvent(layout.TRACE_EXIT, 0, 1, 5, (256, 0, 0, 0, 0, 0)),
        TraceEvent(layout.TRACE_SIGNAL, 11, 1, 5, (0, 16, 4096, 0, 0, 0)),
        TraceEvent(layout.TRACE_HYPERCALL, 0x20, 0, 5, (1, 2, 3, 4, 100, (1 << 64) - 2)),
        TraceEvent(layout.TRACE_BOOT, 0, 0, 5, (1 << 20, 4096, 1, 0, 0, 0)),
        TraceEvent(99, 1, 0, 5, (1, 2, 3, 4, 5, 6)),
    ]
    file = io.StringIO()
    listener = JsonLines(file)
    for event in events:
        listener(event)
    lines = file.getvalue().splitlines()
    assert lines[0] == '{"event":"enter","tid":4,"tsc":77,"syscall":"write","args":[1,2,3]}'
    assert lines[1] == '{"event":"return","tid":1,"tsc":0,"syscall":"write","result":-9}'
    objects = [json.loads(line) for line in lines]
    assert objects[2]["name"] == "#PF" and objects[2]["address"] == 3
    assert objects[3]["path"] == "/bin/é\\x1b"
    assert objects[4]["status"] == 256
    assert objects[5]["signal"] == "SIGSEGV"
    assert objects[6]["op"] == "FS_WALK" and objects[6]["result"] == -2
    assert objects[7]["memory"] == 1 << 20
    assert objects[8]["event"] == "kind_99"
    assert all(list(one)[:3] == ["event", "tid", "tsc"] for one in objects)


@given(
    st.integers(0, 0xFFFF), st.integers(0, 0xFFFF),
    st.lists(st.integers(0, (1 << 64) - 1), min_size=6, max_size=6),
)  # fmt: skip
def test_any_record_can_be_shown(kind: int, code: int, args: list[int]) -> None:
    for known in (kind, kind % 10):
        event = TraceEvent(known, code, 1, 2, tuple(args))
        json.dumps(as_object(event))
        assert describe(event).isprintable()
        normalise(event)


def test_arity() -> None:
    expected = {"getpid": 0, "close": 1, "open": 3, "read": 3, "openat": 4, "mmap": 6, "futex": 6}
    assert {name: arguments(NUMBERS[name]) for name in expected} == expected
    assert arguments(0xFFFF) == 6


def test_time_quirks_and_leftovers_do_not_count() -> None:
    left = collect(
        TraceEvent(layout.TRACE_BOOT, 0, 0, 1, (1,) * 6),
        enter("close", 3, 111, tsc=5),
        TraceEvent(layout.TRACE_EXCEPTION, 14, 1, 6, (1,) * 6),
        TraceEvent(layout.TRACE_HYPERCALL, 7, 0, 7, (1,) * 6),
        leave("close", 0, tsc=8),
        leave("times", 123),
    )
    right = collect(enter("close", 3, 222), leave("close", 0), leave("times", 456))
    assert first_difference(left, right) is None


def test_threads_may_interleave_differently() -> None:
    one = [enter("read", 0, tid=1), enter("close", 1, tid=2)]
    assert first_difference(collect(*one), collect(*reversed(one))) is None


def test_first_difference_and_its_text() -> None:
    common = [enter("close", number) for number in range(10)]
    found = first_difference(
        collect(*common, leave("close", 0), enter("getpid")),
        collect(*common, leave("close", -9), enter("getpid")),
        context=2,
    )
    assert found is not None and found.position == 10
    assert render(found, "kvm", "emu").splitlines() == [
        "thread 1 differs after 10 events:",
        "      [1] close(0x8)",
        "      [1] close(0x9)",
        "  kvm [1] close = 0",
        "  emu [1] close = -9",
    ]


def test_a_replay_has_the_order_the_requests_and_the_times_of_the_run() -> None:
    """Only what follows from the CPU does not count."""
    asked = TraceEvent(layout.TRACE_HYPERCALL, 0x20, 0, 7, (1,) * 6)
    fault = TraceEvent(layout.TRACE_EXCEPTION, 14, 1, 6, (1,) * 6)
    run = [enter("times", 0, 9), leave("times", 123), asked, enter("getpid", tid=2)]
    assert first_departure(follow(*run), follow(enter("times", 0, 8), fault, *run[1:])) is None
    for other in ([*run[:1], leave("times", 124), *run[2:]], [*run[:2], *run[3:]],
                  [run[0], run[1], run[3], run[2]], run[:3]):  # fmt: skip
        found = first_departure(follow(*run), follow(*other))
        assert found is not None and found.tid is None
        assert found.before == tuple(follow(*run[: found.position]).steps)
    assert render(found, "run", "replay").splitlines() == [
        "the guest differs after 3 events:",
        "         [1] times(0x0)",
        "         [1] times = 123",
        "         FS_WALK(0x1, 0x1, 0x1, 0x1) = 1",
        "  run    [2] getpid()",
        "  replay (nothing more)",
    ]
    assert first_departure(follow(*run), follow(*run, limit=2)) is None


def test_a_missing_end_is_a_difference_unless_the_run_was_cut() -> None:
    events = [enter("close", 1), enter("close", 2)]
    found = first_difference(collect(*events), collect(events[0]))
    assert found is not None and found.right is None
    assert "(nothing more)" in render(found, "a", "b")
    assert first_difference(collect(*events), collect(*events, limit=1)) is None
    assert first_difference(collect(), collect(events[0])) is not None


def test_how_a_temporary_file_is_named_does_not_count() -> None:
    """But other randomness does."""
    asked = collect(enter("getrandom", 4096, 8, 1), leave("getrandom", 8), enter("getpid"))
    assert asked.threads == collect(enter("getpid")).threads
    other = collect(enter("getrandom", 4096, 16, 1), leave("getrandom", 16), enter("getpid"))
    assert other.count == 3


def test_what_a_futex_operation_ignores_does_not_count() -> None:
    """FUTEX_WAKE_PRIVATE has three arguments, FUTEX_CMP_REQUEUE six."""
    assert normalise(enter("futex", 4096, 0x81, 1, 7, 8, 9)) == normalise(
        enter("futex", 4096, 0x81, 1)
    )
    assert normalise(enter("futex", 4096, 0x81, 1)) != normalise(enter("futex", 4096, 0x81, 2))
    assert normalise(enter("futex", 4096, 4, 1, 7, 8, 9)) != normalise(
        enter("futex", 4096, 4, 1, 7, 8, 0)
    )

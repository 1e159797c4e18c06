"""Events as a Chrome trace."""

import json

from nanvix.abi import layout
from nanvix.machine.trace_ring import TraceEvent
from nanvix.trace.chrome import chrome_trace

READ, PAUSE = 0, 34


def event(kind: int, code: int, *args: int, tid: int = 1) -> TraceEvent:
    return TraceEvent(kind, code, tid, 0, (*args, *[0] * (6 - len(args))))


def test_a_call_and_its_return_are_one_row_with_a_duration() -> None:
    rows = chrome_trace(
        [
            (1000, event(layout.TRACE_SYSCALL_ENTER, READ, 3, 0x1000, 16)),
            (4000, event(layout.TRACE_SYSCALL_EXIT, READ, (1 << 64) - 11)),
        ]
    )["traceEvents"]
    assert [(row["name"], row["ph"], row["ts"], row["dur"]) for row in rows] == [
        ("read", "X", 1.0, 3.0)
    ]
    assert rows[0]["args"] == {"args": ["0x3", "0x1000", "0x10"], "result": -11}


def test_calls_of_two_threads_do_not_mix() -> None:
    rows = chrome_trace(
        [
            (1, event(layout.TRACE_SYSCALL_ENTER, PAUSE, tid=1)),
            (2, event(layout.TRACE_SYSCALL_ENTER, READ, tid=2)),
            (3, event(layout.TRACE_SYSCALL_EXIT, READ, 5, tid=2)),
        ]
    )["traceEvents"]
    assert [(row["name"], row["ph"], row["tid"]) for row in rows] == [
        ("pause", "i", 1),
        ("read", "X", 2),
    ]


def test_everything_else_is_an_instant_and_all_of_it_is_json() -> None:
    kinds = (layout.TRACE_BOOT, layout.TRACE_EXCEPTION, layout.TRACE_SIGNAL, layout.TRACE_HYPERCALL)
    trace = chrome_trace((i, event(kind, 1)) for i, kind in enumerate(kinds))
    assert [row["ph"] for row in trace["traceEvents"]] == ["i"] * 4
    assert json.loads(json.dumps(trace)) == trace

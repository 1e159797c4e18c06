"""The event stream in Chrome's trace format, which Perfetto and chrome://tracing show.

Format: "Trace Event Format" (Google, public document): ``X`` is a complete event with a duration,
``i`` an instant. The unit of time is the microsecond; here one instruction counts as a nanosecond.
"""

from collections.abc import Iterable
from typing import Any

from nanvix.abi import layout
from nanvix.machine.arity import arguments
from nanvix.machine.describe import KINDS, describe, op_name, signed, syscall_name
from nanvix.machine.trace_ring import TraceEvent

_HOST = 0
"""Hypercalls are served by the host and have a row of their own."""


def chrome_trace(events: Iterable[tuple[int, TraceEvent]]) -> dict[str, Any]:
    """One JSON object for (moment, event) pairs in order; a call without a return is an instant."""
    rows: list[dict[str, Any]] = []
    entered: dict[int, dict[str, Any]] = {}
    for moment, event in events:
        at = moment / 1000
        if event.kind == layout.TRACE_SYSCALL_ENTER:
            row = _row(syscall_name(event.code), "i", at, event.tid)
            row["args"] = {"args": [hex(a) for a in event.args[: arguments(event.code)]]}
            entered[event.tid] = row
            rows.append(row)
        elif event.kind == layout.TRACE_SYSCALL_EXIT:
            row = entered.pop(event.tid, {}) or _row(syscall_name(event.code), "i", at, event.tid)
            row["ph"], row["dur"] = "X", at - row["ts"]
            row.setdefault("args", {})["result"] = signed(event.args[0])
        elif event.kind == layout.TRACE_HYPERCALL:
            row = _row(op_name(event.code), "i", at, _HOST)
            row["args"] = {"bytes": event.args[4], "result": signed(event.args[5])}
            rows.append(row)
        else:
            row = _row(KINDS.get(event.kind, str(event.kind)), "i", at, event.tid)
            row["args"] = {"text": describe(event)}
            rows.append(row)
    return {"traceEvents": rows, "displayTimeUnit": "ns"}


def _row(name: str, phase: str, at: float, tid: int) -> dict[str, Any]:
    row: dict[str, Any] = {"name": name, "ph": phase, "ts": at, "pid": 1, "tid": tid}
    if phase == "i":
        row["s"] = "t"
    return row

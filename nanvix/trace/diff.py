"""The first difference between two runs, thread by thread, with what led to it."""

from typing import NamedTuple

from nanvix.machine.describe import describe
from nanvix.machine.trace_ring import TraceEvent
from nanvix.trace.normalise import Collector, Step


class Difference(NamedTuple):
    """Thread ``tid`` agrees in ``position`` steps and then does ``left`` or ``right`` (None:
    nothing more). ``before`` are the last common steps."""

    tid: int
    position: int
    before: tuple[Step, ...]
    left: Step | None
    right: Step | None


def first_difference(left: Collector, right: Collector, context: int = 5) -> Difference | None:
    """Where the lowest-numbered thread that differs departs; None when the runs agree.

    Of a run that was truncated only the common beginning is compared.
    """
    partial = left.truncated or right.truncated
    for tid in sorted(left.threads.keys() | right.threads.keys()):
        ours, theirs = left.threads.get(tid, []), right.threads.get(tid, [])
        shared = min(len(ours), len(theirs))
        position = next((i for i in range(shared) if ours[i] != theirs[i]), shared)
        if position == shared and (partial or len(ours) == len(theirs)):
            continue
        return Difference(
            tid,
            position,
            tuple(ours[max(0, position - context) : position]),
            ours[position] if position < len(ours) else None,
            theirs[position] if position < len(theirs) else None,
        )
    return None


def render(difference: Difference, left_name: str, right_name: str) -> str:
    """The difference as text, lines without a trailing newline."""
    tid = difference.tid
    width = max(len(left_name), len(right_name))
    lines = [f"thread {tid} differs after {difference.position} events:"]
    lines += [f"  {'':{width}} {_line(tid, step)}" for step in difference.before]
    lines.append(f"  {left_name:{width}} {_line(tid, difference.left)}")
    lines.append(f"  {right_name:{width}} {_line(tid, difference.right)}")
    return "\n".join(lines)


def _line(tid: int, step: Step | None) -> str:
    if step is None:
        return f"[{tid}] (nothing more)"
    filled = step.args + (0,) * (6 - len(step.args))
    return describe(TraceEvent(step.kind, step.code, tid, 0, filled))

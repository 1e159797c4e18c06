"""The first difference between two runs, with what led to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nanvix.machine.describe import describe
from nanvix.machine.trace_ring import TraceEvent
from nanvix.named import NamedTuple

if TYPE_CHECKING:
    from nanvix.trace.normalise import Collector, Course, Step


class Difference(NamedTuple):
    """Thread ``tid`` (None: the guest) agrees in ``position`` steps and then does ``left`` or
    ``right`` (None: nothing more). ``before`` are the last common steps."""

    tid: int | None
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
        found = _departure(tid, ours, theirs, partial, context)
        if found is not None:
            return found
    return None


def first_departure(recorded: Course, replayed: Course, context: int = 10) -> Difference | None:
    """The same for a run and the replay of its recording, whose threads take turns alike."""
    partial = recorded.truncated or replayed.truncated
    return _departure(None, recorded.steps, replayed.steps, partial, context)


def _departure(
    tid: int | None, ours: list[Step], theirs: list[Step], partial: bool, context: int
) -> Difference | None:
    shared = min(len(ours), len(theirs))
    position = next((i for i in range(shared) if ours[i] != theirs[i]), shared)
    if position == shared and (partial or len(ours) == len(theirs)):
        return None
    return Difference(
        tid,
        position,
        tuple(ours[max(0, position - context) : position]),
        ours[position] if position < len(ours) else None,
        theirs[position] if position < len(theirs) else None,
    )


def render(difference: Difference, left_name: str, right_name: str) -> str:
    """The difference as text, lines without a trailing newline."""
    tid = difference.tid
    width = max(len(left_name), len(right_name))
    who = "the guest" if tid is None else f"thread {tid}"
    lines = [f"{who} differs after {difference.position} events:"]
    lines += [f"  {'':{width}} {_line(tid, step)}" for step in difference.before]
    lines.append(f"  {left_name:{width}} {_line(tid, difference.left)}")
    lines.append(f"  {right_name:{width}} {_line(tid, difference.right)}")
    return "\n".join(lines)


def _line(tid: int | None, step: Step | None) -> str:
    if step is None:
        return "(nothing more)" if tid is None else f"[{tid}] (nothing more)"
    filled = step.args + (0,) * (6 - len(step.args))
    return describe(TraceEvent(step.kind, step.code, step.tid, 0, filled))

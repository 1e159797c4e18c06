"""A recorded run beside its replay, event by event: the same input on two backends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nanvix.named import NamedTuple
from nanvix.replay.session import replay
from nanvix.trace.diff import Difference, first_departure
from nanvix.trace.normalise import Course

if TYPE_CHECKING:
    from nanvix.result import Result
    from nanvix.trace.recording import Recording


class Comparison(NamedTuple):
    """``replayed``: how the replay ended. ``difference``: the first event that differs, if any.
    ``events``: how many were compared. ``partial``: there were more."""

    replayed: Result
    difference: Difference | None
    events: int
    partial: bool

    @property
    def equal(self) -> bool:
        """Whether the replay did all that the recorded run did, and nothing else."""
        return self.difference is None and self.replayed.reason != "diverged"


def compare(recording: Recording, recorded: Course, timeout: float | None = None) -> Comparison:
    """Replay ``recording`` and compare it with what was heard while it was made.

    Raises RecordingError when it is not for this nanvix.
    """
    course = Course()
    result = replay(recording, timeout=timeout, events=course)
    partial = recorded.truncated or course.truncated
    difference = first_departure(recorded, course)
    return Comparison(result, difference, len(course.steps), partial)

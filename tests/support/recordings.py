"""For tests of recordings from KVM, where chance has a say in when an interrupt comes."""

import functools
from collections.abc import Callable

from nanvix.replay import RecordingError

MISPLACED = "expected interrupt"


class Disturbed(Exception):
    """An interrupt came where only the host's CPU gets to: the replay says so and cannot go on."""


def undisturbed(test: Callable[..., None]) -> Callable[..., None]:
    """Such a recording is made again, a few times: on a busy host it may happen."""

    @functools.wraps(test)
    def patient(*arguments: object, **named: object) -> None:
        for _ in range(3):
            try:
                return test(*arguments, **named)
            except (Disturbed, RecordingError) as error:
                if MISPLACED not in str(error):
                    raise
                last = error
        raise last

    return patient

"""A wall-clock limit for a guest that may never come back by itself."""

from __future__ import annotations

import _thread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self

# The threading module would cost more to import than the rest of the run loop.


class Watchdog:
    """A context in which ``action`` runs, on a thread of its own, after ``seconds``.

    None: never, and no thread is started. ``action`` does not run once the context is left.
    """

    __slots__ = ("_action", "_left", "_over", "_seconds", "_wake")

    def __init__(self, seconds: float | None, action: Callable[[], None]) -> None:
        self._seconds = seconds
        self._action = action
        self._over = _thread.allocate_lock()
        self._wake = _thread.allocate_lock()
        self._left = False

    def __enter__(self) -> Self:
        if self._seconds is not None:
            self._wake.acquire()
            _thread.start_new_thread(self._watch, (max(0.0, self._seconds),))
        return self

    def __exit__(self, *_: object) -> None:
        if self._seconds is not None:
            with self._over:
                self._left = True
            self._wake.release()

    def _watch(self, seconds: float) -> None:
        if self._wake.acquire(timeout=min(seconds, _thread.TIMEOUT_MAX)):
            return
        with self._over:
            if not self._left:
                self._action()

"""A file written by a thread of its own while the guest runs."""

from collections import deque
from collections.abc import Callable
from threading import Condition, Thread

_WAITING = 16
"""Most jobs that may wait: as long as a disk keeps up, a guest does not notice it."""


class Writer:
    """Does jobs that write one file, in order. After the first OSError, which is kept in ``error``,
    no other is done."""

    def __init__(self) -> None:
        self.error: OSError | None = None
        self._jobs: deque[Callable[[], object] | None] = deque()
        self._change = Condition()
        self._thread = Thread(target=self._work, name="recording", daemon=True)
        self._thread.start()

    def put(self, job: Callable[[], object]) -> None:
        """Have it done soon; waits while too many others wait."""
        with self._change:
            while len(self._jobs) >= _WAITING and self.error is None:
                self._change.wait()
            self._jobs.append(job)
            self._change.notify_all()

    def close(self) -> None:
        """Return when all has been done, and end the thread; idempotent."""
        with self._change:
            self._jobs.append(None)
            self._change.notify_all()
        self._thread.join()

    def _work(self) -> None:
        from signal import SIG_BLOCK, pthread_sigmask, valid_signals

        # They are for the thread that runs the guest: here they would not interrupt it.
        pthread_sigmask(SIG_BLOCK, valid_signals())
        while True:
            with self._change:
                while not self._jobs:
                    self._change.wait()
                job = self._jobs.popleft()
                self._change.notify_all()
            if job is None:
                return
            if self.error is None:
                try:
                    job()
                except OSError as error:
                    self.error = error

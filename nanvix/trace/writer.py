"""A file written by a thread of its own while the guest runs."""

from _thread import LockType, allocate_lock, start_new_thread  # importing threading takes 1 ms
from collections import deque
from collections.abc import Callable

_WAITING = 16
"""Most jobs that may wait: as long as a disk keeps up, a guest does not notice it."""


class Writer:
    """Does jobs that write one file, in order. After the first OSError, which is kept in ``error``,
    no other is done. One thread may :meth:`put` them."""

    def __init__(self) -> None:
        self.error: OSError | None = None
        self._jobs: deque[Callable[[], object] | None] = deque()
        # Each is held by who waits, until the other side lets it go.
        self._more, self._fewer, self._ended = allocate_lock(), allocate_lock(), allocate_lock()
        for lock in (self._more, self._fewer, self._ended):
            lock.acquire()
        self._closed = False
        start_new_thread(self._run, ())

    def put(self, job: Callable[[], object]) -> None:
        """Have it done soon; waits while too many others wait."""
        while len(self._jobs) >= _WAITING and self.error is None:
            self._fewer.acquire()
        self._jobs.append(job)
        _wake(self._more)

    def close(self) -> None:
        """Return when all has been done, and end the thread; idempotent."""
        if not self._closed:
            self._closed = True
            self._jobs.append(None)
            _wake(self._more)
            self._ended.acquire()

    def _run(self) -> None:
        try:
            self._work()
        finally:
            self._ended.release()

    def _work(self) -> None:
        from signal import SIG_BLOCK, pthread_sigmask, valid_signals

        # They are for the thread that runs the guest: here they would not interrupt it.
        pthread_sigmask(SIG_BLOCK, valid_signals())
        while True:
            while not self._jobs:
                self._more.acquire()
            job = self._jobs.popleft()
            _wake(self._fewer)
            if job is None:
                return
            if self.error is None:
                try:
                    job()
                except OSError as error:
                    self.error = error


def _wake(lock: LockType) -> None:
    """Let go of the lock for who waits for it, or will."""
    try:
        lock.release()
    except RuntimeError:
        pass  # it was let go before, and nobody has come since

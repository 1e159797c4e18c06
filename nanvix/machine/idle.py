"""Waiting: what a guest with nothing to run waits for, and how to wait for it.

A parked guest is a :class:`Wait`: descriptors and a deadline. Who blocks on it is free: the
simple driver calls :meth:`Wait.block`, an event loop watches the same descriptors instead.
"""

from __future__ import annotations

import os
import select
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nanvix.abi.call import Watch, WatchTable
    from nanvix.machine.backend import Backend
    from nanvix.machine.clock import GuestClock

_MILLISECOND = 1_000_000
_ALWAYS = select.POLLERR | select.POLLHUP | select.POLLNVAL if hasattr(select, "POLLERR") else 0


class Waker:
    """A descriptor that turns readable on :meth:`wake`, from any thread or signal handler."""

    __slots__ = ("fd",)

    def __init__(self) -> None:
        self.fd = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)

    def wake(self) -> None:
        """Make it readable; harmless after close."""
        if self.fd >= 0:
            os.eventfd_write(self.fd, 1)

    def clear(self) -> None:
        """Make it unreadable again."""
        try:
            os.eventfd_read(self.fd)
        except BlockingIOError:
            pass

    def close(self) -> None:
        """Idempotent."""
        if self.fd >= 0:
            fd, self.fd = self.fd, -1
            os.close(fd)


class Wait:
    """``fds``: descriptor to poll(2) bits. ``deadline_ns``: on time.monotonic_ns(), or None."""

    __slots__ = ("deadline_ns", "fds")

    def __init__(self, fds: dict[int, int], deadline_ns: int | None) -> None:
        self.fds = fds
        self.deadline_ns = deadline_ns

    def block(self) -> None:
        """Return when a descriptor is ready or the deadline has come, or a little before."""
        poller = select.poll()
        for fd, bits in self.fds.items():
            poller.register(fd, bits)
        if self.deadline_ns is None:
            poller.poll()
            return
        left = self.deadline_ns - time.monotonic_ns()
        # poll(2) counts in milliseconds; the rest is slept so that short sleeps stay short.
        if left >= _MILLISECOND:
            poller.poll(left // _MILLISECOND)
        elif left > 0:
            time.sleep(left / 1e9)


def ready(table: WatchTable) -> list[tuple[Watch, int]]:
    """The watches whose descriptor shows something now, with the poll(2) bits it shows."""
    wanted: dict[int, int] = {}
    for watch in table.pending.values():
        wanted[watch.fd] = wanted.get(watch.fd, 0) | watch.events
    poller = select.poll()
    for fd, bits in wanted.items():
        poller.register(fd, bits & 0xFFFF)
    shown = dict(poller.poll(0))
    if not shown:
        return []
    hits = ((w, shown.get(w.fd, 0) & (w.events | _ALWAYS)) for w in table.pending.values())
    return [(watch, bits) for watch, bits in hits if bits]


class Idle:
    """The state between OP_IDLE and the guest's next instruction.

    On a virtual clock the time slept is added to the guest's, exactly up to the deadline when
    that is what ended the sleep; a wait that never blocked adds nothing.
    """

    __slots__ = ("_backend", "_clock", "_deadline", "_guest_ns", "_host_ns", "active")

    def __init__(self, backend: Backend, clock: GuestClock) -> None:
        self._backend = backend
        self._clock = clock
        self._deadline: int | None = None
        self._guest_ns = 0
        self._host_ns: int | None = None
        self.active = False

    def begin(self, deadline: int | None) -> None:
        """The guest asks to sleep until ``deadline`` (guest monotonic ns) or an event."""
        self.active = True
        self._deadline = deadline
        self._host_ns = None

    def expired(self) -> bool:
        """Whether the deadline has come; ends the sleep if so."""
        if self._deadline is None:
            self._mark()
            return False
        if self._host_ns is None:
            self._mark()
            done = self._guest_ns >= self._deadline
        else:
            done = time.monotonic_ns() - self._host_ns >= self._deadline - self._guest_ns
            if done:
                self._backend.skip_to(self._clock.tsc(self._deadline))
        self.active = not done
        return done

    def interrupt(self) -> None:
        """An event ends the sleep."""
        self.active = False
        if self._host_ns is None:
            return
        now = self._guest_ns + time.monotonic_ns() - self._host_ns
        if self._deadline is not None:
            now = min(now, self._deadline)
        self._backend.skip_to(self._clock.tsc(now))

    def resume(self, tsc: int) -> None:
        """End the sleep with the counter at ``tsc``, as it did the first time."""
        self.active = False
        self._backend.skip_to(tsc)

    def save(self) -> tuple[bool, int | None, int, int | None]:
        """Whether the guest sleeps, until when, since when (guest ns), and for how long (ns)."""
        slept = None if self._host_ns is None else time.monotonic_ns() - self._host_ns
        return self.active, self._deadline, self._guest_ns, slept

    def load(self, saved: tuple[bool, int | None, int, int | None]) -> None:
        """Take over what :meth:`save` gave."""
        self.active, self._deadline, self._guest_ns, slept = saved
        self._host_ns = None if slept is None else time.monotonic_ns() - slept

    def wait(self, table: WatchTable, waker: Waker) -> Wait:
        """What ends the sleep. Only after :meth:`expired` has said no."""
        fds = {waker.fd: 1}
        for watch in table.pending.values():
            fds[watch.fd] = fds.get(watch.fd, 0) | watch.events & 0xFFFF
        if self._deadline is None or self._host_ns is None:
            return Wait(fds, None)
        return Wait(fds, self._host_ns + self._deadline - self._guest_ns)

    def _mark(self) -> None:
        if self._host_ns is None:
            self._host_ns = time.monotonic_ns()
            self._guest_ns = self._clock.ns(self._backend.tsc())

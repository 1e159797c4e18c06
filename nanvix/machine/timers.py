"""The one backend timer, shared by the guest's deadline, the polling of watches and the journal."""

from __future__ import annotations

from nanvix.abi.layout import VECTOR_TIMER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from nanvix.machine.backend import Backend
    from nanvix.machine.clock import GuestClock

_POLLS_PER_SECOND = 100


class Timers:
    """Deadlines in counter ticks; the backend is armed with the earliest."""

    __slots__ = (
        "_arrival", "_backend", "_clock", "_guest", "_patience", "_poll", "_poll_ticks", "inject",
        "lose_patience",
    )  # fmt: skip

    def __init__(self, backend: Backend, clock: GuestClock) -> None:
        self._backend = backend
        self._clock = clock
        self._guest: int | None = None
        self._poll: int | None = None
        self._arrival: int | None = None
        self._patience: int | None = None
        self._poll_ticks = backend.tsc_hz // _POLLS_PER_SECOND
        self.inject: Callable[[int], None] = backend.inject
        self.lose_patience: Callable[[], None] = _nothing

    def set_guest(self, deadline_ns: int | None) -> None:
        """The guest wants VECTOR_TIMER at a time on its monotonic clock; None cancels."""
        self._guest = None if deadline_ns is None else self._clock.tsc(deadline_ns)
        self._arm()

    def poll_soon(self) -> None:
        """Come back to the host within 10 ms even if the guest keeps computing."""
        if self._poll is None:
            self._poll = self._backend.tsc() + self._poll_ticks
            self._arm()

    def be_patient(self, yes: bool = True) -> None:
        """Call ``lose_patience`` in 10 ms; or not."""
        self._patience = self._backend.tsc() + self._poll_ticks if yes else None
        self._arm()

    def look_again(self) -> None:
        """The same within 1 ms: for one who waits for a certain moment."""
        soon = self._backend.tsc() + self._poll_ticks // 10
        if self._poll is None or soon < self._poll:
            self._poll = soon
            self._arm()

    def fired(self) -> bool:
        """Exit.TIMER: inject what is due; True when it is time to look at the watches."""
        now = self._backend.tsc()
        if self._guest is not None and now >= self._guest:
            self._guest = None
            self.inject(VECTOR_TIMER)
        if self._patience is not None and now >= self._patience:
            self._patience = None
            self.lose_patience()
        polls = self._poll is not None and now >= self._poll
        if polls:
            self._poll = None
        if self._arrival is not None and now >= self._arrival:
            self._arrival = None
        self._arm()
        return polls

    def set_arrival(self, tsc: int | None) -> None:
        """Come back exactly at ``tsc``, where the journal has something to repeat."""
        if tsc != self._arrival:
            self._arrival = tsc
            self._arm()

    def save(self) -> tuple[int | None, int | None]:
        """The guest's deadline and that of polling, in counter ticks."""
        return self._guest, self._poll

    def load(self, saved: tuple[int | None, int | None]) -> None:
        """Take over what :meth:`save` gave."""
        self._guest, self._poll = saved
        self._arrival = None
        self._arm()

    def _arm(self) -> None:
        deadlines = (self._guest, self._poll, self._arrival, self._patience)
        self._backend.set_timer(min((d for d in deadlines if d is not None), default=None))


def _nothing() -> None:
    pass

"""One validated hypercall as a service sees it, and what a service may wait for.

Services never see guest memory: the channel has turned the request's segments into views
whose every byte is inside RAM, in arrays whose length is bounded.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Handler = Callable[["Call"], int]
    """Serves one op: the result (>= 0) or a negative errno. OSError becomes its errno; any
    other exception becomes EIO in the channel and is counted as a bug of ours."""


class Call:
    """A decoded request. ``arg``: six u64. ``inputs``/``outputs``: views of guest memory in
    segment order. ``out``: seven u64 the service may fill in."""

    __slots__ = ("arg", "cookie", "inputs", "op", "out", "outputs")

    def __init__(
        self,
        op: int,
        arg: tuple[int, ...],
        inputs: list[memoryview],
        outputs: list[memoryview],
        cookie: int = 0,
    ) -> None:
        self.op = op
        self.arg = arg
        self.inputs = inputs
        self.outputs = outputs
        self.cookie = cookie
        self.out = [0] * 7


class Watch:
    """A one-shot wish: tell the guest once when ``fd`` shows one of ``events`` (poll bits)."""

    __slots__ = ("cookie", "events", "fd")

    def __init__(self, fd: int, events: int, cookie: int) -> None:
        self.fd = fd
        self.events = events
        self.cookie = cookie


class WatchTable:
    """The pending watches of one VM; bounded, keyed by the guest's cookie.

    ``ending``: the VM is to end soon, so a service that waits for the host stops waiting.
    """

    LIMIT = 4096

    def __init__(self) -> None:
        self.pending: dict[int, Watch] = {}
        self.ending = False

    def add(self, watch: Watch) -> bool:
        """Register or replace the watch of this cookie; False when the table is full."""
        if watch.cookie not in self.pending and len(self.pending) >= self.LIMIT:
            return False
        self.pending[watch.cookie] = watch
        return True

    def drop(self, cookie: int) -> None:
        """Forget a watch; unknown cookies are fine."""
        self.pending.pop(cookie, None)

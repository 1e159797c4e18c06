"""The host sockets of one VM: bounded, by number, never blocking, and what they are watched for."""

import resource
import select
import socket
from errno import EBADF, ENFILE
from typing import TYPE_CHECKING

from nanvix.abi.call import Call, Watch, WatchTable
from nanvix.abi.network import NET_SOCKETS

if TYPE_CHECKING:
    from nanvix.policy.egress import Address

_WATCHABLE = select.POLLIN | select.POLLPRI | select.POLLOUT | select.POLLRDHUP
_TROUBLE = select.POLLERR | select.POLLHUP


class HostSocket:
    """One socket. ``datagrams``: it is UDP; ``published``: the guest's port it listens for;
    ``heard``: who has sent to that, and may be answered; ``cookie``: by which the guest hears of
    it."""

    __slots__ = ("cookie", "datagrams", "heard", "published", "socket")

    def __init__(
        self, sock: socket.socket, *, datagrams: bool = False, published: int | None = None
    ) -> None:
        sock.setblocking(False)
        self.socket = sock
        self.cookie: int | None = None
        self.datagrams = datagrams
        self.heard: dict[tuple[Address, int], None] = {}
        self.published = published


class Sockets:
    """The table. Numbers start at 1 and are never used twice."""

    __slots__ = ("_by_number", "_limit", "_next", "_watches")

    def __init__(self, watches: WatchTable) -> None:
        soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        self._limit = NET_SOCKETS if soft < 0 else min(NET_SOCKETS, max(soft // 8, 16))
        self._by_number: dict[int, HostSocket] = {}
        self._next = 1
        self._watches = watches

    def require_room(self) -> None:
        """ENFILE when not one more fits: ask before making one."""
        if len(self._by_number) >= self._limit:
            raise OSError(ENFILE, "too many sockets")

    def add(self, entry: HostSocket) -> int:
        """The number of a new socket."""
        number = self._next
        self._next += 1
        self._by_number[number] = entry
        return number

    def get(self, number: int) -> HostSocket:
        """EBADF when there is none of this number."""
        try:
            return self._by_number[number]
        except KeyError:
            raise OSError(EBADF, "no such socket") from None

    def watch(self, call: Call, entry: HostSocket, bits: int) -> None:
        """Tell in out0 which of the poll ``bits`` are true, and watch for the others.

        One that is in trouble is not watched: it will not become any other.
        """
        bits &= _WATCHABLE
        fd = entry.socket.fileno()
        poller = select.poll()
        poller.register(fd, bits)
        shown = poller.poll(0)
        now = shown[0][1] if shown else 0
        call.out[0] = now
        missing = bits & ~now
        if entry.cookie is not None and entry.cookie != call.cookie:
            self._watches.drop(entry.cookie)
        entry.cookie = call.cookie
        if missing and not now & _TROUBLE:
            self._watches.add(Watch(fd, missing, call.cookie))
        else:
            self._watches.drop(call.cookie)

    def remove(self, number: int) -> HostSocket:
        """Take one out of the table; closing it is the caller's."""
        entry = self.get(number)
        del self._by_number[number]
        if entry.cookie is not None:
            self._watches.drop(entry.cookie)
        return entry

    def close(self) -> None:
        """Close them all; idempotent."""
        for number in list(self._by_number):
            self.remove(number).socket.close()

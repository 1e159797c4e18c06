"""The guest's name server: asks the host's resolver, for names that the policy allows.

It is a UDP socket on the host's loopback and a few threads, because getaddrinfo(3) waits. What a
name has resolved to holds as long as the VM lives: the guest cannot be led elsewhere later.
"""

import socket
import threading
from contextlib import suppress
from errno import ENOSPC
from ipaddress import ip_address

from nanvix.macro.net import dns
from nanvix.macro.net.addresses import LOOPBACK_V4, seen_by_guest
from nanvix.policy.egress import Address, Egress

_WORKERS = 4
_QUERY_MAX = 1500
_NAMES_MAX = 4096
_NO_SUCH_NAME = (socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME))


class Resolver:
    """Starts with the first question. Names it does not allow do not exist."""

    __slots__ = ("_granting", "_known", "_policy", "_socket")

    def __init__(self, policy: Egress) -> None:
        self._policy = policy
        self._known: dict[str, list[Address]] = {}
        self._granting = threading.Lock()
        self._socket: socket.socket | None = None

    @property
    def started(self) -> bool:
        """Whether anybody has asked yet."""
        return self._socket is not None

    def where(self) -> tuple[Address, int]:
        """Its address on the host; starts it."""
        if self._socket is None:
            self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self._socket.bind((str(LOOPBACK_V4), 0))
            for _ in range(_WORKERS):
                threading.Thread(target=self._work, args=(self._socket,), daemon=True).start()
        port: int = self._socket.getsockname()[1]
        return LOOPBACK_V4, port

    def close(self) -> None:
        """End it; a worker that waits for the host's resolver ends when it has its answer."""
        if self._socket is None:
            return
        with suppress(OSError):
            # Not connected, which is an error; but who waits in recvfrom(2) returns.
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def answer(self, message: bytes) -> bytes | None:
        """The reply to a message; None to what is no question."""
        query = dns.parse(message)
        if query is None:
            return None
        if not self._policy.allows_name(query.name):
            return dns.reply(query, dns.NAME_ERROR)
        if query.kind not in (dns.A, dns.AAAA):
            return dns.reply(query, dns.NO_ERROR)
        try:
            addresses = self._addresses(query.name.lower())
        except socket.gaierror as error:
            missing = error.errno in _NO_SUCH_NAME
            return dns.reply(query, dns.NAME_ERROR if missing else dns.SERVER_FAILURE)
        except (OSError, UnicodeError):
            return dns.reply(query, dns.SERVER_FAILURE)
        if not addresses:
            return dns.reply(query, dns.NAME_ERROR)
        return dns.reply(query, dns.NO_ERROR, addresses)

    def _addresses(self, name: str) -> list[Address]:
        """What the guest may know of a name."""
        if name in self._known:
            return self._known[name]
        found = socket.getaddrinfo(name, None, type=socket.SOCK_DGRAM)
        addresses = [ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
        with self._granting:
            # Of two workers that have asked at the same time the first is right.
            if name not in self._known:
                if len(self._known) >= _NAMES_MAX:
                    raise OSError(ENOSPC, "more names than are remembered")
                pinned = self._policy.pin(name, addresses)
                self._known[name] = [seen_by_guest(address) for address in pinned]
            return self._known[name]

    def _work(self, sock: socket.socket) -> None:
        while True:
            try:
                message, sender = sock.recvfrom(_QUERY_MAX)
                if not sender:
                    return
                answer = self.answer(message)
                if answer is not None:
                    sock.sendto(answer, sender)
            except OSError:
                if sock.fileno() < 0:
                    return

"""Ports of the host that lead into the guest: bound before it starts, listening while it does."""

from __future__ import annotations

import ctypes
import ipaddress
import socket
from errno import ENOENT
from typing import TYPE_CHECKING

from nanvix.errors import NanvixError, UsageError
from nanvix.named import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable


_SOCKADDR_SIZE = 16


class Published(NamedTuple):
    """``address``:``host_port`` of the host leads to ``guest_port``; ``udp`` or TCP."""

    address: str
    host_port: int
    guest_port: int
    udp: bool = False


def parse_port(text: str) -> Published:
    """``[ADDRESS:]HOSTPORT:GUESTPORT[/tcp|/udp]``, the address by default 127.0.0.1; UsageError."""
    rest, slash, kind = text.partition("/")
    address, host, guest = "127.0.0.1", *_last_two(rest)
    if rest.count(":") > 1:
        address = rest[: -len(host) - len(guest) - 2]
    try:
        address = str(ipaddress.ip_address(address.removeprefix("[").removesuffix("]")))
        ports = [int(port) for port in (host, guest) if port.isascii() and port.isdigit()]
        if len(ports) != 2 or not all(0 < port < 65_536 for port in ports):
            raise ValueError(text)
        if slash and kind not in ("tcp", "udp"):
            raise ValueError(text)
    except ValueError:
        raise UsageError(f"-p {text}: expected [ADDRESS:]HOSTPORT:GUESTPORT[/udp]") from None
    return Published(address, ports[0], ports[1], kind == "udp")


class Ports:
    """The host's ends. One socket per port stays bound as long as the VM lives."""

    __slots__ = ("_bound", "_listeners")

    def __init__(self, ports: Iterable[Published]) -> None:
        """Raises NanvixError, with the port, when one cannot be had."""
        self._bound: dict[tuple[int, bool], socket.socket] = {}
        self._listeners: dict[int, int] = {}
        try:
            for port in ports:
                if (port.guest_port, port.udp) in self._bound:
                    raise UsageError(f"two ports lead to the guest's port {port.guest_port}")
                self._bound[port.guest_port, port.udp] = _bind(port)
        except BaseException:
            self.close()
            raise

    def listen(self, guest_port: int, backlog: int) -> socket.socket:
        """A descriptor of its own for a listener of the guest; ENOENT when nothing leads there."""
        bound = self._find(guest_port, udp=False)
        _listen(bound, backlog)
        self._listeners[guest_port] = self._listeners.get(guest_port, 0) + 1
        return bound.dup()

    def stop_listening(self, guest_port: int) -> None:
        """One listener less; without any the host refuses connections again."""
        self._listeners[guest_port] -= 1
        if not self._listeners[guest_port]:
            _rest(self._bound[guest_port, False])

    def datagrams(self, guest_port: int) -> socket.socket | None:
        """A descriptor of the UDP port that leads there, if one does."""
        bound = self._bound.get((guest_port, True))
        if bound is None:
            return None
        _leave_peer(bound)
        return bound.dup()

    def close(self) -> None:
        """Give all ports back; idempotent."""
        while self._bound:
            self._bound.popitem()[1].close()

    def _find(self, guest_port: int, *, udp: bool) -> socket.socket:
        try:
            return self._bound[guest_port, udp]
        except KeyError:
            raise OSError(ENOENT, "no port of the host leads there") from None


def _listen(sock: socket.socket, backlog: int) -> None:
    """Connections of before that are not quite over are no reason to refuse, now or to the next."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.listen(backlog)


def _rest(sock: socket.socket) -> None:
    """Linux takes a listening socket that is shut down back to one that is only bound; without
    SO_REUSEADDR the port is nobody else's meanwhile."""
    sock.shutdown(socket.SHUT_RD)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)


def _leave_peer(sock: socket.socket) -> None:
    """Hear everybody again, whatever peer the guest's last socket on it was connected to: an
    address of no family ends that, and leaves the port (connect(2))."""
    ctypes.CDLL(None).connect(sock.fileno(), bytes(_SOCKADDR_SIZE), _SOCKADDR_SIZE)


def _last_two(text: str) -> tuple[str, str]:
    before, _, guest = text.rpartition(":")
    return before.rpartition(":")[2], guest


def _bind(port: Published) -> socket.socket:
    family = socket.AF_INET6 if ":" in port.address else socket.AF_INET
    kind = socket.SOCK_DGRAM if port.udp else socket.SOCK_STREAM
    sock = socket.socket(family, kind)
    try:
        if not port.udp:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((port.address, port.host_port))
        if not port.udp:
            # With SO_REUSEADDR only listening tells whether somebody else does.
            _listen(sock, 1)
            _rest(sock)
    except OSError as error:
        sock.close()
        where = f"{port.address}:{port.host_port}"
        raise NanvixError(f"cannot publish {where}: {(error.strerror or '').lower()}") from None
    return sock

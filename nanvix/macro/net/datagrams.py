"""UDP: sockets that send to what the policy allows and hear who answers."""

import socket
from errno import EACCES, EAFNOSUPPORT, EAGAIN, EINVAL, ENETUNREACH, ENOENT
from ipaddress import ip_address

from nanvix.abi.call import Call
from nanvix.macro.net.addresses import (
    RESOLVER,
    address_of,
    halves,
    port_of,
    seen_by_guest,
    to_host,
)
from nanvix.macro.net.published import Ports
from nanvix.macro.net.resolver import Resolver
from nanvix.macro.net.sockets import HostSocket, Sockets
from nanvix.policy.egress import Address, Egress, plain

HostAddress = tuple[str, int]
_RESOLVER: tuple[Address, int] = (RESOLVER, 53)
_HEARD_MAX = 1024
"""Senders to a published port that are remembered, to be answered."""
_UNHEARD_MAX = 64
"""Unwanted datagrams thrown away in one call."""


class Datagrams:
    """Serves NET_DATAGRAM and NET_PEER; sending and receiving is :class:`Transfer`'s."""

    __slots__ = ("_policy", "_ports", "_resolver", "_sockets")

    def __init__(self, sockets: Sockets, policy: Egress, ports: Ports) -> None:
        self._sockets = sockets
        self._policy = policy
        self._ports = ports
        self._resolver = Resolver(policy)

    def open(self, call: Call) -> int:
        """A new socket, on the host's port that leads to the guest's, if one does."""
        self._sockets.require_room()
        port = port_of(call.arg[0])
        sock = self._ports.datagrams(port)
        published = port if sock is not None else None
        if sock is None:
            if call.arg[2]:
                return -ENOENT
            sock = _open(both=bool(call.arg[1]))
        entry = HostSocket(sock, datagrams=True, published=published)
        number = self._sockets.add(entry)
        self._sockets.watch(call, entry, call.arg[3])
        return number

    def connect(self, call: Call) -> int:
        """Only this peer from now on."""
        entry = self._sockets.get(call.arg[0])
        entry.socket.connect(self.target(entry, call))
        return 0

    def target(self, entry: HostSocket, call: Call) -> HostAddress:
        """The address in arg1 to arg3 for a socket; EACCES when the policy does not allow it."""
        if not entry.datagrams:
            raise OSError(EINVAL, "not a datagram socket")
        given, port = address_of(*call.arg[1:3]), port_of(call.arg[3])
        if (given, port) == _RESOLVER:
            address, port = self._resolver.where()
        else:
            address = to_host(given)
            if (address, port) not in entry.heard and not self._policy.allows(address, port):
                raise OSError(EACCES, "not allowed")
        if entry.socket.family == socket.AF_INET6:
            return (f"::ffff:{address}" if address.version == 4 else str(address)), port
        if address.version == 6:
            raise OSError(ENETUNREACH, "no IPv6")
        return str(address), port

    def receive(self, entry: HostSocket, call: Call, flags: int) -> int:
        """One datagram and who sent it; who may not be sent to is not heard either."""
        sock = entry.socket
        for _ in range(_UNHEARD_MAX):
            sender = sock.recvmsg(0, 0, flags | socket.MSG_PEEK)[3]
            known = self._known(entry, sender)
            if known is not None:
                done = sock.recvmsg_into(call.outputs, 0, flags)[0]
                call.out[1], call.out[2] = halves(known[0])
                call.out[3] = known[1]
                return done
            sock.recvmsg(0, 0, flags)
        raise BlockingIOError(EAGAIN, "only datagrams nobody wants")

    def close(self) -> None:
        """End the name server; idempotent."""
        self._resolver.close()

    def _known(self, entry: HostSocket, sender: HostAddress) -> tuple[Address, int] | None:
        """What the guest calls a sender it may hear."""
        address, port = plain(ip_address(sender[0].partition("%")[0])), sender[1]
        if self._resolver.started and (address, port) == self._resolver.where():
            return _RESOLVER
        if entry.published is not None:
            entry.heard.pop((address, port), None)
            entry.heard[address, port] = None
            if len(entry.heard) > _HEARD_MAX:
                del entry.heard[next(iter(entry.heard))]
        elif not self._policy.allows(address, port):
            return None
        return seen_by_guest(address), port


def _open(*, both: bool) -> socket.socket:
    """A socket for IPv4, or for ``both`` families where the host has IPv6."""
    if both:
        try:
            sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        except OSError as error:
            if error.errno != EAFNOSUPPORT:
                raise
        else:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            return sock
    return socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

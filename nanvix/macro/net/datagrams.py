"""UDP: sockets that send to what the policy allows and hear who answers."""

import socket
from errno import EACCES, EAFNOSUPPORT, EINVAL, ENETUNREACH

from nanvix.abi.call import Call
from nanvix.macro.net.addresses import address_of, port_of, to_guest, to_host
from nanvix.macro.net.published import Ports
from nanvix.macro.net.sockets import HostSocket, Sockets
from nanvix.policy.egress import Egress

HostAddress = tuple[str, int]


class Datagrams:
    """Serves NET_DATAGRAM and NET_PEER; sending and receiving is :class:`Transfer`'s."""

    __slots__ = ("_policy", "_ports", "_sockets")

    def __init__(self, sockets: Sockets, policy: Egress, ports: Ports) -> None:
        self._sockets = sockets
        self._policy = policy
        self._ports = ports

    def open(self, call: Call) -> int:
        """A new socket, on the host's port that leads to the guest's, if one does."""
        self._sockets.require_room()
        sock = self._ports.datagrams(port_of(call.arg[0]))
        if sock is None:
            sock = _open(both=bool(call.arg[1]))
        return self._sockets.add(HostSocket(sock, datagrams=True))

    def connect(self, call: Call) -> int:
        """Only this peer from now on."""
        entry = self._sockets.get(call.arg[0])
        entry.socket.connect(self.target(entry, call))
        return 0

    def target(self, entry: HostSocket, call: Call) -> HostAddress:
        """The address in arg1 to arg3 for a socket; EACCES when the policy does not allow it."""
        if not entry.datagrams:
            raise OSError(EINVAL, "not a datagram socket")
        address = to_host(address_of(*call.arg[1:3]))
        port = port_of(call.arg[3])
        if not self._policy.allows(address, port):
            raise OSError(EACCES, "not allowed")
        if entry.socket.family == socket.AF_INET6:
            return (f"::ffff:{address}" if address.version == 4 else str(address)), port
        if address.version == 6:
            raise OSError(ENETUNREACH, "no IPv6")
        return str(address), port

    def receive(self, entry: HostSocket, call: Call, flags: int) -> int:
        """One datagram and who sent it."""
        done, _, _, sender = entry.socket.recvmsg_into(call.outputs, 0, flags)
        if sender:
            call.out[1], call.out[2] = to_guest(sender[0])
            call.out[3] = sender[1]
        return done


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

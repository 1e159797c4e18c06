"""TCP: connections to the outside, and from it through published ports."""

import os
import socket
from errno import EACCES, EAGAIN, EINPROGRESS, EINVAL, ENOPROTOOPT
from struct import pack

from nanvix.abi.call import Call
from nanvix.macro.net.addresses import address_of, port_of, to_guest, to_host
from nanvix.macro.net.published import Ports
from nanvix.macro.net.sockets import HostSocket, Sockets
from nanvix.policy.egress import Egress

_BACKLOG_MAX = 4096
_BUFFER_MAX = 4 << 20
_HOWS = (socket.SHUT_RD, socket.SHUT_WR, socket.SHUT_RDWR)
_OPTIONS = {
    socket.SOL_SOCKET: (socket.SO_KEEPALIVE, socket.SO_SNDBUF, socket.SO_RCVBUF),
    socket.IPPROTO_TCP: (
        socket.TCP_NODELAY, socket.TCP_CORK, socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL,
        socket.TCP_KEEPCNT, socket.TCP_QUICKACK, socket.TCP_USER_TIMEOUT,
    ),
}  # fmt: skip
"""What a guest may set on a socket of the host: nothing that acts on anything but itself."""


class Streams:
    """Serves NET_CONNECT, NET_LISTEN, NET_ACCEPT, NET_SHUTDOWN, NET_OPTION and NET_CLOSE."""

    __slots__ = ("_policy", "_ports", "_sockets")

    def __init__(self, sockets: Sockets, policy: Egress, ports: Ports) -> None:
        self._sockets = sockets
        self._policy = policy
        self._ports = ports

    def connect(self, call: Call) -> int:
        """Begin a connection; EACCES when the policy does not allow it."""
        self._sockets.require_room()
        address = to_host(address_of(*call.arg[:2]))
        port = port_of(call.arg[2])
        if not self._policy.allows(address, port):
            raise OSError(EACCES, "not allowed")
        family = socket.AF_INET if address.version == 4 else socket.AF_INET6
        entry = HostSocket(socket.socket(family, socket.SOCK_STREAM))
        error = entry.socket.connect_ex((str(address), port))
        if error not in (0, EINPROGRESS):
            entry.socket.close()
            raise OSError(error, os.strerror(error))
        number = self._sockets.add(entry)
        self._sockets.watch(call, entry, call.arg[3])
        return number

    def listen(self, call: Call) -> int:
        """Let a published port take connections."""
        self._sockets.require_room()
        port = port_of(call.arg[0])
        sock = self._ports.listen(port, min(call.arg[1], _BACKLOG_MAX))
        return self._sockets.add(HostSocket(sock, published=port))

    def accept(self, call: Call) -> int:
        """The next connection, or -EAGAIN and a watch."""
        self._sockets.require_room()
        listener = self._sockets.get(call.arg[0])
        try:
            sock, peer = listener.socket.accept()
        except BlockingIOError:
            self._sockets.watch(call, listener, call.arg[3])
            return -EAGAIN
        number = self._sockets.add(HostSocket(sock))
        call.out[1], call.out[2] = to_guest(peer[0])
        call.out[3] = peer[1]
        return number

    def shutdown(self, call: Call) -> int:
        """End one direction or both."""
        if not 1 <= call.arg[1] <= len(_HOWS):
            return -EINVAL
        self._sockets.get(call.arg[0]).socket.shutdown(_HOWS[call.arg[1] - 1])
        return 0

    def option(self, call: Call) -> int:
        """Set one of the few options that matter on the host's end."""
        number, level, name, value = call.arg[:4]
        entry = self._sockets.get(number)
        if name not in _OPTIONS.get(level, ()):
            return -ENOPROTOOPT
        value = (value & 0xFFFF_FFFF) - ((value & 0x8000_0000) << 1)
        if level == socket.SOL_SOCKET:
            value = max(0, min(value, _BUFFER_MAX))
        entry.socket.setsockopt(level, name, value)
        return 0

    def close(self, call: Call) -> int:
        """Close a socket of any kind, by a reset if asked to."""
        entry = self._sockets.remove(call.arg[0])
        if call.arg[1] and entry.published is None and not entry.datagrams:
            entry.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, pack("2i", 1, 0))
        entry.socket.close()
        if entry.published is not None and not entry.datagrams:
            self._ports.stop_listening(entry.published)
        return 0

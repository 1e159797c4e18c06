"""Moving data: straight between the host's sockets and the guest's own pages."""

import fcntl
import socket
import termios
from errno import EAGAIN, EINPROGRESS, EINVAL
from struct import unpack

from nanvix.abi.call import Call
from nanvix.macro.net.datagrams import Datagrams
from nanvix.macro.net.sockets import Sockets

_NEVER_WAIT = socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL


class Transfer:
    """Serves NET_SEND, NET_RECEIVE, NET_WATCH and NET_STATUS."""

    __slots__ = ("_datagrams", "_sockets")

    def __init__(self, sockets: Sockets, datagrams: Datagrams) -> None:
        self._sockets = sockets
        self._datagrams = datagrams

    def send(self, call: Call) -> int:
        """Send what fits; -EAGAIN when nothing does."""
        entry = self._sockets.get(call.arg[0])
        room = sum(map(len, call.inputs))
        to = self._datagrams.target(entry, call) if call.arg[3] else None
        try:
            if to is None:
                done = entry.socket.sendmsg(call.inputs, (), _NEVER_WAIT)
            else:
                done = entry.socket.sendmsg(call.inputs, (), _NEVER_WAIT, to)
        except BlockingIOError:
            done = -EAGAIN
        if done < room:
            self._sockets.watch(call, entry, call.arg[4])
        return done

    def receive(self, call: Call) -> int:
        """Receive what is there; 0 at the end, -EAGAIN when nothing has come."""
        number, peek = call.arg[:2]
        if peek > 1:
            return -EINVAL
        entry = self._sockets.get(number)
        room = sum(map(len, call.outputs))
        flags = _NEVER_WAIT | (socket.MSG_PEEK if peek else 0)
        try:
            if entry.datagrams:
                done = self._datagrams.receive(entry, call, flags)
            else:
                done = entry.socket.recvmsg_into(call.outputs, 0, flags)[0]
        except BlockingIOError:
            done = -EAGAIN
        if done < room:
            self._sockets.watch(call, entry, call.arg[4])
        return done

    def watch(self, call: Call) -> int:
        """Which of the poll bits are true; the others are watched for."""
        self._sockets.watch(call, self._sockets.get(call.arg[0]), call.arg[1])
        return 0

    def status(self, call: Call) -> int:
        """The error that is waiting, or how far a connection is."""
        number, forget = call.arg[:2]
        sock = self._sockets.get(number).socket
        call.out[1] = _count(sock, termios.FIONREAD)
        call.out[2] = _count(sock, termios.TIOCOUTQ)
        if forget and (error := sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)):
            return -error
        try:
            sock.getpeername()
        except OSError:
            return -EINPROGRESS
        return 0


def _count(sock: socket.socket, request: int) -> int:
    try:
        count: int = unpack("i", fcntl.ioctl(sock.fileno(), request, bytes(4)))[0]
    except OSError:
        return 0
    return max(count, 0)

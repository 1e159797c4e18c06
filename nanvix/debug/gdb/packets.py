"""Framing: ``$data#checksum``, acknowledgements, escapes, and the interrupt byte.

GDB manual, appendix E.1. Whatever comes over the wire, a packet is at most LIMIT bytes and damage
is answered by a request to send again.
"""

import select
import socket
from collections.abc import Callable
from threading import Thread

LIMIT = 1 << 17
_READ = 1 << 16
_INTERRUPT = b"\x03"
_ESCAPED = frozenset(b"$#}*")


class Closed(Exception):
    """The other side has gone."""


class Wire:
    """One connection. ``acknowledge``: whether packets are acknowledged (until told not to)."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._buffer = bytearray()
        self.acknowledge = True

    def receive(self) -> bytes:
        """The next packet's data, unescaped; an interrupt as ``\\x03``. Raises Closed."""
        while True:
            while not self._buffer:
                self._fill()
            first = self._buffer[:1]
            if first == _INTERRUPT:
                del self._buffer[:1]
                return _INTERRUPT
            if first != b"$":
                del self._buffer[:1]  # acknowledgements, and noise
                continue
            end = self._buffer.find(b"#")
            while end < 0 or len(self._buffer) < end + 3:
                if len(self._buffer) > LIMIT:
                    self._buffer.clear()
                    break
                self._fill()
                end = self._buffer.find(b"#")
            else:
                data, check = bytes(self._buffer[1:end]), bytes(self._buffer[end + 1 : end + 3])
                del self._buffer[: end + 3]
                if self.acknowledge and check != b"%02x" % (sum(data) & 255):
                    self._send(b"-")
                    continue
                if self.acknowledge:
                    self._send(b"+")
                return unescape(data)

    def send(self, data: bytes) -> None:
        """Send a packet. Raises Closed."""
        body = escape(data)
        self._send(b"$" + body + b"#%02x" % (sum(body) & 255))

    def while_running(self, interrupt: Callable[[], None]) -> "Watcher":
        """A context in which an interrupt from the other side, or its end, calls ``interrupt``."""
        return Watcher(self, self._socket, interrupt)

    def interrupted(self) -> bool:
        """Take an interrupt that has come in; also True when the other side has gone."""
        try:
            if select.select([self._socket], [], [], 0)[0]:
                self._fill()
        except (Closed, OSError, ValueError):
            return True
        at = self._buffer.find(_INTERRUPT)
        if at < 0 or b"$" in self._buffer[:at]:
            return False
        del self._buffer[: at + 1]
        return True

    def _fill(self) -> None:
        try:
            data = self._socket.recv(_READ)
        except OSError:
            data = b""
        if not data:
            raise Closed
        self._buffer += data

    def _send(self, data: bytes) -> None:
        try:
            self._socket.sendall(data)
        except OSError:
            raise Closed from None


class Watcher:
    """Looks at a connection on a thread of its own as long as the guest runs."""

    def __init__(
        self, wire: Wire, connection: socket.socket, interrupt: Callable[[], None]
    ) -> None:
        self._wire = wire
        self._connection = connection
        self._interrupt = interrupt
        self._stop, self._stopped = socket.socketpair()
        self._thread = Thread(target=self._watch, daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._stop.close()
        self._thread.join()
        self._stopped.close()

    def _watch(self) -> None:
        while True:
            ready = select.select([self._connection, self._stopped], [], [])[0]
            if self._stopped in ready:
                return
            if self._wire.interrupted():
                self._interrupt()
                return


def escape(data: bytes) -> bytes:
    """Bytes that mean something in a packet, as ``}`` and the byte xor 0x20."""
    if not _ESCAPED.intersection(data):
        return data
    out = bytearray()
    for byte in data:
        out += bytes((0x7D, byte ^ 0x20)) if byte in _ESCAPED else bytes((byte,))
    return bytes(out)


def unescape(data: bytes) -> bytes:
    """The reverse of :func:`escape`."""
    if b"}" not in data:
        return data
    out, at = bytearray(), 0
    while at < len(data):
        if data[at] == 0x7D and at + 1 < len(data):
            at += 1
            out.append(data[at] ^ 0x20)
        else:
            out.append(data[at])
        at += 1
    return bytes(out)

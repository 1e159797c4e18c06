"""Real peers on the host's loopback, for guests that may talk to it."""

import random
import socket
import struct
import threading
import time
from contextlib import suppress
from io import BufferedReader
from pathlib import Path
from typing import Self

from support.host import PATIENCE


def free_port(kind: int = socket.SOCK_STREAM) -> int:
    """A port of 127.0.0.1 that nobody has. It is none of those that the host gives to whoever asks
    for any, and picked at random, so that nobody comes by it before it is used."""
    given = Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()
    ports = range(10_000, int(given[0])) or range(10_000, 65_536)
    while True:
        port = random.choice(ports)
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port


class Peer:
    """A TCP server that does what the lines it reads say.

    send N · close · reset · hold · upper, echo (of all that follows) · count N (reads slowly, then
    tells how much came). ``port`` is where, ``seen`` the addresses of those who came.
    """

    def __init__(self, address: str = "127.0.0.1") -> None:
        self._listener = socket.create_server((address, 0))
        self.port: int = self._listener.getsockname()[1]
        self.seen: list[str] = []
        self._open: set[socket.socket] = set()
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)
        for sock in list(self._open):
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    @property
    def connections(self) -> int:
        """How many are open now."""
        return len(self._open)

    def _accept(self) -> None:
        while True:
            try:
                sock, address = self._listener.accept()
            except OSError:
                return
            self.seen.append(address[0])
            self._open.add(sock)
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        try:
            with sock, suppress(OSError):
                reader = sock.makefile("rb")
                for line in reader:
                    if not _obey(sock, reader, *line.decode().split()):
                        return
        finally:
            self._open.discard(sock)


def _obey(sock: socket.socket, reader: BufferedReader, wish: str, number: str = "0") -> bool:
    """Do one wish; False when the connection is over."""
    if wish == "send":
        sock.sendall(bytes(int(number)))
        return True
    if wish == "hold":
        reader.read()
    elif wish == "reset":
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("2i", 1, 0))
        reader.close()
        sock.close()
    elif wish == "upper":
        sock.sendall(reader.read().upper())
    elif wish == "echo":
        while data := reader.read1(1 << 16):
            sock.sendall(data)
    elif wish == "count":
        count, left = 0, int(number)
        while count < left and (data := reader.read1(min(1 << 16, left - count))):
            count += len(data)
            time.sleep(0.001)
        sock.sendall(b"%d bytes" % count)
    return False


def patient_connection(port: int, limit_s: float = 60.0) -> socket.socket:
    """A connection to a port of 127.0.0.1 where somebody is going to listen."""
    end = time.monotonic() + limit_s * PATIENCE
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=limit_s)
        except ConnectionRefusedError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


class Echo:
    """A UDP server that sends everything back. ``port`` is where."""

    def __init__(self, address: str = "127.0.0.1") -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((address, 0))
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(5)

    def _serve(self) -> None:
        while True:
            try:
                data, sender = self._socket.recvfrom(1 << 16)
                self._socket.sendto(data, sender)
            except (OSError, TypeError):
                return

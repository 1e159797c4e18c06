"""gdb beside another user of the same debugger, such as the screen."""

import socket
from threading import Thread

from nanvix.debug.gdb.packets import Wire
from nanvix.debug.gdb.processes import Guest
from nanvix.debug.gdb.server import Server, Through


class Beside:
    """Serves ``listener``, which it takes over, on a thread of its own.

    The debugger stays with the thread that owns it: ``through`` does there what gdb asks for. A gdb
    that kills or detaches goes; the guest stays, and another gdb may come.
    """

    def __init__(self, listener: socket.socket, debugger: Guest, through: Through) -> None:
        self._listener = listener
        self._debugger = debugger
        self._through = through
        self._connection: socket.socket | None = None
        Thread(target=self._serve, name="gdb", daemon=True).start()

    def adopt(self, debugger: Guest) -> None:
        """There is another guest now: hang up; a gdb that comes again gets it."""
        self._debugger = debugger
        self._hang_up(self._connection)

    def close(self) -> None:
        """Hang up and listen no more; idempotent."""
        self._hang_up(self._listener)
        self._hang_up(self._connection)
        self._listener.close()

    @staticmethod
    def _hang_up(end: socket.socket | None) -> None:
        try:
            if end is not None:
                end.shutdown(socket.SHUT_RDWR)  # unlike close, it ends what waits there
        except OSError:
            pass

    def _serve(self) -> None:
        try:
            while True:
                self._connection, _ = self._listener.accept()
                with self._connection as connection:
                    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    Server(self._debugger, through=self._through).converse(Wire(connection))
        except OSError:
            return  # the listener has been closed

"""Where gdb connects."""

import socket

from nanvix.errors import UsageError

_LOOPBACK = ("127.", "::1", "localhost")


def parse_address(text: str) -> tuple[str, int]:
    """``HOST:PORT`` or ``:PORT`` (loopback). Raises UsageError."""
    host, _, port = text.rpartition(":")
    try:
        number = int(port)
    except ValueError:
        number = -1
    if not 0 <= number < 1 << 16:
        raise UsageError(f"--gdb {text}: expected HOST:PORT")
    return host.strip("[]") or "127.0.0.1", number


def listen(host: str, port: int, *, anywhere: bool = False) -> socket.socket:
    """A listening socket. Whoever connects controls the guest and reads its memory, so addresses
    other than loopback must be asked for. Raises UsageError."""
    if not anywhere and not host.startswith(_LOOPBACK):
        raise UsageError(f"gdb may connect to loopback addresses only, not to {host}")
    try:
        return socket.create_server(
            (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET
        )
    except OSError as error:
        raise UsageError(f"cannot listen on {host}:{port}: {error.strerror}") from None

"""What gdb reads as a whole (qXfer): the target description, the auxiliary vector, threads."""

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from nanvix.debug.gdb.registers import description

if TYPE_CHECKING:
    from nanvix.debug.gdb.server import Server


def transfer(server: "Server", what: str, annex: str) -> bytes | None:
    """The object, or None for one that there is not. Raises ValueError."""
    if what == "features" and annex == "target.xml":
        return description()
    if what == "auxv":
        return server.debugger.auxv(server.inferior.pid)
    if what == "exec-file":
        pid = int(annex, 16) if annex else server.inferior.pid
        return server.inferior.executable(pid).encode()
    if what == "threads":
        return _threads(server)
    return None


def _threads(server: "Server") -> bytes:
    lines = [
        f'<thread id="p{t.pid:x}.{t.tid:x}" name={quoteattr(t.name)}>{escape(t.state)}</thread>'
        for t in server.processes.threads()
    ]
    return f'<?xml version="1.0"?><threads>{"".join(lines)}</threads>'.encode()

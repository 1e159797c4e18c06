"""``monitor COMMAND``: what gdb has no words for."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from nanvix.debug.debugger import Debugger
from nanvix.debug.errors import DebugError
from nanvix.machine.memory import BadAddress

if TYPE_CHECKING:
    from nanvix.debug.gdb.server import Server

_HELP = """\
help                     this text
moment                   the moment shown, and the last one seen
go MOMENT                show a moment, seen or to come
events [N]               the last N events before this moment (20)
who-wrote ADDRESS SIZE   who last wrote these bytes
backtrace                the calls of this thread, the kernel's too
processes                the guest's processes
process PID              debug another process
walk ADDRESS             the page-table entries of an address
checkpoints              where one can go at once
"""


def monitor(server: "Server", command: str) -> str:
    """Run a command; its output, or what is wrong with it, ending in a line feed."""
    words = command.split()
    handler = _COMMANDS.get(words[0]) if words else _help
    if handler is None:
        return f"unknown command {words[0]!r}: try monitor help\n"
    try:
        return handler(server, words[1:]) + "\n"
    except (DebugError, BadAddress) as error:
        return f"{error}\n"
    except (ValueError, IndexError):
        return "this command wants other arguments: try monitor help\n"


def _help(server: "Server", words: list[str]) -> str:
    return _HELP.rstrip()


def _past(server: "Server") -> Debugger:
    """The debugger, where it has moments. Raises DebugError."""
    if isinstance(server.debugger, Debugger):
        return server.debugger
    raise DebugError(f"not here: {server.debugger.lacks['travel']}")


def _moment(server: "Server", words: list[str]) -> str:
    debugger = _past(server)
    return f"moment {debugger.moment} of {debugger.frontier}"


def _go(server: "Server", words: list[str]) -> str:
    server.stop = _past(server).go(int(words[0], 0))
    return f"{_moment(server, [])}; stepi or maintenance flush register-cache shows it"


def _events(server: "Server", words: list[str]) -> str:
    count = int(words[0]) if words else 20
    debugger = server.debugger
    if isinstance(debugger, Debugger):
        found = debugger.events(0, debugger.moment + 1)
    else:
        found = debugger.events()
    return "\n".join(f"{event.moment:>12} {event.text}" for event in found[-count:]) or "none"


def _last_write(server: "Server", words: list[str]) -> str:
    address, size = int(words[0], 0), int(words[1], 0)
    access = _past(server).last_write(address, size)
    if access is None:
        return "nobody has written there"
    who = server.debugger.symbol(access.rip) or "?" if access.rip else "the host"
    return (
        f"moment {access.moment - 1}: {access.rip:#x} ({who}) in thread {access.tid} "
        f"wrote {access.new.hex()} at {access.address:#x}"
    )


def _backtrace(server: "Server", words: list[str]) -> str:
    return "\n".join(
        f"#{call.level:<2} {call.ring:6} {call.pc:#018x} {call.symbol or '?'} {call.line or ''}"
        for call in server.debugger.backtrace(server.tid)
    )


def _processes(server: "Server", words: list[str]) -> str:
    return "\n".join(
        f"{p.pid:>6} parent {p.parent}, threads {len(p.threads)}, {p.exe}"
        for p in server.debugger.processes()
    )


def _process(server: "Server", words: list[str]) -> str:
    pid = int(words[0])
    found = next((p for p in server.debugger.processes() if p.pid == pid), None)
    if found is None or not found.threads:
        raise DebugError(f"there is no process {pid}")
    server.processes.attach(pid)
    server.inferior.pid = pid
    server.tid = found.threads[0]
    return f"process {pid}, {found.exe}: reconnect gdb to see it"


def _walk(server: "Server", words: list[str]) -> str:
    entries = server.debugger.page_walk(int(words[0], 0), pid=server.inferior.pid)
    return "\n".join(f"{e.table:4} {e.address:#012x} {e.value:#018x} {e.rights}" for e in entries)


def _checkpoints(server: "Server", words: list[str]) -> str:
    timeline = _past(server).timeline
    places = timeline.checkpoints
    return f"{len(places)} from {places[0]} to {places[-1]}, {timeline.held >> 20} MiB"


_COMMANDS: dict[str, Callable[["Server", list[str]], str]] = {
    "help": _help,
    "moment": _moment,
    "go": _go,
    "events": _events,
    "last-write": _last_write,
    "who-wrote": _last_write,
    "backtrace": _backtrace,
    "processes": _processes,
    "process": _process,
    "walk": _walk,
    "checkpoints": _checkpoints,
}

"""Why the guest stopped, in gdb's words."""

from nanvix.debug.debugger import Debugger
from nanvix.debug.gdb.inferior import Inferior
from nanvix.debug.points import Catchpoint, Stop, Watchpoint

_TRAP, _INTERRUPTED, _SEGV = 5, 2, 11
_SIGNALS = {"SIGILL": 4, "SIGTRAP": 5, "SIGFPE": 8, "SIGBUS": 10, "SIGSEGV": 11, "SIGSYS": 12}
"""gdb's own numbers (include/gdb/signals.def)."""
_WATCHES = {"write": b"watch", "change": b"watch", "read": b"rwatch", "access": b"awatch"}


def stop_reply(stop: Stop, debugger: Debugger, inferior: Inferior, thread: bytes) -> bytes:
    """The packet for a stop."""
    if stop.reason in ("exit", "killed"):
        outcome = debugger.outcome
        status = outcome.status if outcome is not None else 0
        who = b";process:%x" % inferior.pid
        if stop.reason == "killed":
            return b"X%02x" % _of_linux(status & 0x7F) + who
        return b"W%02x" % (status >> 8 & 0xFF) + who
    if stop.ended:
        return b"X%02x" % _SEGV + b";process:%x" % inferior.pid
    more = _more(stop, debugger, inferior)
    return b"T%02x" % _signal(stop) + more + b"thread:" + thread + b";"


def _signal(stop: Stop) -> int:
    if stop.reason == "crash":
        return next((n for name, n in _SIGNALS.items() if name in stop.detail), _SEGV)
    return _INTERRUPTED if stop.reason in ("pause", "idle") else _TRAP


def _more(stop: Stop, debugger: Debugger, inferior: Inferior) -> bytes:
    if stop.reason == "start of history":
        return b"replaylog:begin;"
    if stop.reason == "breakpoint":
        return b"swbreak:;"
    points = {point.number: point for point in debugger.points}
    hit = next((points[number] for number in stop.points if number in points), None)
    if stop.reason == "watchpoint" and isinstance(hit, Watchpoint):
        return b"%s:%x;" % (_WATCHES[hit.access], hit.address)
    if isinstance(hit, Catchpoint):
        if hit.event == "exec":
            return b"exec:%s;" % inferior.executable().encode().hex().encode()
        number = debugger.syscall_number()
        if hit.event == "syscall" and number is not None:
            return b"syscall_entry:%x;" % number
        if hit.event == "return":
            return b"syscall_return:%x;" % _called(stop)
    return b""


def _called(stop: Stop) -> int:
    """The number of the call a ``return`` names."""
    from nanvix.abi.syscalls import SYSCALLS

    name = stop.detail.split()[1] if len(stop.detail.split()) > 1 else ""
    return next((number for number, known in SYSCALLS.items() if known == name), 0)


def _of_linux(number: int) -> int:
    """gdb's number of a Linux signal; those that agree stay."""
    return {7: 10, 10: 30, 12: 31, 17: 20, 18: 19, 19: 17, 20: 18, 31: 12}.get(number, number)

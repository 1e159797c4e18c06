"""Why the guest stopped, in gdb's words."""

from nanvix.debug.gdb.inferior import Inferior
from nanvix.debug.gdb.processes import Guest, Processes
from nanvix.debug.gdb.signals import NUMBERS, of_linux
from nanvix.debug.points import Stop, Watchpoint

_TRAP, _INTERRUPTED, _SEGV, _KILLED = 5, 2, 11, 9
_WATCHES = {"write": b"watch", "change": b"watch", "read": b"rwatch", "access": b"awatch"}


def event_of(stop: Stop, processes: Processes) -> str:
    """Which news a stop is, or an empty string."""
    return next((processes.events[n] for n in stop.points if n in processes.events), "")


def end_reply(stop: Stop, debugger: Guest, pid: int) -> bytes:
    """The packet for the end of the machine, as the end of a process."""
    outcome = debugger.outcome
    if stop.reason in ("exit", "killed") and outcome is not None and pid == 1:
        return exit_reply(outcome.status, pid)
    number = _KILLED if stop.reason in ("exit", "killed") else _SEGV
    return b"X%02x;process:%x" % (number, pid)


def exit_reply(status: int, pid: int) -> bytes:
    """The packet for the end of a process with this wait status."""
    if status & 0x7F:
        return b"X%02x;process:%x" % (of_linux(status & 0x7F), pid)
    return b"W%02x;process:%x" % (status >> 8 & 0xFF, pid)


def exit_status(stop: Stop) -> int:
    """The wait status of a process that is about to end."""
    return int(stop.detail.split()[-1], 16)


def child_of(stop: Stop) -> tuple[int, int]:
    """Process and thread that a fork has made."""
    pid, _, tid = stop.detail.split()[-1].partition(".")
    return int(pid), int(tid)


def signal_of(stop: Stop) -> int:
    """The Linux number of the signal a stop is for, 0 if for none."""
    return next((NUMBERS[word] for word in stop.detail.split() if word in NUMBERS), 0)


def stop_reply(
    stop: Stop, debugger: Guest, inferior: Inferior, processes: Processes, thread: bytes
) -> bytes:
    """The packet for any other stop."""
    number, event = _TRAP, event_of(stop, processes)
    if stop.reason == "crash":
        number = of_linux(signal_of(stop)) or _SEGV
    elif event == "signal":
        number = of_linux(signal_of(stop))
    elif stop.reason in ("pause", "idle"):
        number = _INTERRUPTED
    more = _more(stop, event, debugger, inferior)
    return b"T%02x" % number + more + b"thread:" + thread + b";"


def _more(stop: Stop, event: str, debugger: Guest, inferior: Inferior) -> bytes:
    if stop.reason == "start of history":
        return b"replaylog:begin;"
    if stop.reason == "breakpoint":
        return b"swbreak:;"
    points = {point.number: point for point in debugger.points}
    hit = next((points[number] for number in stop.points if number in points), None)
    if stop.reason == "watchpoint" and isinstance(hit, Watchpoint):
        return b"%s:%x;" % (_WATCHES[hit.access], hit.address)
    if event == "exec":
        return b"exec:%s;" % inferior.executable().encode().hex().encode()
    if event == "fork":
        return b"%s:p%x.%x;" % (stop.detail.split()[1].encode(), *child_of(stop))
    if event == "vforkdone":
        return b"vforkdone:;"
    if event == "syscall":
        if stop.detail.startswith("return"):
            return b"syscall_return:%x;" % _called(stop)
        return b"syscall_entry:%x;" % _called(stop)
    return b""


def _called(stop: Stop) -> int:
    """The number of the call that a stop names."""
    from nanvix.abi.syscalls import SYSCALLS

    name = stop.detail.split()[1] if len(stop.detail.split()) > 1 else ""
    return next((number for number, known in SYSCALLS.items() if known == name), 0)

"""The rows of lists and lines, each made of one look at the guest, without memory of another."""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, TypeVar

from nanvix.abi.syscalls import SYSCALLS
from nanvix.debug.errors import DebugError
from nanvix.machine.memory import BadAddress
from nanvix.tui.view import CallRow, Chosen, MapRow, PointRow, TaskRow, Timeline
from nanvix.tui.words import place

if TYPE_CHECKING:
    from nanvix.debug.debugger import Debugger
    from nanvix.debug.kernel import Thread
    from nanvix.debug.points import Stop
    from nanvix.debug.present import Present

    Guest = Debugger | Present

_MARKS = 200
_BY_CHANCE = ("pause", "idle", "exit", "killed")
"""Reasons to stop at which the kernel is of no interest."""
_T = TypeVar("_T")


def describe(stop: "Stop") -> str:
    """Why the guest stands, in a few words."""
    points = ", ".join(str(number) for number in stop.points)
    text = f"{stop.reason} {points}".rstrip()
    return f"{text}: {stop.detail}" if stop.detail else text


def doing(debugger: "Guest", what: str) -> str:
    """The job in hand while the guest runs, and what for it waits if all of it does."""
    threads = debugger.threads() if debugger.machine.idle.active else []
    if not threads or any(thread.state != "sleeping" for thread in threads):
        return what
    reads = any(_waits_for_input(debugger, thread) for thread in threads)
    return f"{what}, {'waits for input: Console' if reads else 'all threads sleep'}"


def _waits_for_input(debugger: "Guest", thread: "Thread") -> bool:
    """Whether the call a thread is in is about standard input."""
    call, first, second = (thread.registers.get(name, 0) for name in ("rax", "rdi", "rsi"))
    name = SYSCALLS.get(call, "")
    if name == "read":
        return first == 0
    if name in ("poll", "ppoll"):
        return debugger.read_memory(first, 4, pid=thread.pid) == bytes(4)
    if name in ("select", "pselect6"):
        return any(byte & 1 for byte in debugger.read_memory(second, 1, pid=thread.pid))
    return False


def where(debugger: "Guest") -> str:
    """Ring and symbol of the next instruction."""
    ring = "kernel" if debugger.in_kernel else "user"
    rip = debugger.registers()["rip"]
    name = or_none(lambda: debugger.symbol(rip))
    return f"{ring} {name or debugger.place_in_file(rip) or f'{rip:#x}'}"


def looked_at(
    debugger: "Guest", stop: "Stop", chosen: Chosen, *, running: bool
) -> tuple[Chosen, AbstractContextManager[None]]:
    """The frame that is looked at, and the context to look in: the innermost one if the guest has
    run since another was chosen. Where it stands by chance, that is the program's."""
    if chosen.version != debugger.version:
        chosen = Chosen()
        if debugger.in_kernel and (running or stop.reason in _BY_CHANCE):
            chosen = Chosen(None, 0, debugger.version, True)
    elif chosen.tid in (None, debugger.last.tid) and not (chosen.level or debugger.in_kernel):
        chosen = Chosen()
    context = debugger.chosen(chosen.tid, chosen.level, program=chosen.program)
    try:
        with context:
            return chosen, context
    except (DebugError, BadAddress):
        return Chosen(), debugger.chosen(None)


def who(stop: "Stop", chosen: Chosen) -> str:
    """Which thread is looked at, and which of its frames."""
    if chosen.running:
        return f"pid {stop.pid} tid {stop.tid}{' in the kernel for' if chosen.program else ''}"
    return f"frame {chosen.level} of tid {stop.tid if chosen.tid is None else chosen.tid}"


def calls(debugger: "Guest", chosen: Chosen) -> tuple[CallRow, ...]:
    """A thread's calls."""
    with debugger.chosen(chosen.tid, program=chosen.program):
        return tuple(
            CallRow(
                call.level,
                call.symbol or debugger.place_in_file(call.pc) or f"{call.pc:#x}",
                (call.line or f"{call.pc:#x}").rpartition("/")[2],
                call.ring,
                call.level == chosen.level,
            )
            for call in debugger.backtrace()
        )


def memory_place(debugger: "Guest", where: str | None) -> int:
    """The address that the memory pane shows first; by default the stack's."""
    return debugger.registers()["rsp"] if where is None else place(debugger, where)


def maps(debugger: "Guest") -> tuple[MapRow, ...]:
    """The mappings of the process."""
    return tuple(MapRow(a.start, a.end, a.rights, a.name) for a in debugger.maps())


def tasks(debugger: "Guest") -> tuple[TaskRow, ...]:
    """All threads."""
    return tuple(TaskRow(t.pid, t.tid, t.name, t.state, t.current) for t in debugger.threads())


def points(debugger: "Guest") -> tuple[PointRow, ...]:
    """All points."""
    return tuple(
        PointRow(
            point.number,
            point.kind.removesuffix("point"),
            point.describe(),
            point.condition.text if point.condition is not None else "",
            point.hits,
            point.enabled,
        )
        for point in debugger.points
    )


def timeline(debugger: "Guest", bookmarks: Iterable[tuple[int, str]]) -> Timeline | None:
    """The run so far; None where moments are not known."""
    if debugger.moment is None:
        return None
    checkpoints = debugger.timeline.checkpoints
    thinned = checkpoints[:: max(1, len(checkpoints) // _MARKS)]
    return Timeline(debugger.moment, debugger.frontier, tuple(thinned), tuple(bookmarks))


def or_none(make: Callable[[], _T]) -> _T | None:
    """What ``make`` makes; None where that cannot be seen now."""
    try:
        return make()
    except (DebugError, BadAddress):
        return None

"""The processes gdb has: their points, and what gdb wants to hear of them.

gdb gets a child together with the news of its birth and decides then what becomes of it; processes
it has not, or not any more, run on unseen.
"""

from collections.abc import Iterable

from nanvix.debug.debugger import Debugger
from nanvix.debug.errors import DebugError
from nanvix.debug.gdb.signals import NUMBERS
from nanvix.debug.kernel import Thread
from nanvix.debug.points import Point
from nanvix.debug.trapping import Trapping

Guest = Debugger | Trapping
"""On the emulator, or on KVM."""
Key = tuple[str, int, int]
"""Kind, address and size, as in a Z packet."""
_WATCHES = {"2": "write", "3": "read", "4": "access"}
_OF_THREADS = frozenset(("SIGRTMIN+0", "SIGRTMIN+1"))
"""The threads library's own, for cancellation and setuid."""
_CLONES = ("vfork", "clone", "clone3")


class Attached:
    """One process. ``points``: by their packets; ``news``: what it is watched for, by event."""

    def __init__(self) -> None:
        self.points: dict[Key, Point] = {}
        self.news: dict[str, list[Point]] = {}

    def all(self) -> list[Point]:
        """Every point of it."""
        return [*self.points.values(), *(p for points in self.news.values() for p in points)]


class Processes:
    """``features``: the events gdb understands, of fork, vfork and exec. ``passed``: signals that
    are no news. ``events``: what the number of a point that is no packet's stands for."""

    def __init__(self, debugger: Guest) -> None:
        self._debugger = debugger
        self._attached: dict[int, Attached] = {}
        self.features: frozenset[str] = frozenset()
        self.passed: frozenset[str] = frozenset()
        self.events: dict[int, str] = {}
        self._listening = False

    # -- which ---------------------------------------------------------------------------------

    def __contains__(self, pid: int) -> bool:
        return pid in self._attached

    @property
    def pids(self) -> list[int]:
        """Those gdb has."""
        return list(self._attached)

    def threads(self) -> list[Thread]:
        """All their threads."""
        return [t for t in self._debugger.threads() if t.pid in self and t.state != "dead"]

    def attach(self, pid: int) -> None:
        """gdb has this process from now on."""
        if pid not in self._attached:
            self._attached[pid] = Attached()
            if self._listening:
                self._listen(pid)

    def detach(self, pid: int) -> None:
        """gdb has it no longer; its points are gone."""
        attached = self._attached.pop(pid, None)
        if attached is not None:
            self._delete(attached.all())

    def clear(self) -> None:
        """gdb has gone: the next one starts without points."""
        for pid in self.pids:
            self._delete(self._attached[pid].all())
            self._attached[pid] = Attached()
        self.features, self.passed = frozenset(), frozenset()
        self._listening = False

    # -- points --------------------------------------------------------------------------------

    def insert(self, pid: int, key: Key) -> None:
        """Set a point of a process; the same one twice is one."""
        points, debugger = self._of(pid).points, self._debugger
        if key in points:
            return
        kind, address, size = key
        if kind not in _WATCHES:
            points[key] = debugger.breakpoint(address, pid=pid)
        else:
            access = _WATCHES[kind] if isinstance(debugger, Debugger) else "change"
            points[key] = debugger.watch(address, max(1, size), access, pid=pid)

    def remove(self, pid: int, key: Key) -> None:
        """Take it away; nothing happens if there is none."""
        point = self._of(pid).points.pop(key, None)
        if point is not None:
            self._delete([point])

    # -- news ----------------------------------------------------------------------------------

    def listen(self) -> None:
        """What is news has changed: watch for it in every process."""
        self._listening = True
        for pid in self._attached:
            self._listen(pid)

    def catch_syscalls(self, pid: int, numbers: Iterable[int] | None) -> None:
        """These calls of a process (none given: all of them) are news, entering and leaving; None:
        none is."""
        self._replace(pid, "syscall", [])
        if numbers is not None:
            names = [str(number) for number in numbers]
            made: list[Point] = [
                self._debugger.catch(e, *names, pid=pid) for e in ("syscall", "return")
            ]
            self._replace(pid, "syscall", made)

    def expect_vfork_done(self, pid: int, tid: int) -> None:
        """The thread's call is about to return, some time: that is news, once."""
        self._replace(pid, "vforkdone", [self._debugger.catch("return", *_CLONES, tid=tid)])

    def vfork_is_done(self, pid: int) -> None:
        """It has been told."""
        self._replace(pid, "vforkdone", [])

    def _listen(self, pid: int) -> None:
        debugger = self._debugger
        heard = frozenset(NUMBERS) - self.passed - _OF_THREADS
        self._replace(pid, "signal", [debugger.catch("signal", *heard, pid=pid)])
        forks = self.features & {"fork", "vfork"}
        self._replace(pid, "fork", [debugger.catch("fork", *forks, pid=pid)] if forks else [])
        execs = "exec" in self.features
        self._replace(pid, "exec", [debugger.catch("exec", pid=pid)] if execs else [])
        # The end of the first process is the end of the machine.
        self._replace(pid, "exit", [debugger.catch("exit", pid=pid)] if pid != 1 else [])

    def _replace(self, pid: int, event: str, points: list[Point]) -> None:
        news = self._of(pid).news
        self._delete(news.get(event, []))
        news[event] = points
        for point in points:
            self.events[point.number] = event

    def _of(self, pid: int) -> Attached:
        try:
            return self._attached[pid]
        except KeyError:
            raise DebugError(f"process {pid} is not gdb's") from None

    def _delete(self, points: list[Point]) -> None:
        for point in points:
            self.events.pop(point.number, None)
            if point in self._debugger.points:
                self._debugger.delete(point.number)

"""Memory that a guest on KVM is watched in: its kernel tells of writes to the pages, and what has
changed is found out here (kernel/mm/watch.c).

Seen are writes of the process by its addresses, its threads' and the kernel's for them; not those
of others to memory they share with it, and not reads.
"""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from nanvix.abi.layout import USER_END, WATCHED_PAGES
from nanvix.debug.errors import DebugError
from nanvix.debug.points import Access, Watchpoint

if TYPE_CHECKING:
    from nanvix.debug.trapped import Told, TrappedMachine

_PAGE = 4096

Read = Callable[[int, int, int], bytes]
"""Process, address, size: what is there, short where nothing is mapped."""


class Watches:
    """Of one machine. The guest must stand for every change."""

    def __init__(self, machine: "TrappedMachine", read: Read) -> None:
        self._machine = machine
        self._read = read
        self._points: dict[int, Watchpoint] = {}
        self._known: dict[int, bytes] = {}
        self._uses: dict[tuple[int, int], int] = {}

    def insert(self, point: Watchpoint) -> None:
        """Begin to watch. Raises DebugError where it cannot be."""
        if point.access != "change" or point.physical:
            raise DebugError("on KVM one can only watch memory of a process for changes")
        if point.address + point.size > USER_END:
            raise DebugError("on KVM only memory of programs can be watched")
        assert point.pid is not None
        done: list[int] = []
        for page in _pages(point):
            if not self._use(point.pid, page):
                for other in done:
                    self._drop(point.pid, other)
                raise DebugError(f"on KVM one can watch {WATCHED_PAGES} pages at a time")
            done.append(page)
        self._points[point.number] = point
        self._known[point.number] = self._now(point)

    def remove(self, number: int) -> None:
        """Watch it no longer; nothing happens if it never was, or its process is gone."""
        point = self._points.pop(number, None)
        if point is not None and point.pid is not None:
            for page in _pages(point):
                self._drop(point.pid, page)

    def forget(self, pid: int) -> None:
        """The process has another program now, or none."""
        self._points = {n: p for n, p in self._points.items() if p.pid != pid}
        self._uses = {place: n for place, n in self._uses.items() if place[0] != pid}

    def keep(self) -> None:
        """Memory has been written by us: that is no news."""
        for number, point in self._points.items():
            self._known[number] = self._now(point)

    def changed(self, told: "Told", pid: int, tid: int) -> dict[int, Access]:
        """What the write just told of has changed, by the points' numbers."""
        found = {}
        for number, point in self._points.items():
            before, now = self._known[number], self._now(point)
            self._known[number] = now
            if now != before and point.enabled:
                rip = told.second if told.code else 0
                where = point.address, point.size
                found[number] = Access(0, rip, pid, tid, *where, True, before, now)
        return found

    def _now(self, point: Watchpoint) -> bytes:
        assert point.pid is not None
        return self._read(point.pid, point.address, point.size)

    def _use(self, pid: int, page: int) -> bool:
        uses = self._uses.get((pid, page), 0)
        if not uses and not self._machine.watch(pid, page):
            return False
        self._uses[pid, page] = uses + 1
        return True

    def _drop(self, pid: int, page: int) -> None:
        uses = self._uses.pop((pid, page), 0)
        if uses > 1:
            self._uses[pid, page] = uses - 1
        elif uses:
            self._machine.watch(pid, page, on=False)


def _pages(point: Watchpoint) -> Iterator[int]:
    first = point.address - point.address % _PAGE
    return iter(range(first, point.address + point.size, _PAGE))

"""The breakpoints that are written into programs, and what was there before."""

from typing import TYPE_CHECKING

from nanvix.debug.errors import DebugError

if TYPE_CHECKING:
    from nanvix.debug.trapped import TrappedMachine

_TRAP = b"\xcc"


class Traps:
    """Of one machine, by process and address. The guest must stand for every change."""

    def __init__(self, machine: "TrappedMachine") -> None:
        self._machine = machine
        self._before: dict[tuple[int, int], bytes] = {}
        self._uses: dict[tuple[int, int], int] = {}

    def __contains__(self, place: tuple[int, int]) -> bool:
        return place in self._before

    def insert(self, pid: int, address: int) -> None:
        """Write one; twice is once, but must be removed twice. Raises DebugError."""
        place = pid, address
        if place not in self._before:
            self._before[place] = self._swap(pid, address, _TRAP)
        self._uses[place] = self._uses.get(place, 0) + 1

    def remove(self, pid: int, address: int) -> None:
        """Write back what was there."""
        place = pid, address
        if place not in self._uses:
            return
        self._uses[place] -= 1
        if not self._uses[place]:
            del self._uses[place]
            self._swap(pid, address, self._before.pop(place))

    def lift(self, pid: int, address: int) -> int:
        """Take one out: how often it had been inserted, 0 if there is none."""
        uses = self._uses.get((pid, address), 0)
        for _ in range(uses):
            self.remove(pid, address)
        return uses

    def inherit(self, parent: int, child: int) -> None:
        """A child has copies of its parent's memory: it must not have the parent's breakpoints."""
        for (pid, address), data in [*self._before.items()]:
            if pid == parent:
                self._swap(child, address, data)

    def forget(self, pid: int) -> None:
        """The process has another program now, or none."""
        for place in [place for place in self._before if place[0] == pid]:
            del self._before[place]
            del self._uses[place]

    def hide(self, pid: int, address: int, data: bytes) -> bytes:
        """Memory as the program knows it."""
        shown = bytearray(data)
        for (owner, at), before in self._before.items():
            if owner == pid and address <= at < address + len(data):
                shown[at - address] = before[0]
        return bytes(shown)

    def keep(self, pid: int, address: int, data: bytes) -> bytes:
        """The program's memory is being written: what is to be written in place of ``data``."""
        written = bytearray(data)
        for owner, at in self._before:
            if owner == pid and address <= at < address + len(data):
                self._before[owner, at] = data[at - address : at - address + 1]
                written[at - address] = _TRAP[0]
        return bytes(written)

    def _swap(self, pid: int, address: int, data: bytes) -> bytes:
        physical = self._machine.own(pid, address)
        if not physical:
            raise DebugError(f"there is no private memory at {address:#x}")
        before = self._machine.memory.read(physical, 1)
        self._machine.memory.write(physical, data)
        return before

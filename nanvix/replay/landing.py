"""Finding the place again at which an interrupt was taken on KVM."""

from __future__ import annotations

from bisect import insort
from struct import Struct
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from nanvix.abi.layout import COUNT_SLOTS, COUNTS_PHYS, TAPE, TAPE_PHYS
from nanvix.machine.journal import Journal, Landing, Readings
from nanvix.machine.state import GPRS
from nanvix.named import NamedTuple
from nanvix.snapshot.history import Checkpoint, History
from nanvix.trace.record import behind_syscall, calls_entered, comparable, stack_around

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from nanvix.machine.cpuid import Row
    from nanvix.machine.machine import Machine

_KEPT_BYTES = 64 << 20
"""Only the last place matters."""
_CANDIDATES = 8
_LIKE_ENOUGH = 1000
"""So often a program comes by with the same registers before one of these times is taken."""
_WRITE = 2
"""nanvix.emu.probes.WRITE"""
_HEAD_AT = TAPE_PHYS + TAPE.offsets["head"]
_COUNTS = [
    (COUNTS_PHYS, COUNTS_PHYS + COUNT_SLOTS * 8 - 1, _WRITE), (_HEAD_AT, _HEAD_AT + 3, _WRITE),
]  # fmt: skip
"""Where system calls are counted, and readings of the clock."""


class Registers(Protocol):
    """The emulator's live registers."""

    @property
    def user(self) -> bool:
        """Whether ring 3 runs."""

    def __getitem__(self, name: str) -> int: ...


class Probes(Protocol):
    """The emulator's breakpoints."""

    def place(
        self,
        code: Iterable[int] = (),
        on_code: Callable[[int, int], bool] | None = None,
        memory: Iterable[tuple[int, int, int]] = (),
        on_memory: Callable[[int, int, int, int, int], bool] | None = None,
    ) -> None:
        """As nanvix.emu.probes.Probes.place."""


@runtime_checkable
class Probing(Protocol):
    """A backend that has both, and can pass for another CPU: the emulator."""

    def probes(self) -> Probes:
        """Its breakpoints."""

    def registers(self) -> Registers:
        """Its registers."""

    def show_cpuid(self, rows: Iterable[Row]) -> None:
        """Tell the guest this of the CPU."""


class Likeness(NamedTuple):
    """How much a place differs from the wanted one; less is better. ``level``: 0 where all
    registers agree, 1 where those do that functions keep for their callers (System V ABI: these
    hold no leftovers), 2 where the stack pointer does, 3 where only the address does. ``words``:
    words of the stack that differ."""

    level: int
    words: int


_RSP = 1 + GPRS.index("rsp")
_KEPT = tuple(1 + GPRS.index(name) for name in ("rbx", "rsp", "rbp", "r12", "r13", "r14", "r15"))
_SAME, _NOWHERE = Likeness(0, 0), Likeness(4, 0)
_WORD = Struct("<Q")


class Lander:
    """Pauses the guest where a program has entered as many system calls and read the clock as often
    as it had at a :class:`Landing`, and has the same registers and stack.

    A program that comes by like this is in the same state as far as it goes on from there, or what
    differs will show at the next request. Another CPU may leave other values in registers and on
    the stack that nobody uses; so where no place is the same, the run goes back to where the search
    began and the likest place is taken, and if that leads elsewhere, the next. Where the program
    does not come by at all, because the other CPU has let it choose other code, the interrupt comes
    as soon as the last of them before it is done. ``approximate`` counts the interrupts that
    came where not all registers were the same.
    """

    def __init__(
        self, machine: Machine, probing: Probing, settled: Callable[[], None] = lambda: None
    ) -> None:
        """``settled`` is called when a search begins: there is no way back to what was before."""
        assert machine.journal is not None
        self.approximate = 0
        self._machine = machine
        self._settled = settled
        self._journal: Journal = machine.journal
        self._probes = probing.probes()
        self._registers = probing.registers()
        self._tape = machine.journal.tape
        self._history = History(machine, _KEPT_BYTES)
        self._start: Checkpoint | None = None
        self._position = self._end = -1
        self._copied = 0
        self._wanted: Landing | None = None
        self._found: list[tuple[Likeness, int]] = []
        self._like = 0
        self._chosen: tuple[Likeness, int] | None = None
        self._last_resort = self._sure = self._rough = False
        machine.journal.land = self

    def close(self) -> None:
        """Let go of the memory kept."""
        self._history.close()

    @property
    def unsure(self) -> bool:
        """Whether the run may yet go back to where the search began."""
        return self._start is not None and not self._sure and self._journal.position <= self._end

    def __call__(self, landing: Landing) -> None:
        """Pause there, once. The search begins here."""
        journal = self._journal
        if self._position != journal.position:
            self._settled()
            self._position = journal.position
            # Behind it, what was read off the clock comes in front of the next request.
            self._end = journal.position + 1 + isinstance(journal.after_next(), Readings)
            self._copied = 0 if journal.copy is None else journal.copy.position
            self._found, self._like, self._chosen = [], 0, None
            self._last_resort = self._sure = self._rough = False
            self._wanted = landing
            self._start = self._history.take()
        if not self._last_resort:
            self._probes.place((landing.registers[0],), self._reached)
        elif not self._so_far_at_least(landing):
            self._probes.place(memory=_COUNTS, on_memory=self._counted)
        else:
            self._take(_NOWHERE)
            self._machine.backend.inject(landing.vector)
            journal.advance()

    def look_again(self) -> bool:
        """After the run has parted from the journal: go back and take the next likely place. False
        when that was not the reason, or none is left."""
        if self._start is None or not self.unsure or self._last_resort:
            return False
        journal = self._journal
        self.approximate -= self._rough
        self._rough = False
        if journal.copy is not None:
            del journal.copy.entries[self._copied :]
            journal.copy.position = self._copied
        landing = journal.entries[self._position]
        assert isinstance(landing, Landing)
        self._wanted = landing
        self._chosen = self._found.pop(0) if self._found else None
        self._last_resort = self._chosen is None
        self._history.restore(self._start)
        return True

    def _take(self, likeness: Likeness) -> bool:
        self._wanted = None
        self._sure = likeness == _SAME
        self._rough = likeness.level > 0
        self.approximate += self._rough
        return True

    def _so_far(self) -> tuple[int, int]:
        """System calls, and readings of the clock."""
        readings = 0 if self._tape is None else self._tape.head()
        return calls_entered(self._machine.memory), readings

    def _so_far_at_least(self, wanted: Landing) -> bool:
        calls, readings = self._so_far()
        return calls >= wanted.calls and readings >= wanted.readings

    def _counted(self, access: int, physical: int, size: int, value: int, count: int) -> bool:
        """A system call is counted, or a reading of the clock: it has not been written yet."""
        wanted = self._wanted
        if wanted is None:
            return False
        calls, readings = self._so_far()
        if physical == _HEAD_AT:
            readings = value
        else:
            calls += 1
        there = calls >= wanted.calls and readings >= wanted.readings
        return there and self._take(_NOWHERE)

    def _reached(self, address: int, count: int) -> bool:
        registers, wanted = self._registers, self._wanted
        if wanted is None or not registers.user:
            return False
        if self._chosen is not None:
            return count == self._chosen[1] and self._take(self._chosen[0])
        if self._so_far() != (wanted.calls, wanted.readings):
            return False
        found = self._likeness(wanted, (address, *(registers[name] for name in GPRS)))
        self._like += found.level == 0
        enough = self._like >= _LIKE_ENOUGH and self._found and found <= self._found[0][0]
        if found == _SAME or enough:
            return self._take(found)
        insort(self._found, (found, count))
        del self._found[_CANDIDATES:]
        return False

    def _likeness(self, wanted: Landing, place: tuple[int, ...]) -> Likeness:
        here = comparable(place)
        if here == wanted.registers:
            level = 0
        elif all(here[index] == wanted.registers[index] for index in _KEPT):
            level = 1
        else:
            level = 2 if here[_RSP] == wanted.registers[_RSP] else 3
        if not wanted.stack or (level == 0 and behind_syscall(place)):
            return Likeness(level, 0)
        stack = stack_around(self._machine.memory, self._registers["cr3"], place[_RSP])
        return Likeness(
            level, sum(a != b for a, b in zip(_words(stack), _words(wanted.stack), strict=False))
        )


def _words(stack: bytes) -> Iterable[tuple[int]]:
    return _WORD.iter_unpack(stack[: len(stack) & -_WORD.size])

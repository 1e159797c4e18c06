"""Finding the place again at which an interrupt was taken on KVM."""

from collections.abc import Callable, Iterable
from typing import Protocol, runtime_checkable

from nanvix.machine.journal import Landing
from nanvix.machine.machine import Machine
from nanvix.machine.state import GPRS
from nanvix.snapshot.history import Checkpoint, History
from nanvix.trace.record import behind_syscall, comparable, stack_checksum

_KEPT_BYTES = 64 << 20
"""Only the last place matters."""


class Registers(Protocol):
    """The emulator's live registers."""

    @property
    def user(self) -> bool:
        """Whether ring 3 runs."""

    def __getitem__(self, name: str) -> int: ...


class Probes(Protocol):
    """The emulator's breakpoints."""

    def place(
        self, code: Iterable[int] = (), on_code: Callable[[int, int], bool] | None = None
    ) -> None:
        """Call ``on_code`` in front of every instruction at one of these addresses; True stops."""


@runtime_checkable
class Probing(Protocol):
    """A backend that has both: the emulator."""

    def probes(self) -> Probes:
        """Its breakpoints."""

    def registers(self) -> Registers:
        """Its registers."""


def _all(wanted: Landing, place: tuple[int, ...]) -> bool:
    return comparable(place) == wanted.registers


def _kept(wanted: Landing, place: tuple[int, ...]) -> bool:
    return all(place[index] == wanted.registers[index] for index in _KEPT)


def _frame(wanted: Landing, place: tuple[int, ...]) -> bool:
    return place[_RSP] == wanted.registers[_RSP]


def _address(wanted: Landing, place: tuple[int, ...]) -> bool:
    return True


_RSP = 1 + GPRS.index("rsp")
_KEPT = tuple(1 + GPRS.index(name) for name in ("rbx", "rsp", "rbp", "r12", "r13", "r14", "r15"))
"""What functions keep for their callers (System V ABI): these hold no leftovers."""
_LEVELS = (_all, _kept, _frame, _address)


_NOWHERE: tuple[tuple[int, ...], int | None] = ((), None)


class Lander:
    """Pauses the guest where a program's registers and stack are those of a :class:`Landing`.

    A program that comes by with the same registers and stack is in the same state as far as it
    goes on from there, or what differs will show at the next request. Another CPU may leave other
    values in registers that nobody uses; so a place that is not found is looked for again, from
    where the search began, by less: ``approximate`` counts the interrupts placed that way.
    """

    def __init__(self, machine: Machine, probing: Probing) -> None:
        assert machine.journal is not None
        self.approximate = 0
        self._machine = machine
        self._probes = probing.probes()
        self._registers = probing.registers()
        self._tape = machine.journal.tape
        self._history = History(machine, _KEPT_BYTES)
        self._start: Checkpoint | None = None
        self._level = 0
        self._wanted: Landing | None = None
        self._seen = _NOWHERE
        machine.journal.land = self

    def __call__(self, landing: Landing) -> None:
        """Pause there, once. The search begins here."""
        if self._wanted is not landing:
            self._level = 0
            self._seen = _NOWHERE
            self._wanted = landing
            self._start = self._history.take()
        self._probes.place((landing.registers[0],), self._reached)

    def look_again(self) -> bool:
        """After the run has parted from the journal: go back and take less for the place. False
        when that was not the reason, or nothing less is left."""
        journal = self._machine.journal
        assert journal is not None
        if self._start is None or self._wanted is None or journal.next() is not self._wanted:
            return False
        self._level += 1
        if self._level == len(_LEVELS):
            return False
        self._history.restore(self._start)
        return True

    def close(self) -> None:
        """Let go of the memory kept."""
        self._history.close()

    def _reached(self, address: int, count: int) -> bool:
        registers, wanted = self._registers, self._wanted
        if wanted is None or not registers.user:
            return False
        if self._tape is not None and self._tape.head() != wanted.readings:
            return False
        place = (address, *(registers[name] for name in GPRS))
        if not self._is_it(wanted, place):
            if not self._round_again(place):
                return False
            self._level = max(self._level, 1)
            while not _LEVELS[self._level](wanted, place):
                self._level += 1
        self._wanted = None
        self.approximate += self._level > 0
        return True

    def _is_it(self, wanted: Landing, place: tuple[int, ...]) -> bool:
        if not _LEVELS[self._level](wanted, place):
            return False
        return self._level > 0 or behind_syscall(place) or self._stack() == wanted.stack

    def _round_again(self, place: tuple[int, ...]) -> bool:
        """Whether the program has come back here as it left: it gets no nearer. Less has to do."""
        before, self._seen = self._seen, (place, self._stack() if place == self._seen[0] else None)
        return before == self._seen and before[1] is not None

    def _stack(self) -> int:
        registers = self._registers
        return stack_checksum(self._machine.memory, registers["cr3"], registers["rsp"])

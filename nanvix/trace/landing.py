"""Finding the place again at which an interrupt was taken on KVM."""

from collections.abc import Callable, Iterable
from typing import Protocol, runtime_checkable

from nanvix.machine.journal import Landing
from nanvix.machine.memory import GuestMemory
from nanvix.machine.state import GPRS
from nanvix.trace.record import comparable, stack_checksum


class Registers(Protocol):
    """The emulator's live registers."""

    @property
    def user(self) -> bool:
        """Whether ring 3 runs."""

    def __getitem__(self, name: str) -> int: ...


class Probes(Protocol):
    """The emulator's breakpoints."""

    def set(
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


class Lander:
    """Pauses the guest where a program's registers and stack are those of a :class:`Landing`.

    A program that comes by with the same registers and stack is in the same state as far as it
    goes on from there, or what differs will show at the next call.
    """

    def __init__(self, probes: Probes, registers: Registers, memory: GuestMemory) -> None:
        self._probes = probes
        self._registers = registers
        self._memory = memory
        self._wanted: Landing | None = None

    def __call__(self, landing: Landing) -> None:
        """Pause there, once."""
        self._wanted = landing
        self._probes.set((landing.registers[0],), self._reached)

    def _reached(self, address: int, count: int) -> bool:
        registers, wanted = self._registers, self._wanted
        if wanted is None or not registers.user:
            return False
        place = (address, *(registers[name] for name in GPRS))
        if comparable(place) != wanted.registers:
            return False
        checksum = stack_checksum(self._memory, registers["cr3"], registers["rsp"])
        if checksum != wanted.stack:
            return False
        self._wanted = None
        return True

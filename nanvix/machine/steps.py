"""A machine's programs run instruction by instruction, by the backend instead of the guest.

The kernel says before it returns to a program (STEP). From there the backend steps until the
program has entered the kernel again, by whatever way; the kernel itself runs freely.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from nanvix.abi.layout import TRACE_STEP
from nanvix.machine.backend import Exit
from nanvix.machine.memory import GuestMemory
from nanvix.machine.trace_ring import TraceEvent

if TYPE_CHECKING:
    from nanvix.machine.backend import Backend, Stepping

PARTS = (
    ("rip", "rflags", "rax", "rbx", "rcx", "rdx"),
    ("rsi", "rdi", "rbp", "rsp", "r8", "r9"),
    ("r10", "r11", "r12", "r13", "r14", "r15"),
)
"""The registers of the three records of a step (TRACE_STEP)."""
_PREFIXES = frozenset((*range(0x40, 0x50), *b"\x66\x67\xf2\xf3"))
_STRINGS = frozenset(b"\x6c\x6d\x6e\x6f\xa4\xa5\xa6\xa7\xaa\xab\xac\xad\xae\xaf")
_LONGEST = 15


class UserSteps:
    """Stands between a machine's run loop and its backend; ``emit`` hears the steps."""

    def __init__(
        self, backend: "Backend", memory: GuestMemory, emit: Callable[[TraceEvent], None]
    ) -> None:
        """``backend`` can step ring 0 and ring 3."""
        self._backend = cast("Stepping", backend)
        self._memory = memory
        self._emit = emit
        self._thread: int | None = None
        self._rip: int | None = None

    def begin(self, thread: int) -> None:
        """The kernel is on its way to a program's ``thread``."""
        self._thread = thread
        self._rip = None

    def run(self) -> Exit:
        """As the backend's ``run``."""
        backend = self._backend
        while self._thread is not None:
            outcome = backend.step()
            if outcome is Exit.PAUSED and backend.in_user():
                self._in_user(self._thread, backend.general())
            elif outcome is Exit.PAUSED:
                if self._rip is not None:
                    self._thread = None
            elif outcome in (Exit.KICKED, Exit.TIMER):
                return outcome
            else:
                self._thread = None
                return outcome
        return backend.run()

    def _in_user(self, thread: int, registers: dict[str, int]) -> None:
        """The program is between two instructions. A string instruction is one, however often
        it repeats; what the kernel returned to has been noted when it was left."""
        before, self._rip = self._rip, registers["rip"]
        if before is None or (before == self._rip and self._repeats(before)):
            return
        for part, names in enumerate(PARTS):
            values = tuple(registers[name] for name in names)
            self._emit(TraceEvent(TRACE_STEP, part, thread, 0, values))

    def _repeats(self, address: int) -> bool:
        """Whether the instruction there is a string instruction with a prefix."""
        place = self._backend.translate(address)
        if place is None or place >= self._memory.size:
            return False
        code = self._memory.read(place, min(_LONGEST, 4096 - (address & 4095)))
        opcode = next((byte for byte in code if byte not in _PREFIXES), 0)
        return code[0] in _PREFIXES and opcode in _STRINGS

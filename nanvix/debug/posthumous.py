"""What is left of a guest on KVM that has ended: the registers, the code and the calls of the fault
that ended it, or else how its kernel went."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nanvix.debug.present import Present
from nanvix.debug.seen import Seen
from nanvix.debug.unwind import Call
from nanvix.machine.crash import kernel_registers

if TYPE_CHECKING:
    from nanvix.machine.crash import CrashRecord

_FIRST = 1
"""The process with which the guest ends."""
_KERNEL_ENDS = ("panic", "shutdown")


class Posthumous(Present):
    """See the module; arguments as for a Present."""

    def __init__(self, argv: Sequence[str], **settings: Any) -> None:
        self._seen = Seen(self)
        self._calls: list[Call] = []
        """Of the process that has died last, where somebody has looked then."""
        super().__init__(argv, **settings)
        self._seen.cpu = self._view.registers
        self._view.registers = self._seen

    def standing(self) -> dict[str, int]:
        """The registers to be shown in place of the CPU's; none while the guest runs."""
        if not self.ended:
            return {}
        crash = self._fatal()
        return crash.registers if crash and crash.registers else kernel_registers(self.machine)

    def root(self) -> int:
        """Physical address of the running program's page tables."""
        return self._view.kernel.current_root()

    def read_memory(self, address: int, size: int, *, pid: int | None = None) -> bytes:
        """As the program sees it; of one that is gone, the code that it died in."""
        data = super().read_memory(address, size, pid=pid)
        crash = None if data or not self.ended else self._fatal()
        if crash is not None and address >= crash.code_start:
            data = crash.code[address - crash.code_start :][:size]
        return data

    def backtrace(self, tid: int | None = None, limit: int = 64) -> list[Call]:
        """A thread's calls, innermost first; of a guest that a program's fault has ended, those of
        the fault."""
        crash = self._fatal()
        if crash is not None and crash.pid and self._calls:
            return self._calls[:limit]
        return super().backtrace(tid, limit)

    def _looked(self) -> None:
        super()._looked()
        self._seen.forget()

    def _fatal(self) -> "CrashRecord | None":
        """The report of what has ended the guest, if a fault did: of its kernel, or of its first
        process."""
        outcome = self.machine.outcome
        if outcome is None or outcome.crash is None:
            return None
        by_fault = outcome.reason == "signal" and outcome.crash.pid == _FIRST
        return outcome.crash if by_fault or outcome.reason in _KERNEL_ENDS else None

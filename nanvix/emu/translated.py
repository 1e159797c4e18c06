"""Translated code that no longer is what memory holds: the engine is told before it runs on.

The engine sees what the guest writes by itself. It does not see what the host writes, nor what the
guest's kernel has written through another address (QUIRK_TRANSLATED).
"""

from __future__ import annotations

from nanvix.abi.layout import CONTROL, CONTROL_PHYS, PAGE_SIZE
from nanvix.emu.layout import CR0

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nanvix.emu.cpu import Cpu
    from nanvix.emu.engine import Engine
    from nanvix.machine.memory import GuestMemory

CR0_PG = 1 << 31
_CODE_FRAME = CONTROL_PHYS + CONTROL.offsets["code_frame"]


class Translated:
    """``changed``: physical [start, end) ranges written since the engine last knew."""

    __slots__ = ("_cpu", "_engine", "_memory", "changed")

    def __init__(self, engine: Engine, cpu: Cpu, memory: GuestMemory) -> None:
        self._engine = engine
        self._cpu = cpu
        self._memory = memory
        self.changed: list[tuple[int, int]] = []

    def note(self, gpa: int, size: int) -> None:
        """``size`` bytes at ``gpa`` may hold translated code or page tables. Raises as
        :meth:`GuestMemory.check` does."""
        self._memory.check(gpa, size)
        if size:
            self.changed.append((gpa, gpa + size))

    def drop(self) -> None:
        """Make the engine forget what it knows of them; there is at least one."""
        engine, q = self._engine, self._cpu.q
        changed = self.changed
        engine.flush_tlb()
        # The engine wants linear addresses: for these calls, linear is physical.
        cr0 = q[CR0]
        q[CR0] = cr0 & ~CR0_PG
        changed.sort()
        start, end = changed[0]
        for first, last in changed:
            if first > end:
                engine.remove_code(start, end)
                start, end = first, last
            elif last > end:
                end = last
        engine.remove_code(start, end)
        q[CR0] = cr0
        engine.flush_tlb()
        changed.clear()

    def drop_named(self) -> bool:
        """The same for the frame that the guest's kernel has named in the control page; False when
        that is none."""
        frame = int.from_bytes(self._memory.read(_CODE_FRAME, 8), "little")
        if frame % PAGE_SIZE or frame >= self._memory.size:
            return False
        self.note(frame, PAGE_SIZE)
        self.drop()
        return True

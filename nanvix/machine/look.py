"""Interrupts of a guest that is recorded on KVM, told at the end of a system call.

Where a program is interrupted cannot be found again if only the host's CPU leads there. The end of
a system call is a better place: it has a number. A program that makes none for a while is
interrupted all the same.
"""

import time
from typing import TYPE_CHECKING

from nanvix.abi.channel import LOOK_EVENT, LOOK_TIMER, OPS
from nanvix.abi.layout import CONTROL, CONTROL_PHYS, VECTOR_EVENT, VECTOR_TIMER

if TYPE_CHECKING:
    from nanvix.abi.call import Call
    from nanvix.machine.backend import Backend
    from nanvix.machine.memory import GuestMemory
    from nanvix.machine.timers import Timers

LOOK = OPS["LOOK"][0]
_LOOK_AT = CONTROL_PHYS + CONTROL.offsets["look_at"]
_PATIENCE = 0.05
"""Seconds of the virtual CPU's own time: a C library asking the CPU what it is takes some 10 ms
where CPUID leaves the guest."""
_BITS = {VECTOR_TIMER: LOOK_TIMER, VECTOR_EVENT: LOOK_EVENT}


def set_look_at(memory: "GuestMemory", calls: int) -> None:
    """Have the kernel call LOOK when it has done so many system calls; 0: not at all."""
    memory.write(_LOOK_AT, calls.to_bytes(8, "little"))


class Look:
    """Stands for ``backend.inject``. ``wanted``: the vectors that have not been told yet."""

    def __init__(self, memory: "GuestMemory", backend: "Backend", timers: "Timers") -> None:
        self.wanted: set[int] = set()
        self._since = 0.0
        self._memory = memory
        self._backend = backend
        self._timers = timers
        timers.inject = self.inject
        timers.lose_patience = self._interrupt

    def inject(self, vector: int) -> None:
        """Tell the guest with its next system call, or a little later in any case."""
        if not self.wanted:
            self._since = time.thread_time()
            self._timers.be_patient()
            set_look_at(self._memory, 1)
        self.wanted.add(vector)

    def answer(self, call: "Call") -> int:
        """The guest looks: LOOK_* bits."""
        call.out[0] = call.arg[0]
        bits = sum(_BITS[vector] for vector in self.wanted)
        self.forget()
        return bits

    def forget(self) -> None:
        """The guest knows, or does now what it would do then."""
        if self.wanted:
            self.wanted.clear()
            self._timers.be_patient(False)
            set_look_at(self._memory, 0)

    def _interrupt(self) -> None:
        if 0 <= time.thread_time() - self._since < _PATIENCE:
            self._timers.be_patient()
            return
        for vector in self.wanted:
            self._backend.inject(vector)
        self.forget()

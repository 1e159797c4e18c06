"""One instruction at a time on KVM, where the host can: KVM_SET_GUEST_DEBUG with its single step.

KVM steps by the processor's trap flag, behind the guest's back but not unseen: what an instruction
stores of RFLAGS has the flag in it. That is mended here for ``pushf`` and ``sysret``; what SYSCALL
leaves in r11, and a fault or an interrupt on the handler's stack, the guest kernel mends
(BOOT_HOST_STEP).
"""

from collections.abc import Callable

from nanvix.kvm import registers
from nanvix.kvm.device.kept import DEBUG_ENABLE, DEBUG_SINGLE_STEP
from nanvix.kvm.device.vcpu import Vcpu
from nanvix.machine.backend import Exit
from nanvix.machine.memory import GuestMemory
from nanvix.machine.paging import walk

FLAG_TF = 1 << 8
_PUSHF, _OPERAND_SIZE = 0x9C, 0x66
_SYSRET = b"\x0f\x07"
_LONGEST = 4


class Stepper:
    """Steps one vCPU. ``run`` is the backend's."""

    def __init__(self, vcpu: Vcpu, memory: GuestMemory, run: Callable[[], Exit]) -> None:
        self._vcpu = vcpu
        self._memory = memory
        self._run = run
        self._exact = False

    def step(self) -> Exit:
        """Run one instruction: PAUSED behind it, or why the guest was left before.

        No trap follows where the instruction enters ring 0, by a fault or SYSCALL: the guest then
        runs on to its next exit. Behind a load of SS the next instruction runs as well.
        """
        vcpu = self._vcpu
        self.general()
        code = self._code()
        sysret = code[-2:] == _SYSRET
        if sysret:
            # Its trap comes by the flags it loads, not by those before it.
            self._set("r11", self._get("r11") | FLAG_TF)
            vcpu.sync()
        vcpu.debug(DEBUG_ENABLE | DEBUG_SINGLE_STEP)
        vcpu.keep_registers(True)
        try:
            outcome = self._run()
        finally:
            vcpu.keep_registers(False)
            vcpu.debug(0)
        self._exact = outcome is Exit.PAUSED
        if self._exact and sysret:
            self._set("r11", self._get("r11") & ~FLAG_TF)
        elif self._exact and code[-1:] == bytes([_PUSHF]):
            self._clear_pushed()
        return outcome

    def general(self) -> dict[str, int]:
        """The general registers, rip and rflags, without touching anything else."""
        if not self._exact or self._vcpu.changed():
            self._vcpu.sync()
            self._exact = True
        return registers.general(self._vcpu.registers()[0])

    def in_user(self) -> bool:
        """Whether ring 3 is next, as of :meth:`general` or a step."""
        return registers.ring_of(self._vcpu.registers()[1]) == 3

    def left(self) -> None:
        """The guest has been run otherwise: what is known of its registers is old."""
        self._exact = False

    def _get(self, name: str) -> int:
        return registers.general(self._vcpu.registers()[0])[name]

    def _set(self, name: str, value: int) -> None:
        changed = registers.general(self._vcpu.registers()[0]) | {name: value}
        self._vcpu.set_general(registers.encode_general(changed))

    def _code(self) -> bytes:
        """The instruction's opcode with its prefixes, as far as it is one of ours."""
        rip = self._get("rip")
        place = self._place(rip)
        if place is None:
            return b""
        code = self._memory.read(place, min(_LONGEST, 4096 - (rip & 4095)))
        at = 0
        while at < len(code) and (code[at] == _OPERAND_SIZE or code[at] & 0xF0 == 0x40):
            at += 1
        return code[at : at + 1] if code[at : at + 1] == bytes([_PUSHF]) else code[at : at + 2]

    def _place(self, address: int) -> int | None:
        cr3 = registers.cr3_of(self._vcpu.registers()[1])
        found = walk(self._memory, cr3, address)
        return None if found is None else found.physical

    def _clear_pushed(self) -> None:
        """Take the flag out of the second byte of what PUSHF has stored."""
        place = self._place(self._get("rsp") + 1)
        if place is not None and place < self._memory.size:
            byte = self._memory.read(place, 1)[0]
            self._memory.write(place, bytes([byte & ~(FLAG_TF >> 8)]))

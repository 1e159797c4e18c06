"""The general registers of a stopped vCPU by name, as nanvix.emu.registers has the emulator's."""

from __future__ import annotations

from nanvix.abi.layout import USER_END
from nanvix.kvm import registers
from nanvix.machine.state import VcpuState

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nanvix.kvm.device.vcpu import Vcpu

_MASK = (1 << 64) - 1
_BASES = {"fs_base": "fs", "gs_base": "gs"}
_CONTROL = ("cr2", "cr3")


class Registers:
    """``registers["rax"]``, also rip, rflags, cr2, cr3, fs_base and gs_base.

    Read from KVM when first asked for; :meth:`forget` after the guest has run.
    """

    __slots__ = ("_state", "_vcpu")

    def __init__(self, vcpu: Vcpu) -> None:
        self._vcpu = vcpu
        self._state: VcpuState | None = None

    def forget(self) -> None:
        """The guest has run: what was known holds no more."""
        self._state = None

    def __getitem__(self, name: str) -> int:
        """Raises KeyError for a name it does not know."""
        state = self._known()
        if name in state.gpr:
            return state.gpr[name]
        if name in _BASES:
            return state.segments[_BASES[name]].base
        if name not in ("rip", "rflags", *_CONTROL):
            raise KeyError(name)
        value: int = getattr(state, name)
        return value

    def __setitem__(self, name: str, value: int) -> None:
        """Set a general register, rip or rflags, between runs. Raises KeyError for others."""
        state = self._known()
        if name in state.gpr:
            state.gpr[name] = value & _MASK
        elif name in ("rip", "rflags"):
            setattr(state, name, value & _MASK)
        else:
            raise KeyError(name)
        self._vcpu.set_general(registers.encode_regs(state))

    @property
    def rip(self) -> int:
        """The instruction pointer."""
        return self._known().rip

    @property
    def user(self) -> bool:
        """Whether a program runs. By the address, because the kernel may work in ring 3 as well
        (docs/privilege.md)."""
        return self._known().rip < USER_END

    def general(self) -> dict[str, int]:
        """All general registers, rip and rflags."""
        state = self._known()
        return {**state.gpr, "rip": state.rip, "rflags": state.rflags}

    def _known(self) -> VcpuState:
        if self._state is None:
            state = VcpuState()
            self._vcpu.sync()
            registers.decode(state, *self._vcpu.registers())
            self._state = state
        return self._state

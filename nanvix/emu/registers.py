"""The general registers of the live CPU by name, cheap enough for every probe."""

from __future__ import annotations

from nanvix.emu.layout import CR2, CR3, FS, GS, HF_CPL, HFLAGS, RIP

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nanvix.emu.cpu import Cpu

_NAMES = (
    "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
    "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "rip",
)  # fmt: skip
_INDEX = {name: index for index, name in enumerate(_NAMES)} | {"cr2": CR2, "cr3": CR3}
_BASES = {"fs_base": FS, "gs_base": GS}
_MASK = (1 << 64) - 1


class Registers:
    """``registers["rax"]``, also cr2, cr3, fs_base, gs_base and rflags."""

    __slots__ = ("_cpu",)

    def __init__(self, cpu: Cpu) -> None:
        self._cpu = cpu

    def __getitem__(self, name: str) -> int:
        """Raises KeyError for a name it does not know."""
        index = _INDEX.get(name)
        if index is not None:
            return self._cpu.q[index]
        if name == "rflags":
            return self._cpu.flags()
        return self._cpu.base(_BASES[name])

    def __setitem__(self, name: str, value: int) -> None:
        """Set a general register, rip or rflags, between runs."""
        if name == "rflags":
            self._cpu.set_flags(value)
        elif name in _BASES:
            cpu, segment = self._cpu, _BASES[name]
            cpu.set_segment(
                segment, cpu.selector(segment), value & _MASK, cpu.limit(segment),
                cpu.attributes(segment),
            )  # fmt: skip
        else:
            self._cpu.q[_INDEX[name]] = value & _MASK

    @property
    def rip(self) -> int:
        """The instruction pointer."""
        return self._cpu.q[RIP]

    @property
    def user(self) -> bool:
        """Whether ring 3 runs."""
        return self._cpu.w[HFLAGS] & HF_CPL == 3

    def general(self) -> dict[str, int]:
        """All general registers, rip and rflags."""
        q = self._cpu.q
        found = {name: q[index] for index, name in enumerate(_NAMES)}
        found["rflags"] = self._cpu.flags()
        return found

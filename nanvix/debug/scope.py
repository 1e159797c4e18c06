"""What names mean in one frame: registers, variables of the program, symbols."""

from typing import TYPE_CHECKING, Protocol

from nanvix.debug.values import BASE, Type, Value
from nanvix.machine.state import GPRS

if TYPE_CHECKING:
    from nanvix.debug.view import View

_ALIASES: dict[str, tuple[str, int, int]] = {"pc": ("rip", 0, 64), "sp": ("rsp", 0, 64)}
for _letter in "abcd":
    _ALIASES[f"e{_letter}x"] = (f"r{_letter}x", 0, 32)
    _ALIASES[f"{_letter}x"] = (f"r{_letter}x", 0, 16)
    _ALIASES[f"{_letter}l"] = (f"r{_letter}x", 0, 8)
    _ALIASES[f"{_letter}h"] = (f"r{_letter}x", 8, 8)
for _name in ("si", "di", "bp", "sp"):
    _ALIASES[f"e{_name}"] = (f"r{_name}", 0, 32)
    _ALIASES.setdefault(_name, (f"r{_name}", 0, 16))
    _ALIASES[f"{_name}l"] = (f"r{_name}", 0, 8)
for _number in range(8, 16):
    _ALIASES[f"r{_number}d"] = (f"r{_number}", 0, 32)
    _ALIASES[f"r{_number}w"] = (f"r{_number}", 0, 16)
    _ALIASES[f"r{_number}b"] = (f"r{_number}", 0, 8)
_ALIASES["eflags"] = _ALIASES["flags"] = ("rflags", 0, 32)
_FULL = frozenset((*GPRS, "rip", "rflags", "cr2", "cr3", "fs_base", "gs_base"))


class Registers(Protocol):
    """Registers by name."""

    def __getitem__(self, name: str) -> int: ...


class FrameScope:
    """See :class:`nanvix.debug.expression.Scope`. ``extra``: names before all others."""

    def __init__(
        self, view: "View", registers: Registers, extra: dict[str, int], task: int | None = None
    ) -> None:
        self._view = view
        self._registers = registers
        self._extra = extra
        self._task = task

    def read(self, address: int, size: int) -> bytes:
        """Memory of the frame's process."""
        return self._view.read(address, size)

    def register(self, name: str) -> int | None:
        """Also parts of registers: eax, al, r8d; pc and sp."""
        name, shift, width = _ALIASES.get(name, (name, 0, 64))
        if name not in _FULL:
            return None
        try:
            return self._registers[name] >> shift & (1 << width) - 1
        except KeyError:
            return None

    def variable(self, name: str) -> Value | None:
        """A variable; a symbol without a type is eight bytes, a function an address."""
        if name in self._extra:
            return Value.number(self._extra[name], self.read)
        return self._symbol(name)

    def _symbol(self, name: str) -> Value | None:
        found = self._view.symbols.symbol(name, self._view.modules(self._task))
        if found is None:
            return None
        address, size, code = found
        if code:
            return Value(Type("function", name, 1), self.read, address=address)
        unit = BASE.get(f"u{8 * size}")
        if unit is None and size > 8:
            unit = Type("array", f"{name}[]", size, BASE["u8"], size)
        return Value(unit or BASE["u64"], self.read, address=address)

    def type(self, name: str) -> Type | None:
        """A type of the program."""
        return None

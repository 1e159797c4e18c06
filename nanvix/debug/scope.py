"""What names mean in one frame: registers, variables of the program, symbols."""

from typing import TYPE_CHECKING, Protocol

from nanvix.debug.dwarf import Variable
from nanvix.debug.entry import register_of
from nanvix.debug.errors import DebugError
from nanvix.debug.location import evaluate
from nanvix.debug.values import BASE, Type, Value
from nanvix.machine.state import GPRS

if TYPE_CHECKING:
    from nanvix.debug.symbols import Module
    from nanvix.debug.unwind import Frame
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
        self,
        view: "View",
        registers: Registers,
        extra: dict[str, int],
        frame: "Frame | None" = None,
        modules: "list[Module] | None" = None,
    ) -> None:
        self._view = view
        self._registers = registers
        self._extra = extra
        self._given_frame = frame
        self._given_modules = modules

    def read(self, address: int, size: int) -> bytes:
        """Memory of the frame's process."""
        if self._given_frame is not None:
            return self._given_frame.read(address, size)
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
        """A variable by its debug information; by its symbol alone it is so many bytes, or a
        function."""
        if name in self._extra:
            return Value.number(self._extra[name], self.read)
        module = self._module()
        if module is not None:
            address = self._frame().lookup - module.bias
            outer = self._frame().outer
            for variable in reversed(module.binary.dwarf().variables(address, outer)):
                if variable.name == name:
                    return self._value(variable, module)
        for other in self._modules():
            # A variable in memory has a symbol, and looking there is cheap.
            known = name in other.binary.names or not other.binary.names
            if not known and not other.binary.meant(name):
                continue
            short = name.rpartition("::")[2]
            found = other.binary.dwarf().global_variable(short, self._linked(other))
            if found is not None:
                return self._value(found, other)
        return self._symbol(name)

    def _linked(self, module: "Module") -> int | None:
        """Where we are in this file, as linked."""
        address = self._frame().lookup
        return address - module.bias if module.start <= address < module.end else None

    def type(self, name: str) -> Type | None:
        """A type of the program."""
        for module in self._modules():
            found = module.binary.dwarf().type(name, self._linked(module))
            if found is not None:
                return found
        return None

    def variables(self) -> list[tuple[str, Value | None, str, bool]]:
        """Name, value, what is wrong with it, and whether it is an argument, for all in scope."""
        module = self._module()
        found: list[tuple[str, Value | None, str, bool]] = []
        if module is None:
            return found
        frame = self._frame()
        address = frame.lookup - module.bias
        for variable in module.binary.dwarf().variables(address, frame.outer, own=True):
            try:
                value = self._value(variable, module)
            except DebugError as error:
                found.append((variable.name, None, str(error), variable.argument))
            else:
                found.append((variable.name, value, "", variable.argument))
        return found

    # -- where a variable is -----------------------------------------------------------------

    def _value(self, variable: Variable, module: "Module") -> Value:
        """A reference is what it refers to."""
        value = self._stored(variable, module)
        return value.dereference() if value.type.reference else value

    def _stored(self, variable: Variable, module: "Module") -> Value:
        frame = self._frame()
        dwarf = module.binary.dwarf()
        location = variable.location
        if isinstance(location, list):
            address = frame.lookup - module.bias
            location = next((e for low, high, e in location if low <= address < high), None)
        if location is None:
            raise DebugError(f"{variable.name}: optimised out")
        if variable.argument and frame.exact:
            name = register_of(dwarf, frame.lookup - module.bias, variable)
            if name in frame.registers:
                data = frame.registers[name].to_bytes(8, "little")[: variable.type.size]
                return Value(variable.type, self.read, data=data)
        frame.bias = module.bias
        try:
            place = evaluate(
                location,
                frame,
                base=lambda: self._frame_base(frame, module),
                indexed=lambda index: dwarf.indexed(variable.unit, index),
            )
        except DebugError as error:
            raise DebugError(f"{variable.name}: {error}") from None
        if place.kind == "memory":
            return Value(variable.type, self.read, address=place.value)
        if place.kind == "bytes":
            return Value(variable.type, self.read, data=place.data)
        number = frame.register(place.value) if place.kind == "register" else place.value
        data = number.to_bytes(8, "little")[: variable.type.size or 8]
        return Value(variable.type, self.read, data=data)

    def _frame_base(self, frame: "Frame", module: "Module") -> int:
        found = module.binary.dwarf().frame_base(frame.lookup - module.bias)
        if found is None:
            raise DebugError("the function's frame is not described")
        place = evaluate(found[0], frame)
        return frame.register(place.value) if place.kind == "register" else place.value

    def _symbol(self, name: str) -> Value | None:
        found = self._view.symbols.symbol(name, self._modules())
        if found is None:
            return None
        address, size, code = found
        if code:
            return Value(Type("function", name, 1), self.read, address=address)
        unit = BASE.get(f"u{8 * size}")
        if unit is None and size > 8:
            unit = Type("array", f"{name}[]", size, BASE["u8"], size)
        return Value(unit or BASE["u64"], self.read, address=address)

    def _modules(self) -> "list[Module]":
        if self._given_modules is None:
            self._given_modules = self._view.modules()
        return self._given_modules

    def _module(self) -> "Module | None":
        address = self._frame().lookup
        return next((m for m in self._modules() if m.start <= address < m.end), None)

    def _frame(self) -> "Frame":
        if self._given_frame is None:
            self._given_frame = self._view.innermost()
        return self._given_frame

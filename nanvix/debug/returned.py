"""What a function has returned, by its debug information and the System V ABI (3.2.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nanvix.debug.values import SCALARS, Type, Value
from nanvix.named import NamedTuple

if TYPE_CHECKING:
    from nanvix.debug.inspect import Inspector
    from nanvix.debug.points import Stop
    from nanvix.debug.view import View

_WORD = 8
_XMM0 = 160
"""Where the register is in an FXSAVE image."""


class Returning(NamedTuple):
    """A function that is to return, and the type of its result."""

    name: str
    type: Type


def returning(view: View) -> Returning | None:
    """The innermost function; None where it has no result, or none is known."""
    address = view.innermost().lookup
    module = next((m for m in view.modules() if m.start <= address < m.end), None)
    if module is None:
        return None
    dwarf = module.binary.dwarf()
    found = dwarf.function(address - module.bias)
    if found is None:
        return None
    result = dwarf.types.of_attribute(found[2])
    return None if result.kind == "void" else Returning(dwarf.name_of(found[2]), result)


def with_result(guest: Inspector, stop: Stop, what: Returning | None) -> Stop:
    """A stop behind the return of a function that says what it has returned."""
    if stop.reason != "return" or what is None:
        return stop
    value = _value(guest, what.type)
    return stop if value is None else stop._replace(detail=f"{what.name}() = {value.show()}")


def _value(guest: Inspector, type: Type) -> Value | None:
    """In a register, or where rax says; None where it may be in several pieces."""
    if type.kind == "float" and type.size in (4, _WORD):
        data = guest.cpu().fxsave[_XMM0 : _XMM0 + type.size]
        return Value(type, guest.read_memory, data=bytes(data))
    rax = guest.registers()["rax"]
    if type.kind in SCALARS and type.kind != "float" and type.size <= _WORD:
        data = rax.to_bytes(_WORD, "little")[: type.size]
        return Value(type, guest.read_memory, data=data)
    large = type.kind in ("struct", "union") and type.size > 2 * _WORD
    return Value(type, guest.read_memory, address=rax) if large else None

"""Arguments where a function begins: code that was not optimised keeps them on the stack, but only
after its first instructions. Until then they are where the caller has put them (System V ABI)."""

from typing import TYPE_CHECKING

from nanvix.debug.errors import DebugError

if TYPE_CHECKING:
    from nanvix.debug.dwarf import Dwarf, Variable

_REGISTERS = ("rdi", "rsi", "rdx", "rcx", "r8", "r9")
_ON_STACK = b"\x91"
"""DW_OP_fbreg."""
_WHOLE = frozenset(("int", "uint", "bool", "char", "enum", "pointer"))
_WORD = 8
_NOT_YET = "not in its place yet: l goes to where it is"


def register_of(dwarf: "Dwarf", address: int, variable: "Variable") -> str | None:
    """The register that an argument is in at an instruction (as linked); None where it is where its
    debug information says. Raises DebugError where it is in neither."""
    location = variable.location
    if not (variable.argument and isinstance(location, bytes) and location[:1] == _ON_STACK):
        return None
    found = dwarf.function(address)
    if found is None or not _begins(dwarf, found[0], address):
        return None
    used = int(_by_reference(dwarf, found[2]))
    for die in found[2].iter_children():
        if die.tag != "DW_TAG_formal_parameter":
            continue
        type = dwarf.types.of_attribute(die)
        whole = type.kind in _WHOLE and type.size <= _WORD
        if dwarf.name_of(die) == variable.name:
            if whole and used >= len(_REGISTERS):
                return None
            if whole:
                return _REGISTERS[used]
            break
        if type.kind == "float":
            continue
        if not whole:
            break
        used += 1
    raise DebugError(_NOT_YET)


def _begins(dwarf: "Dwarf", start: int, address: int) -> bool:
    """Whether an instruction is of those before the first line of a function's body."""
    row = dwarf.row(address)
    return row is not None and row.address == start


def _by_reference(dwarf: "Dwarf", function: object) -> bool:
    """Whether the result is written where a hidden first argument says. Raises DebugError where
    that depends on more than is known."""
    result = dwarf.types.of_attribute(function)
    if result.kind not in ("struct", "union"):
        return False
    if result.size > 2 * _WORD:
        return True
    raise DebugError(_NOT_YET)

"""What a value holds: the members of a struct, the elements of an array or vector, what a pointer
points to. Made when asked for, and never more than a screen can show at a time.
"""

from __future__ import annotations

from nanvix.debug import library_types
from nanvix.debug.errors import DebugError
from nanvix.debug.values import MAX_SHOWN, Type, Value
from nanvix.named import NamedTuple

_NOTHING = frozenset(("void", "function"))
_STRUCTS = frozenset(("struct", "union"))


class Part(NamedTuple):
    """``name``: as a debugger shows it; ``first``: the number of an array's first element, where it
    is a piece of a longer one."""

    name: str
    value: Value
    first: int = 0


def opens(value: Value) -> bool:
    """Whether there is anything in it."""
    held = library_types.held(value)
    kind, target = held.type.kind, held.type.target
    if kind == "array":
        return held.type.count > 0 and held.address is not None and target is not None
    if kind == "pointer":
        return target is not None and target.kind not in _NOTHING and _leads_somewhere(held)
    return kind in _STRUCTS and bool(held.type.members)


def parts(value: Value, name: str, first: int = 0) -> list[Part]:
    """What is in a value that is called so; nothing where that cannot be read. Long arrays come in
    pieces, which are arrays themselves."""
    if not opens(value):
        return []
    held = library_types.held(value)
    if held.type.kind == "array":
        return _elements(held, first)
    if held.type.kind in _STRUCTS:
        return _members(held)
    target = held.dereference()
    inside = target.type.kind in _STRUCTS or target.type.kind == "array"
    return parts(target, name) if inside else [Part(f"*{name}", target)]


def _leads_somewhere(pointer: Value) -> bool:
    try:
        return pointer.integer() != 0
    except DebugError:
        return False


def _members(value: Value) -> list[Part]:
    """By name; those without one, as base classes, by their type."""
    return [
        Part(member.name or member.type.name, value.part(member))
        for member in value.type.members[:MAX_SHOWN]
    ]


def _elements(value: Value, first: int) -> list[Part]:
    """One by one, or in as few pieces as are not too many."""
    target, count = value.type.target, value.type.count
    assert target is not None and value.address is not None
    if count <= MAX_SHOWN:
        return [Part(f"[{first + i}]", value.element(i)) for i in range(count)]
    size = MAX_SHOWN
    while size * MAX_SHOWN < count:
        size *= MAX_SHOWN
    found = []
    for at in range(0, count, size):
        length = min(size, count - at)
        kind = Type("array", f"{target.name}[{length}]", target.size * length, target, length)
        piece = Value(kind, value.read, address=value.address + at * target.size)
        found.append(Part(f"[{first + at}..{first + at + length - 1}]", piece, first + at))
    return found

"""Types of the C++ library as people think of them: text, elements, what a pointer owns. What does
not look as expected (GCC's library) is shown as any other struct."""

from typing import TYPE_CHECKING

from nanvix.debug.errors import DebugError

if TYPE_CHECKING:
    from nanvix.debug.values import Type, Value

_TEXT, _ELEMENTS, _DEPTH = 200, 16, 8
_LARGEST = 1 << 32
"""More bytes than that are in no vector that has been made."""


def quoted(data: bytes) -> str:
    """Text in quotes; what cannot be shown as in C."""
    text = data.decode("utf-8", "backslashreplace")
    return '"' + "".join(c if c.isprintable() and c != '"' else ascii(c)[1:-1] for c in text) + '"'


def shown(value: "Value", depth: int) -> str | None:
    """A string, vector or smart pointer; None for all else."""
    name = _plain(value)
    for start, show in _SHOWN.items():
        if name.startswith(start):
            try:
                return show(value, depth)
            except DebugError:
                return None
    return None


def held(value: "Value") -> "Value":
    """What a string, vector or smart pointer stands for: an array, or a pointer; all else itself,
    and also what cannot be read as one of these."""
    name = _plain(value)
    for start, find in _HELD.items():
        if name.startswith(start):
            try:
                return find(value)
            except DebugError:
                return value
    return value


def _plain(value: "Value") -> str:
    return value.type.name.removeprefix("struct ").removeprefix("std::")


def _string(value: "Value", depth: int) -> str:
    text = _letters(value)
    data = value.read(text.address or 0, min(text.type.count, _TEXT))
    return quoted(data) + ("..." if text.type.count > _TEXT else "")


def _letters(value: "Value") -> "Value":
    size = value.member("_M_string_length").integer()
    return _array(value.member("_M_dataplus").member("_M_p"), size)


def _vector(value: "Value", depth: int) -> str:
    whole = _vector_array(value)
    size = whole.type.count
    found = [whole.element(i).show(depth - 1) for i in range(min(size, _ELEMENTS))]
    return f"{size} of {{{', '.join(found)}{', ...' if size > _ELEMENTS else ''}}}"


def _vector_array(value: "Value") -> "Value":
    inner = value.member("_M_impl")
    first, end = inner.member("_M_start"), inner.member("_M_finish").integer()
    used, width = end - first.integer(), first.dereference().type.size if end else 1
    if not 0 <= used <= _LARGEST or not width:
        raise DebugError("this vector has not been made yet")
    return _array(first, used // width)


def _array(first: "Value", count: int) -> "Value":
    """So many elements from where a pointer leads on."""
    from nanvix.debug.values import Type, Value

    target = first.type.target
    if target is None or not 0 <= count <= _LARGEST:
        raise DebugError("this has not been made yet")
    kind = Type("array", f"{target.name}[{count}]", target.size * count, target, count)
    return Value(kind, first.read, address=first.integer())


def _unique(value: "Value", depth: int) -> str:
    return _head(value).show(depth)


def _head(value: "Value") -> "Value":
    at = _pointer(value.type, "_M_head_impl")
    if at is None or value.address is None:
        raise DebugError("no pointer inside")
    offset, kind = at
    return type(value)(kind, value.read, address=value.address + offset)


def _shared(value: "Value", depth: int) -> str:
    return _owned(value).show(depth)


def _owned(value: "Value") -> "Value":
    return value.member("_M_ptr")


def _pointer(
    kind: "Type", name: str, offset: int = 0, depth: int = _DEPTH
) -> "tuple[int, Type] | None":
    """Where a pointer of this name lies, in members and bases."""
    for member in kind.members if depth else ():
        if member.name == name and member.type.kind == "pointer":
            return offset + member.offset, member.type
        if member.type.kind == "struct":
            found = _pointer(member.type, name, offset + member.offset, depth - 1)
            if found is not None:
                return found
    return None


_SHOWN = {
    "basic_string<char": _string, "__cxx11::basic_string<char": _string, "string": _string,
    "vector<": _vector, "unique_ptr<": _unique, "shared_ptr<": _shared,
}  # fmt: skip
_HELD = {
    "basic_string<char": _letters, "__cxx11::basic_string<char": _letters,
    "string": _letters, "vector<": _vector_array, "unique_ptr<": _head, "shared_ptr<": _owned,
}  # fmt: skip

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
    name = value.type.name.removeprefix("struct ").removeprefix("std::")
    for start, show in _SHOWN.items():
        if name.startswith(start):
            try:
                return show(value, depth)
            except DebugError:
                return None
    return None


def _string(value: "Value", depth: int) -> str:
    size = value.member("_M_string_length").integer()
    at = value.member("_M_dataplus").member("_M_p").integer()
    data = value.read(at, min(max(size, 0), _TEXT))
    return quoted(data) + ("..." if size > _TEXT else "")


def _vector(value: "Value", depth: int) -> str:
    inner = value.member("_M_impl")
    first, end = inner.member("_M_start"), inner.member("_M_finish").integer()
    used, width = end - first.integer(), first.dereference().type.size if end else 1
    if not 0 <= used <= _LARGEST or not width:
        raise DebugError("this vector has not been made yet")
    size = used // width
    found = [first.element(i).show(depth - 1) for i in range(min(size, _ELEMENTS))]
    return f"{size} of {{{', '.join(found)}{', ...' if size > _ELEMENTS else ''}}}"


def _unique(value: "Value", depth: int) -> str:
    at = _pointer(value.type, "_M_head_impl")
    if at is None or value.address is None:
        raise DebugError("no pointer inside")
    offset, kind = at
    return type(value)(kind, value.read, address=value.address + offset).show(depth)


def _shared(value: "Value", depth: int) -> str:
    return value.member("_M_ptr").show(depth)


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
    "basic_string<char": _string, "__cxx11::basic_string<char": _string, "vector<": _vector,
    "unique_ptr<": _unique, "shared_ptr<": _shared,
}  # fmt: skip

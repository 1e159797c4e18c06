"""C types and values, as a debugger shows them: independent of where they come from (DWARF)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from struct import unpack

from nanvix.debug import library_types
from nanvix.debug.errors import DebugError
from nanvix.named import NamedTuple

Read = Callable[[int, int], bytes]
"""Memory at a linear address: fewer bytes where the next page is not mapped."""

_MASK = (1 << 64) - 1
MAX_SHOWN = 64
"""How many members or elements are shown at a time."""
_MAX_TEXT = 200
_MAX_WHOLE = 1000
"""Letters of a value behind which no more of its members or elements are shown."""


class Member(NamedTuple):
    """A field at ``offset`` bytes; ``bits``: (first bit, width) of a bit field, or None."""

    name: str
    type: Type
    offset: int
    bits: tuple[int, int] | None = None


class Type:
    """``kind``: int, uint, bool, char, float, enum, pointer, array, struct, union, function, void.

    ``target``: of pointers and arrays; ``count``: of an array's elements; ``members`` of structs
    are computed when first asked for, because types refer to each other; ``names``: of an enum;
    ``reference``: a pointer that C++ takes for what it points to.
    """

    reference = False

    def __init__(
        self,
        kind: str,
        name: str,
        size: int,
        target: Type | None = None,
        count: int = 0,
        members: Callable[[], list[Member]] | None = None,
        names: dict[int, str] | None = None,
    ) -> None:
        self.kind = kind
        self.name = name
        self.size = size
        self.target = target
        self.count = count
        self.names = names or {}
        self._make = members
        self._members: list[Member] | None = None

    @property
    def members(self) -> list[Member]:
        """The fields of a struct or union."""
        if self._members is None:
            self._members = self._make() if self._make is not None else []
        return self._members

    def pointer(self) -> Type:
        """The type of a pointer to this."""
        return Type("pointer", f"{self.name} *", 8, self)

    def __repr__(self) -> str:
        return f"<{self.kind} {self.name}>"


VOID = Type("void", "void", 0)
BASE = {
    **{f"u{8 * n}": Type("uint", f"u{8 * n}", n) for n in (1, 2, 4, 8)},
    **{f"i{8 * n}": Type("int", f"i{8 * n}", n) for n in (1, 2, 4, 8)},
    "char": Type("char", "char", 1),
    "bool": Type("bool", "bool", 1),
    "short": Type("int", "short", 2),
    "int": Type("int", "int", 4),
    "unsigned": Type("uint", "unsigned", 4),
    "long": Type("int", "long", 8),
    "size_t": Type("uint", "size_t", 8),
    "float": Type("float", "float", 4),
    "double": Type("float", "double", 8),
    "void": VOID,
}
"""Types every expression may name."""
U64, I64 = BASE["u64"], BASE["i64"]
SCALARS = frozenset(("int", "uint", "bool", "char", "enum", "pointer", "float", "function"))


class Value:
    """A typed value: in memory at ``address``, or ``data`` alone (a register, a result)."""

    __slots__ = ("address", "bits", "data", "read", "type")

    def __init__(
        self,
        type: Type,
        read: Read,
        *,
        address: int | None = None,
        data: bytes | None = None,
        bits: tuple[int, int] | None = None,
    ) -> None:
        self.type = type
        self.read = read
        self.address = address
        self.bits = bits
        self.data = data

    @classmethod
    def number(cls, value: int, read: Read, type: Type = I64) -> Value:
        """A plain number, cut to its type."""
        size = max(1, type.size)
        return cls(type, read, data=(value & (1 << 8 * size) - 1).to_bytes(size, "little"))

    def bytes(self) -> bytes:
        """The value's bytes. Raises DebugError when memory is not mapped."""
        if self.data is None:
            assert self.address is not None
            data = self.read(self.address, self.type.size)
            if len(data) < self.type.size:
                raise DebugError(f"memory at {self.address:#x} cannot be read")
            return data
        return self.data

    def scalar(self) -> int | float:
        """The value as a number: an array's is its address, as in C."""
        kind = self.type.kind
        if kind in ("array", "function"):
            if self.address is None:
                raise DebugError(f"{self.type.name} is not in memory")
            return self.address
        if kind not in SCALARS:
            raise DebugError(f"{self.type.name} is not a number")
        data = self.bytes()
        if kind == "float":
            if len(data) not in (4, 8):
                raise DebugError(f"{self.type.name} has {len(data)} bytes: cannot be shown")
            number: float = unpack("<f" if len(data) == 4 else "<d", data)[0]
            return number
        value = int.from_bytes(data, "little")
        if self.bits is not None:
            first, width = self.bits
            value = value >> first & (1 << width) - 1
        else:
            width = 8 * len(data)
        if kind in ("int", "enum") and width and value >> width - 1:
            value -= 1 << width
        return value

    def integer(self) -> int:
        """The value as a whole number. Raises DebugError for others."""
        number = self.scalar()
        if isinstance(number, float):
            raise DebugError("a whole number is needed")
        return number

    def dereference(self) -> Value:
        """What a pointer points to, an array's first element."""
        target = self.type.target
        if target is None or self.type.kind not in ("pointer", "array"):
            raise DebugError(f"{self.type.name} is no pointer")
        if target.kind == "void":
            raise DebugError("a void pointer must be cast first")
        return Value(target, self.read, address=self.integer() & _MASK)

    def element(self, index: int) -> Value:
        """``value[index]``."""
        first = self.dereference()
        assert first.address is not None
        return Value(first.type, self.read, address=first.address + index * first.type.size & _MASK)

    def member(self, name: str) -> Value:
        """A field, by the field's name; through a pointer too."""
        value = self.dereference() if self.type.kind == "pointer" else self
        found = _find(value.type, name)
        if found is None:
            raise DebugError(f"{value.type.name} has no member {name}")
        return value.part(found)

    def part(self, member: Member) -> Value:
        """A field of a struct, also one without a name."""
        if self.address is None:
            data = self.bytes()[member.offset : member.offset + member.type.size]
            return Value(member.type, self.read, data=data, bits=member.bits)
        at = self.address + member.offset & _MASK
        return Value(member.type, self.read, address=at, bits=member.bits)

    def cast(self, type: Type) -> Value:
        """The same as another scalar type, or the same memory as another struct."""
        if type.kind in SCALARS:
            number = self.scalar()
            if type.kind == "float":
                from struct import pack

                return Value(type, self.read, data=pack("<f" if type.size == 4 else "<d", number))
            return Value.number(int(number), self.read, type)
        return Value(type, self.read, address=self.address, data=self.data)

    def show(self, depth: int = 3) -> str:
        """As C would write it, bounded."""
        kind = self.type.kind
        try:
            if kind in ("struct", "union"):
                return self._show_members(depth)
            if kind == "array":
                return self._show_elements(depth)
            number = self.scalar()
        except DebugError as error:
            return f"<{error}>"
        if isinstance(number, float):
            return repr(number)
        if kind == "bool":
            return "true" if number else "false"
        if kind == "char":
            return f"{number} {chr(number & 255)!a}"
        if kind == "enum":
            return self.type.names.get(number, str(number))
        if kind in ("pointer", "function"):
            return self._show_pointer(number)
        return str(number)

    def _show_pointer(self, number: int) -> str:
        target = self.type.target
        if number and target is not None and target.kind == "char":
            data = self.read(number, _MAX_TEXT).split(b"\0")[0]
            return f"{number:#x} {library_types.quoted(data)}"
        return f"{number:#x}"

    def _show_members(self, depth: int) -> str:
        if depth <= 0:
            return "{...}"
        whole = library_types.shown(self, depth)
        if whole is not None:
            return whole
        members = self.type.members
        texts = (
            f"{member.name} = {text}" if member.name else text
            for member in members[:MAX_SHOWN]
            for text in (self.part(member).show(depth - 1),)
        )
        return _listed(texts, len(members))

    def _show_elements(self, depth: int) -> str:
        target = self.type.target
        if target is not None and target.kind == "char" and self.address is not None:
            data = self.read(self.address, min(self.type.count, _MAX_TEXT))
            return library_types.quoted(data.split(b"\0")[0])
        shown = range(min(self.type.count, MAX_SHOWN))
        return _listed((self.element(i).show(depth - 1) for i in shown), self.type.count)


def _listed(texts: Iterable[str], count: int) -> str:
    """As many of ``count`` as are there and fit, in braces."""
    shown: list[str] = []
    size = 0
    for text in texts:
        shown.append(text)
        size += len(text)
        if size > _MAX_WHOLE:
            break
    return "{" + ", ".join(shown) + ", ..." * (len(shown) < count) + "}"


def _find(type: Type, name: str, offset: int = 0, depth: int = 8) -> Member | None:
    """A member by name: its own before those of unnamed structs inside and of base classes."""
    for member in type.members:
        if member.name == name:
            return member._replace(offset=offset + member.offset)
    for member in type.members if depth else ():
        if not member.name:
            found = _find(member.type, name, offset + member.offset, depth - 1)
            if found is not None:
                return found
    return None

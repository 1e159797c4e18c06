"""C types out of DWARF entries."""

from typing import Any

from nanvix.debug.values import VOID, Member, Type

_BASE_KINDS = {
    0x02: "bool", 0x04: "float", 0x05: "int", 0x06: "char", 0x07: "uint", 0x08: "char",
    0x10: "char",
}  # fmt: skip
"""DW_ATE_*: boolean, float, signed, signed_char, unsigned, unsigned_char, UTF."""
_TRANSPARENT = frozenset(
    f"DW_TAG_{name}_type" for name in ("const", "volatile", "restrict", "atomic")
)
_POINTERS = frozenset(
    f"DW_TAG_{name}_type" for name in ("pointer", "reference", "rvalue_reference")
)
_STRUCTS = {
    "DW_TAG_structure_type": "struct",
    "DW_TAG_class_type": "struct",
    "DW_TAG_union_type": "union",
}
_MAX_DEPTH = 64
_MAX_COPIES = 8


class Types:
    """Makes a :class:`~nanvix.debug.values.Type` of an entry, once."""

    def __init__(self, info: Any) -> None:
        self._info = info
        self._known: dict[int, Type] = {}

    def of_attribute(self, die: Any, depth: int = 0) -> Type:
        """The type a variable, member or pointer names; void when it names none."""
        if self.attribute(die, "DW_AT_type") is None or depth > _MAX_DEPTH:
            return VOID
        target = self._follow(die, "DW_AT_type")
        return self.of(target, depth + 1) if target is not None else VOID

    def attribute(self, die: Any, name: str) -> Any:
        """An attribute of an entry or of what it is a copy of."""
        holder = self._holder(die, name)
        return None if holder is None else holder.attributes[name]

    def of(self, die: Any, depth: int = 0) -> Type:
        """The type of a type's entry."""
        known = self._known.get(die.offset)
        if known is None:
            known = self._make(die, depth)
            self._known[die.offset] = known
        return known

    def _follow(self, die: Any, name: str) -> Any:
        holder = self._holder(die, name)
        return None if holder is None else holder.get_DIE_from_attribute(name)

    def _holder(self, die: Any, name: str) -> Any:
        """The entry that has the attribute: this one, or what it is a copy of."""
        for _ in range(_MAX_COPIES):
            if name in die.attributes:
                return die
            for link in ("DW_AT_abstract_origin", "DW_AT_specification"):
                if link in die.attributes:
                    die = die.get_DIE_from_attribute(link)
                    break
            else:
                return None
        return None

    def _make(self, die: Any, depth: int) -> Type:
        tag, name, size = die.tag, _name(die), _number(die, "DW_AT_byte_size")
        if tag == "DW_TAG_base_type":
            return Type(_BASE_KINDS.get(_number(die, "DW_AT_encoding"), "uint"), name, size)
        if tag in _TRANSPARENT:
            return self.of_attribute(die, depth)
        if tag in _POINTERS:
            # A list's node points to its own type: that is looked up when somebody follows it.
            return _Pointer(self, die)
        if tag == "DW_TAG_typedef":
            target = self.of_attribute(die, depth)
            return _renamed(target, name)
        if tag in _STRUCTS:
            kind = _STRUCTS[tag]
            return Type(kind, f"{kind} {name}".rstrip(), size, members=lambda: self._members(die))
        if tag == "DW_TAG_enumeration_type":
            names = {
                _number(child, "DW_AT_const_value"): _name(child)
                for child in die.iter_children()
                if child.tag == "DW_TAG_enumerator"
            }
            return Type("enum", f"enum {name}".rstrip(), size or 4, names=names)
        if tag == "DW_TAG_array_type":
            return self._array(die, depth)
        if tag == "DW_TAG_subroutine_type":
            return Type("function", "function", 1)
        return Type("void", name or tag.removeprefix("DW_TAG_"), size)

    def _array(self, die: Any, depth: int) -> Type:
        counts = []
        for child in die.iter_children():
            if child.tag == "DW_TAG_subrange_type":
                count = _number(child, "DW_AT_count")
                bound = child.attributes.get("DW_AT_upper_bound")
                if not count and bound is not None and isinstance(bound.value, int):
                    count = bound.value + 1 if bound.value < 1 << 62 else 0
                counts.append(count)
        kind = self.of_attribute(die, depth)
        for count in reversed(counts or [0]):
            base, bracket, rest = kind.name.partition("[")
            name = f"{base}[{count}]{bracket}{rest}"
            kind = Type("array", name, kind.size * count, kind, count)
        return kind

    def _members(self, die: Any) -> list[Member]:
        found = []
        for child in die.iter_children():
            if child.tag not in ("DW_TAG_member", "DW_TAG_inheritance"):
                continue
            if "DW_AT_external" in child.attributes:
                continue
            offset = _number(child, "DW_AT_data_member_location")
            kind = self.of_attribute(child)
            bits = None
            width = _number(child, "DW_AT_bit_size")
            if width:
                first = _number(child, "DW_AT_data_bit_offset")
                if "DW_AT_bit_offset" in child.attributes:
                    first = 8 * (offset + kind.size) - _number(child, "DW_AT_bit_offset") - width
                unit = 8 * max(1, kind.size)
                offset = first // unit * kind.size
                bits = (first % unit, width)
            name = _name(child) if child.tag == "DW_TAG_member" else ""
            found.append(Member(name, kind, offset, bits))
        return found


class _Pointer(Type):
    """A pointer that looks its target up when asked."""

    def __init__(self, types: Types, die: Any) -> None:
        self._types = types
        self._die = die
        self._target: Type | None = None
        self.reference = "reference" in die.tag
        super().__init__("pointer", "", 8)

    @property
    def target(self) -> Type:
        """What it points to."""
        if self._target is None:
            self._target = self._types.of_attribute(self._die)
        return self._target

    @target.setter
    def target(self, value: object) -> None:
        pass

    @property
    def name(self) -> str:
        """``struct node *``, ``Account &``."""
        return f"{self.target.name} {'&' if self.reference else '*'}"

    @name.setter
    def name(self, value: object) -> None:
        pass


def _renamed(type: Type, name: str) -> Type:
    if isinstance(type, _Pointer):
        return type
    return Type(
        type.kind, name, type.size, type.target, type.count, lambda: type.members, type.names
    )


def _name(die: Any) -> str:
    attribute = die.attributes.get("DW_AT_name")
    return attribute.value.decode("utf-8", "replace") if attribute is not None else ""


def _number(die: Any, name: str) -> int:
    attribute = die.attributes.get(name)
    value = attribute.value if attribute is not None else 0
    return value if isinstance(value, int) else 0

"""Source lines, functions, variables and types of one file, by DWARF 2 to 5 (pyelftools).

Everything is read when first asked for and kept; what is damaged or unknown is as if it were not
there.
"""

from __future__ import annotations

from bisect import bisect_right
from posixpath import basename
from typing import TYPE_CHECKING, Any

from nanvix.debug.dwarf_types import Types
from nanvix.debug.inlined import Inlining
from nanvix.debug.line_table import Line, read_rows
from nanvix.debug.scoped import scoped_types
from nanvix.named import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nanvix.debug.values import Type

_FAILURES: tuple[type[Exception], ...] = (
    KeyError, ValueError, IndexError, AttributeError, TypeError, AssertionError, OSError,
    NotImplementedError,
)  # fmt: skip
"""What pyelftools raises for damaged information, beside its own errors."""


class Variable(NamedTuple):
    """``location``: an expression, a list of (start, end, expression), or None."""

    name: str
    type: Type
    location: bytes | list[tuple[int, int, bytes]] | None
    argument: bool
    unit: Any


class Dwarf:
    """One file's debug information; empty when it has none."""

    def __init__(self, elf: Any) -> None:
        self._info: Any = None
        self._lines: dict[int, list[Line]] = {}
        self._functions: dict[int, list[tuple[int, int, Any]]] = {}
        self._names: dict[int, tuple[dict[str, Any], dict[str, Any]]] = {}
        self._inner: dict[int, dict[str, Any]] = {}
        self._units: list[tuple[Any, list[tuple[int, int]]]] = []
        self._locations: Any = None
        try:
            if elf is not None and elf.has_dwarf_info(strict=True):
                self._info = elf.get_dwarf_info()
                self._units = [
                    (unit, self._ranges(unit, unit.get_top_DIE())) for unit in self._all()
                ]
        except self.errors():
            pass
        self.types = Types(self._info)
        self.inlining = Inlining(self, self._info, self._ranges)

    @staticmethod
    def errors() -> tuple[type[Exception], ...]:
        """What damaged information may raise."""
        from elftools.common.exceptions import DWARFError, ELFError

        return (*_FAILURES, DWARFError, ELFError)

    def _all(self) -> Iterator[Any]:
        yield from self._info.iter_CUs()

    # -- source lines ------------------------------------------------------------------------

    def line(self, address: int) -> tuple[str, int] | None:
        """File and line of an instruction (as linked)."""
        row = self.row(address)
        return (row.file, row.line) if row is not None else None

    def row(self, address: int) -> Line | None:
        """The row of the line table an instruction belongs to."""
        unit = self._unit_at(address)
        if unit is None:
            return None
        rows = self._rows(unit)
        index = bisect_right(rows, address, key=lambda row: row.address) - 1
        return rows[index] if index >= 0 and not rows[index].end and rows[index].line else None

    def addresses(self, file: str, line: int) -> list[int]:
        """Where the code of a line begins, or of the first line behind it that has any: per
        function the lowest address. ``file``: the end of a path."""
        best: int | None = None
        found: list[int] = []
        for unit, _ in self._units:
            rows = self._rows(unit)
            for index, row in enumerate(rows):
                if row.end or not row.statement or row.line < line:
                    continue
                if not _same_file(row.file, file) or (best is not None and row.line > best):
                    continue
                if best is None or row.line < best:
                    best, found = row.line, []
                before = rows[index - 1] if index else None
                if before is None or before.end or before.line != row.line:
                    found.append(row.address)
        lowest: dict[int, int] = {}
        for address in found:
            function = self.function(address)
            key = function[0] if function is not None else address
            lowest[key] = min(address, lowest.get(key, address))
        return sorted(lowest.values())

    def files(self) -> list[str]:
        """All source files with code."""
        return sorted({row.file for unit, _ in self._units for row in self._rows(unit)})

    def _rows(self, unit: Any) -> list[Line]:
        key = unit.cu_offset
        if key not in self._lines:
            try:
                self._lines[key] = sorted(
                    read_rows(self._info, unit), key=lambda r: (r.address, not r.end)
                )
            except self.errors():
                self._lines[key] = []
        return self._lines[key]

    # -- functions ---------------------------------------------------------------------------

    def function(self, address: int) -> tuple[int, int, Any] | None:
        """Start, end and entry of the function an instruction (as linked) is in."""
        unit = self._unit_at(address)
        if unit is None:
            return None
        key = unit.cu_offset
        if key not in self._functions:
            try:
                self._functions[key] = sorted(self._read_functions(unit), key=lambda f: f[0])
            except self.errors():
                self._functions[key] = []
        functions = self._functions[key]
        index = bisect_right(functions, address, key=lambda f: f[0]) - 1
        if index >= 0 and functions[index][0] <= address < functions[index][1]:
            return functions[index]
        return None

    def _read_functions(self, unit: Any) -> Iterator[tuple[int, int, Any]]:
        todo = [unit.get_top_DIE()]
        while todo:
            for die in todo.pop().iter_children():
                if die.tag == "DW_TAG_subprogram":
                    for low, high in self._ranges(unit, die):
                        yield low, high, die
                elif die.tag in ("DW_TAG_namespace", "DW_TAG_class_type", "DW_TAG_structure_type"):
                    todo.append(die)

    def frame_base(self, address: int) -> tuple[bytes, Any] | None:
        """The expression of a function's frame base, and its unit."""
        found = self.function(address)
        if found is None:
            return None
        attribute = found[2].attributes.get("DW_AT_frame_base")
        if attribute is None or not isinstance(attribute.value, list):
            return None
        return bytes(attribute.value), found[2].cu

    # -- variables ---------------------------------------------------------------------------

    def variables(self, address: int, outer: int = 0, *, own: bool = False) -> list[Variable]:
        """Arguments and local variables in scope at an instruction (as linked), innermost last.
        ``outer``: seen from so many functions outside of the innermost that was put into another;
        ``own``: without those of the functions around that one."""
        functions = self.inlining.blocks(address)
        functions = functions[: len(functions) - outer]
        found: list[Variable] = []
        try:
            for blocks in functions[-1:] if own else functions:
                for die in (die for block in blocks for die in block.iter_children()):
                    if die.tag in ("DW_TAG_variable", "DW_TAG_formal_parameter"):
                        variable = self._variable(die)
                        if variable is not None:
                            found.append(variable)
        except self.errors():
            pass
        return found

    def name_of(self, die: Any) -> str:
        """Of an entry, empty if it has none."""
        name = self.types.attribute(die, "DW_AT_name")
        return "" if name is None else str(name.value.decode("utf-8", "replace"))

    def global_variable(self, name: str, address: int | None = None) -> Variable | None:
        """A variable at file scope or in a namespace, first of the unit an instruction is in."""
        for variables, _ in self._tables(address):
            die = variables.get(name)
            if die is not None:
                try:
                    return self._variable(die)
                except self.errors():
                    return None
        return None

    def type(self, name: str, address: int | None = None) -> Type | None:
        """A struct, union, enum or typedef by its name, first of the unit an instruction is in;
        with its scopes or without."""
        for _, types in self._tables(address):
            die = types.get(name)
            if die is not None:
                return self.types.of(die)
        for types in self._scoped(address):
            die = types.get(name)
            if die is not None:
                return self.types.of(die)
        return None

    def _scoped(self, address: int | None) -> Iterator[dict[str, Any]]:
        """Types in namespaces and classes, unit by unit."""
        for unit in self._by_nearness(address):
            key = unit.cu_offset
            if key not in self._inner:
                self._inner[key] = {}
                try:
                    self._inner[key] = scoped_types(unit, _NAMED, self.name_of)
                except self.errors():
                    pass
            yield self._inner[key]

    def _variable(self, die: Any) -> Variable | None:
        name = self.types.attribute(die, "DW_AT_name")
        if name is None:
            return None
        attribute = die.attributes.get("DW_AT_location")
        location: Any = None
        if attribute is not None:
            location = self._location(die, attribute)
        elif "DW_AT_const_value" in die.attributes:
            location = self._constant(die.attributes["DW_AT_const_value"].value)
        kind = self.types.of_attribute(die)
        text = name.value.decode("utf-8", "replace")
        return Variable(text, kind, location, die.tag == "DW_TAG_formal_parameter", die.cu)

    @staticmethod
    def _constant(value: Any) -> bytes:
        """An expression for a constant: DW_OP_consts, DW_OP_stack_value."""
        number = value if isinstance(value, int) else 0
        return b"\x0f" + (number & (1 << 64) - 1).to_bytes(8, "little") + b"\x9f"

    def _location(self, die: Any, attribute: Any) -> Any:
        from elftools.dwarf.locationlists import LocationEntry, LocationExpr, LocationParser

        if self._locations is None:
            self._locations = LocationParser(self._info.location_lists())
        found = self._locations.parse_from_attribute(attribute, die.cu["version"], die)
        if isinstance(found, LocationExpr):
            return bytes(found.loc_expr)
        base = die.cu.get_top_DIE().attributes.get("DW_AT_low_pc")
        start = base.value if base is not None else 0
        entries = []
        for entry in found or ():
            if isinstance(entry, LocationEntry):
                shift = 0 if entry.is_absolute else start
                entries.append(
                    (entry.begin_offset + shift, entry.end_offset + shift, bytes(entry.loc_expr))
                )
            elif hasattr(entry, "base_address"):
                start = entry.base_address
        return entries

    def indexed(self, unit: Any, index: int) -> int:
        """An entry of .debug_addr, for a unit's expressions."""
        value: int = self._info.get_addr(unit, index)
        return value

    # -- finding -----------------------------------------------------------------------------

    def _tables(self, address: int | None) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
        """Variables and types at file scope, unit by unit: where we are, then small ones first,
        because a unit is read as a whole."""
        for unit in self._by_nearness(address):
            key = unit.cu_offset
            if key not in self._names:
                self._names[key] = ({}, {})
                try:
                    for die in unit.get_top_DIE().iter_children():
                        self._note(die, *self._names[key])
                except self.errors():
                    pass
            yield self._names[key]

    def _by_nearness(self, address: int | None) -> list[Any]:
        first = self._unit_at(address) if address is not None else None
        units = sorted((unit for unit, _ in self._units), key=lambda u: int(u["unit_length"]))
        return [first, *units] if first is not None else units

    def _note(self, die: Any, variables: dict[str, Any], types: dict[str, Any]) -> None:
        if die.tag == "DW_TAG_variable":
            name = self.types.attribute(die, "DW_AT_name")
            if name is not None and "DW_AT_location" in die.attributes:
                variables.setdefault(name.value.decode("utf-8", "replace"), die)
        elif die.tag in _NAMED and "DW_AT_declaration" not in die.attributes:
            name = die.attributes.get("DW_AT_name")
            if name is not None:
                types.setdefault(name.value.decode("utf-8", "replace"), die)

    def _unit_at(self, address: int) -> Any:
        for unit, ranges in self._units:
            if any(low <= address < high for low, high in ranges):
                return unit
        return None

    def _ranges(self, unit: Any, die: Any) -> list[tuple[int, int]]:
        attributes = die.attributes
        try:
            if "DW_AT_ranges" in attributes:
                return self._range_list(unit, attributes["DW_AT_ranges"])
            if "DW_AT_low_pc" in attributes and "DW_AT_high_pc" in attributes:
                from elftools.dwarf.descriptions import describe_form_class

                low = attributes["DW_AT_low_pc"].value
                high = attributes["DW_AT_high_pc"]
                relative = describe_form_class(high.form) != "address"
                return [(low, low + high.value if relative else high.value)]
        except self.errors():
            return []
        return []

    def _range_list(self, unit: Any, attribute: Any) -> list[tuple[int, int]]:
        lists = self._info.range_lists()
        base_attribute = unit.get_top_DIE().attributes.get("DW_AT_low_pc")
        base = base_attribute.value if base_attribute is not None else 0
        found = []
        for entry in lists.get_range_list_at_offset(attribute.value, unit):
            if hasattr(entry, "base_address"):
                base = entry.base_address
            else:
                shift = 0 if getattr(entry, "is_absolute", False) else base
                found.append((entry.begin_offset + shift, entry.end_offset + shift))
        return found


_NAMED = frozenset(
    f"DW_TAG_{name}_type" for name in ("structure", "union", "enumeration", "class", "base")
) | {"DW_TAG_typedef"}


def _same_file(path: str, wanted: str) -> bool:
    if "/" not in wanted:
        return basename(path) == wanted
    return path == wanted or path.endswith("/" + wanted.lstrip("./"))

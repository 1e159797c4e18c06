"""Functions that a compiler has put into others: which of them an instruction is of, and what each
of them sees.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nanvix.debug.demangle import shown
from nanvix.debug.line_table import file_names
from nanvix.named import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from nanvix.debug.dwarf import Dwarf

_INLINED, _BLOCK = "DW_TAG_inlined_subroutine", "DW_TAG_lexical_block"
_KEPT = 10_000
_DEEPEST = 100


class Inlined(NamedTuple):
    """``called``: file and line in the function around it; None where that is not known."""

    name: str
    called: tuple[str, int] | None


class Inlining:
    """Of one file. ``ranges``: the code of an entry of a unit."""

    def __init__(
        self, dwarf: Dwarf, info: Any, ranges: Callable[[Any, Any], list[tuple[int, int]]]
    ) -> None:
        self._dwarf = dwarf
        self._info = info
        self._ranges = ranges
        self._known: dict[int, list[list[Any]]] = {}
        self._files: dict[int, dict[int, str]] = {}

    def blocks(self, address: int) -> list[list[Any]]:
        """The entries around an instruction (as linked), function by function, outermost first:
        the function's own, then the blocks in it."""
        known = self._known.get(address)
        if known is None:
            if len(self._known) >= _KEPT:
                self._known.clear()
            found = self._dwarf.function(address)
            known = self._known[address] = [] if found is None else [[found[2]]]
            if found is not None:
                try:
                    self._descend(found[2], address, known, known[0], _DEEPEST)
                except self._dwarf.errors():
                    pass
        return known

    def _descend(
        self, die: Any, address: int, functions: list[list[Any]], blocks: list[Any], depth: int
    ) -> None:
        for inner in die.iter_children() if depth else ():
            if inner.tag not in (_INLINED, _BLOCK):
                continue
            ranges = self._ranges(inner.cu, inner)
            within = any(low <= address < high for low, high in ranges)
            if inner.tag == _INLINED and within:
                functions.append([inner])
                self._descend(inner, address, functions, functions[-1], depth - 1)
            elif inner.tag == _BLOCK and (within or not ranges):
                blocks.append(inner)
                self._descend(inner, address, functions, blocks, depth - 1)

    def chain(self, address: int) -> list[Inlined]:
        """The functions an instruction is of that were put into others, innermost first."""
        found = []
        for first, *_ in reversed(self.blocks(address)[1:]):
            linked = self._dwarf.types.attribute(first, "DW_AT_linkage_name")
            name = "" if linked is None else shown(linked.value.decode("utf-8", "replace"))
            found.append(Inlined(name or self._dwarf.name_of(first), self._call(first)))
        return found

    def _call(self, die: Any) -> tuple[str, int] | None:
        file, line = (die.attributes.get(f"DW_AT_call_{what}") for what in ("file", "line"))
        if file is None or line is None:
            return None
        unit = die.cu
        if unit.cu_offset not in self._files:
            try:
                self._files[unit.cu_offset] = file_names(self._info, unit)
            except self._dwarf.errors():
                self._files[unit.cu_offset] = {}
        name = self._files[unit.cu_offset].get(file.value)
        return None if name is None else (name, line.value)

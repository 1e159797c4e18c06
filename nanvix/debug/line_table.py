"""The line table of one unit of debug information: which source line an instruction is of."""

from __future__ import annotations

from posixpath import join, normpath
from typing import TYPE_CHECKING, Any

from nanvix.named import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator


class Line(NamedTuple):
    """A row of the line table: code from ``address`` (as linked) up to the next row's."""

    address: int
    file: str
    line: int
    statement: bool
    end: bool


def read_rows(info: Any, unit: Any) -> Iterator[Line]:
    """The rows of a unit, as pyelftools has it, in the file's order."""
    program = info.line_program_for_CU(unit)
    if program is None:
        return
    names = _file_names(unit, program)
    for entry in program.get_entries():
        state = entry.state
        if state is not None:
            file = names.get(state.file, "?")
            yield Line(state.address, file, state.line, state.is_stmt, state.end_sequence)


def file_names(info: Any, unit: Any) -> dict[int, str]:
    """The paths of a unit's files by their numbers."""
    program = info.line_program_for_CU(unit)
    return {} if program is None else _file_names(unit, program)


def _file_names(unit: Any, program: Any) -> dict[int, str]:
    header = program.header
    top = unit.get_top_DIE().attributes
    home = ""
    if "DW_AT_comp_dir" in top:
        home = top["DW_AT_comp_dir"].value.decode("utf-8", "replace")
    five = header.version >= 5
    folders = [f.decode("utf-8", "replace") for f in header.include_directory]
    if not five:
        folders.insert(0, home)
    names = {}
    for index, entry in enumerate(header.file_entry):
        folder = folders[entry.dir_index] if entry.dir_index < len(folders) else ""
        name = entry.name.decode("utf-8", "replace")
        names[index if five else index + 1] = normpath(join(home, folder, name))
    return names

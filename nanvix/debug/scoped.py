"""Types inside of namespaces and classes, by their names with scopes and without."""

from collections.abc import Callable
from typing import Any


def scoped_types(unit: Any, named: frozenset[str], name_of: Callable[[Any], str]) -> dict[str, Any]:
    """Of one unit of debug information. ``named``: the tags of entries that are types."""
    found: dict[str, Any] = {}
    todo = [(die, "") for die in unit.get_top_DIE().iter_children()]
    while todo:
        die, scope = todo.pop()
        if not die.has_children or not (die.tag in named or die.tag == "DW_TAG_namespace"):
            continue
        path = f"{scope}::{name_of(die)}" if scope else name_of(die)
        for child in die.iter_children():
            todo.append((child, path))
            name = name_of(child) if child.tag in named else ""
            if name and "DW_AT_declaration" not in child.attributes:
                found.setdefault(f"{path}::{name}", child)
                found.setdefault(name, child)
    return found

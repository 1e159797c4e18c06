"""The rows of Watch: expressions and variables, and what is in those that are unfolded."""

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from nanvix.debug.errors import DebugError
from nanvix.debug.parts import Part, opens, parts
from nanvix.tui import rows
from nanvix.tui.before import Before
from nanvix.tui.view import Focus, Path, WatchRow

if TYPE_CHECKING:
    from nanvix.debug.debugger import Debugger
    from nanvix.debug.present import Present

    Guest = Debugger | Present

MOST = 500
"""Rows; what is unfolded behind them is not shown."""
_DEEPEST = 40
_TOO_MANY = WatchRow("...", f"more than {MOST} rows", "", False)


class Watched:
    """Remembers the values of the moment before."""

    def __init__(self) -> None:
        self._before: Before[Path, str] = Before()

    def rows(self, debugger: "Guest", focus: Focus) -> tuple[WatchRow, ...]:
        """What is watched, then the variables of the frame that is looked at."""
        found: list[WatchRow] = []
        for row in self._all(debugger, focus):
            if len(found) == MOST:
                found.append(_TOO_MANY)
                break
            found.append(row)
        values = {row.path: row.value for row in found}
        plain = focus.chosen.running
        old = self._before.renew(debugger.version, values) if plain else values
        return tuple(
            row._replace(changed=old.get(row.path, row.value) != row.value) for row in found
        )

    def _all(self, debugger: "Guest", focus: Focus) -> Iterator[WatchRow]:
        for text in focus.watches:
            path = ("watch", text)
            try:
                value = debugger.evaluate(text)
            except DebugError as error:
                yield WatchRow(text, f"<{error}>", "", False, path)
            else:
                yield from _unfolded(Part(text, value), path, focus.unfolded)
        seen: Counter[str] = Counter()
        for local in rows.or_none(debugger.variables) or []:
            # Blocks inside of each other may have variables of the same name.
            path = (f"local {seen[local.name]}", local.name)
            seen[local.name] += 1
            if local.value is None:
                yield WatchRow(local.name, f"<{local.problem}>", "", False, path)
            else:
                yield from _unfolded(Part(local.name, local.value), path, focus.unfolded)


def _unfolded(part: Part, path: Path, unfolded: frozenset[Path]) -> Iterator[WatchRow]:
    """A row, and the rows of what is in it."""
    value = part.value
    more = len(path) < _DEEPEST and opens(value)
    shown = more and path in unfolded
    yield WatchRow(part.name, value.show(), value.type.name, False, path, more, shown)
    for inner in parts(value, part.name, part.first) if shown else ():
        yield from _unfolded(inner, (*path, inner.name), unfolded)

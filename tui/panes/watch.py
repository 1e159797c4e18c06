"""Watched expressions and local variables, which unfold into what is in them."""

from nanvix.tui.lines import Line
from nanvix.tui.panes.base import ViewPane
from nanvix.tui.view import View, WatchRow

_OUTERMOST = 2
"""The length of the path of an expression or variable."""
_STEP = 2


class LocalsPane(ViewPane):
    """Watched expressions, then the variables of the current function. Enter, Space or a click on
    the triangle shows what is in one, or hides it."""

    def __init__(self) -> None:
        super().__init__("locals", "Watch", "no variable is known here: d watches an expression")

    def draw(self, view: View) -> None:
        """The cursor stays on its row where rows come and go before it, or else at the top."""
        marked = self.row(self.cursor) if self.cursor else None
        super().draw(view)
        paths = [row.path for row in view.locals]
        if marked is not None and marked.path in paths and marked.path != paths[self.cursor]:
            self.reveal(paths.index(marked.path))

    def lines_of(self, view: View) -> list[Line]:
        """Name, value, type."""
        return [_line(row) for row in view.locals]

    def row(self, index: int) -> WatchRow | None:
        """The row on a line."""
        rows = self.view.locals
        return rows[index] if 0 <= index < len(rows) else None

    def chosen_at(self, index: int, column: int) -> bool:
        """One click on the triangle is enough."""
        row = self.row(index)
        return row is not None and row.opens and column <= _indent(row) + 1


def _indent(row: WatchRow) -> int:
    return _STEP * max(len(row.path) - _OUTERMOST, 0)


def _line(row: WatchRow) -> Line:
    mark = ("▾" if row.open else "▸") if row.opens else " "
    return [
        (f"{' ' * _indent(row)}{mark}", "muted"),
        (f"{row.name} ", "symbol"),
        ("= ", "muted"),
        (row.value, "changed" if row.changed else "number"),
        (f"  {row.type}" if row.type else "", "muted"),
    ]

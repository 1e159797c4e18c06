"""System calls, hypercalls and other events, live; Enter goes to the moment of one."""

from collections.abc import Sequence

from nanvix.tui.lines import Line, LinePane
from nanvix.tui.view import LogRow

_STYLES = {
    "enter": "symbol", "return": "muted", "hypercall": "address", "exception": "number",
    "signal": "bad", "exit": "mark", "exec": "mark",
}  # fmt: skip
"""By kind of event (nanvix.machine.describe)."""
_NOTHING = "nothing has happened yet: c lets the program run"


class LogPane(LinePane):
    """``rows`` is the session's own list, which only ever grows; lines are made when seen.

    ``filter``: words that must all appear in a row, in any order and case.
    """

    def __init__(self) -> None:
        super().__init__("log", "Log")
        self.follow = True
        self.hint = _NOTHING
        self.rows: Sequence[LogRow] = ()
        self.filter: tuple[str, ...] = ()
        self._found: list[int] = []
        self._seen = 0

    def take(self, rows: Sequence[LogRow]) -> None:
        """There may be more rows (or, after going back, others)."""
        if rows is not self.rows or len(rows) < self._seen:
            self.rows, self._found, self._seen = rows, [], 0
        if self.filter:
            for index in range(self._seen, len(rows)):
                if self._matches(rows[index]):
                    self._found.append(index)
        grown = len(rows) != self._seen
        self._seen = len(rows)
        if grown:
            self.changed()

    def set_filter(self, text: str) -> None:
        """Show only rows with these words; '' shows all."""
        self.filter = tuple(text.lower().split())
        self._found, self._seen = [], 0
        self.border_subtitle = f"filter: {text}" if text else ""
        self.hint = "no row has all these words: `:filter` shows all" if text else _NOTHING
        self.take(self.rows)
        self.changed()

    def row(self, index: int) -> LogRow:
        """The row shown on a line."""
        return self.rows[self._found[index] if self.filter else index]

    def count(self) -> int:
        """How many rows pass the filter."""
        return len(self._found) if self.filter else self._seen

    def line(self, index: int) -> Line:
        """The moment, who, what."""
        row = self.row(index)
        if row.moment is not None:
            when = f"{row.moment:,}"
        else:
            when = "" if row.time_ns is None else f"{row.time_ns / 1e6:,.3f}ms"
        return [(f"{when:>13} ", "muted"), (row.text, _STYLES.get(row.kind, "text"))]

    def _matches(self, row: LogRow) -> bool:
        text = f"{row.kind} {row.tid} {row.text}".lower()
        return all(word in text for word in self.filter)

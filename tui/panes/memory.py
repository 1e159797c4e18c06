"""Memory as bytes and text."""

from textual.message import Message

from nanvix.tui.lines import Line
from nanvix.tui.panes.base import ViewPane
from nanvix.tui.view import BYTES, View

_WIDE = 78
"""Columns from which a row has 16 bytes instead of 8."""


class MemoryPane(ViewPane):
    """A window of rows of 16 bytes, or 8; moving past its edge moves the window."""

    class Moved(Message):
        """The window should begin somewhere else."""

        def __init__(self, address: int) -> None:
            super().__init__()
            self.address = address

    def __init__(self) -> None:
        super().__init__("memory", "Memory")

    def lines_of(self, view: View) -> list[Line]:
        """Address, bytes in hex, the same as text."""
        step = self._step()
        return [self._row(at, step) for at in range(0, len(view.memory.data), step)]

    def address(self) -> int:
        """Of the row under the cursor."""
        return self.view.memory.start + self.cursor * self._step()

    def action_move(self, lines: int) -> None:
        """Scroll inside the window, or move it."""
        target = self.cursor + lines
        if 0 <= target < self.count():
            super().action_move(lines)
        else:
            self.post_message(self.Moved(self.view.memory.start + target * self._step()))

    def _step(self) -> int:
        return BYTES if self.scrollable_content_region.width >= _WIDE else BYTES // 2

    def _row(self, at: int, step: int) -> Line:
        memory = self.view.memory
        line: Line = [(f"{memory.start + at:012x} ", "address")]
        text: Line = [(" ", "muted")]
        for index in range(at, min(at + step, len(memory.data))):
            value = memory.data[index]
            style = "changed" if index in memory.changed else "number"
            if value is None:
                line.append((" ··", "muted"))
                text.append((" ", "muted"))
            else:
                line.append((f" {value:02x}", style if value else _zero(style)))
                readable = 32 <= value < 127
                text.append((chr(value) if readable else ".", "string" if readable else "muted"))
        return line + text


def _zero(style: str) -> str:
    return style if style == "changed" else "muted"

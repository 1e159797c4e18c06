"""Disassembly with source interleaved; the next instruction is marked."""

from nanvix.tui.lines import Line
from nanvix.tui.panes.base import ViewPane
from nanvix.tui.view import CodeLine, View

_WIDE = 68
"""Columns from which the bytes of the instructions are shown too."""


class CodePane(ViewPane):
    """The code around the next instruction, or around where one has gone."""

    def __init__(self) -> None:
        super().__init__("code", "Code", "no code is mapped here: r follows the next instruction")

    def draw(self, view: View) -> None:
        """The marked line stays in sight."""
        super().draw(view)
        self._show_marked()

    def on_resize(self) -> None:
        """However high it is."""
        super().on_resize()
        self._show_marked()

    def _show_marked(self) -> None:
        for index, line in enumerate(self.view.code):
            if line.here or line.chosen:
                height = self.scrollable_content_region.height
                self.reveal(index, margin=min(4, max(height // 2 - 1, 0)))
                return

    def lines_of(self, view: View) -> list[Line]:
        """Labels and source lines stand at the margin; the bytes need room."""
        wide = self.scrollable_content_region.width >= _WIDE
        return [_line(line, wide) for line in view.code]

    def address(self) -> int | None:
        """Of the instruction under the cursor."""
        lines = self.view.code
        return lines[self.cursor].address if self.cursor < len(lines) else None


def _line(line: CodeLine, wide: bool) -> Line:
    if line.address is None:
        return [(line.text, "source" if line.code else "symbol")]
    mark = "●" if line.breakpoint else " "
    mnemonic, _, operands = line.text.partition(" ")
    return [
        (mark, "bad"),
        ("▶" if line.here else "▷" if line.chosen else " ", "mark"),
        (f"{line.address:x} ", "address"),
        (f"{line.code:<21} " if wide else "", "muted"),
        (f"{mnemonic:<7} ", "here" if line.here or line.chosen else "symbol"),
        (operands, "here" if line.here or line.chosen else "text"),
        (f"  {line.target}" if line.target else "", "muted"),
    ]

"""The stack, word by word, and what each word leads to."""

from nanvix.tui.lines import Line
from nanvix.tui.panes.base import ViewPane
from nanvix.tui.view import View

_WIDE = 46
"""Columns from which full addresses are shown beside the offsets."""


class StackPane(ViewPane):
    """From the stack pointer up; frames are named where they begin."""

    def __init__(self) -> None:
        super().__init__("stack", "Stack", "the stack pointer leads nowhere")

    def lines_of(self, view: View) -> list[Line]:
        """One word a line."""
        top = view.stack[0].address if view.stack else 0
        wide = self.scrollable_content_region.width >= _WIDE
        return [
            [
                (f"+{row.address - top:<4x} ", "muted"),
                (f"{row.address:x} " if wide else "", "address"),
                ("·" * 16 if row.value is None else f"{row.value:016x}", "number"),
                (f" {row.telescope}" if row.telescope else "", "symbol"),
                (f"  ← {row.frame}" if row.frame else "", "source"),
            ]
            for row in view.stack
        ]

"""What the panes that draw a view have in common."""

from nanvix.tui.lines import Line, LinePane
from nanvix.tui.view import View


class ViewPane(LinePane):
    """Draws one part of a :class:`View`; ``lines_of`` turns it into lines when it is new."""

    def __init__(self, name: str, title: str, hint: str = "") -> None:
        super().__init__(name, title)
        self._empty = hint
        self.view = View()
        self._lines: list[Line] = []

    def draw(self, view: View) -> None:
        """Show this view."""
        self.view = view
        self.hint = self._empty
        self._lines = self.lines_of(view)
        self.changed()

    def lines_of(self, view: View) -> list[Line]:
        """The lines for a view."""
        raise NotImplementedError

    def count(self) -> int:
        """How many lines there are."""
        return len(self._lines)

    def line(self, index: int) -> Line:
        """One of them."""
        return self._lines[index]

    def on_resize(self) -> None:
        """Some panes put more on a line where there is room."""
        self._lines = self.lines_of(self.view)
        super().on_resize()

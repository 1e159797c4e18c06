"""A pane of lines: what nearly every pane is.

A line is a list of spans, (text, name of an ink: nanvix/tui/inks.py). Only the lines on the screen
are ever asked for.
"""

from typing import ClassVar

from rich.segment import Segment
from textual.binding import Binding, BindingType
from textual.events import Click
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from nanvix.tui.inks import PANE

Span = tuple[str, str]
Line = list[Span]


class LinePane(ScrollView, can_focus=True):
    """Lines one can scroll through, with a cursor. Subclasses say how many and which."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", show=False),
        Binding("down", "move(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("home", "edge(False)", show=False),
        Binding("end", "edge(True)", show=False),
        Binding("enter", "choose", show=False),
    ]

    class Chosen(Message):
        """Enter or a double click on a line."""

        def __init__(self, pane: "LinePane", index: int) -> None:
            super().__init__()
            self.pane = pane
            self.index = index

    def __init__(self, name: str, title: str) -> None:
        super().__init__(id=name)
        self.title = title
        self.cursor = 0
        self.hint = ""
        """What stands there when there are no lines: why, and what would bring some."""
        self.follow = False
        """Keep the last line in sight when lines are added, until somebody scrolls up."""

    # -- what a subclass provides --------------------------------------------------------------

    def count(self) -> int:
        """How many lines there are now."""
        raise NotImplementedError

    def line(self, index: int) -> Line:
        """The spans of one line."""
        raise NotImplementedError

    def chosen_at(self, index: int, column: int) -> bool:
        """Whether one click at this column chooses a line."""
        return False

    # -- what it gets --------------------------------------------------------------------------

    def changed(self) -> None:
        """The lines are new: show them, if anybody has looked here yet."""
        if not self.is_attached:
            return
        count = self.count()
        size = Size(self.scrollable_content_region.width, count)
        if size != self.virtual_size:
            self.virtual_size = size
        if self.follow:
            self.cursor = max(count - 1, 0)
            self.scroll_to(y=count, animate=False, immediate=True)
        else:
            self.cursor = min(self.cursor, max(count - 1, 0))
        self.refresh()

    def reveal(self, index: int, *, margin: int = 0) -> None:
        """Move the cursor to a line and scroll so that it can be seen."""
        self.cursor = min(max(index, 0), max(self.count() - 1, 0))
        if not self.is_attached:
            return
        top = max(self.cursor - margin, 0)
        height = min(1 + 2 * margin, max(self.scrollable_content_region.height, 1))
        self.scroll_to_region(Region(0, top, 1, height), animate=False, immediate=True)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Called by Textual for each line on the screen."""
        index = y + self.scroll_offset.y
        width = self.scrollable_content_region.width
        inks = PANE.of(self.app)
        if index >= self.count():
            text = self.hint if index == 0 else ""
            return Strip([Segment(text, inks["muted"])]).adjust_cell_length(width, inks["text"])
        segments = [Segment(text, inks[ink]) for text, ink in self.line(index)]
        strip = Strip(segments).simplify().adjust_cell_length(width, inks["text"])
        if self.has_focus and index == self.cursor:
            strip = Strip(Segment.apply_style(strip, post_style=inks["cursor"]), width)
        return strip

    # -- keys and mouse ------------------------------------------------------------------------

    def action_move(self, lines: int) -> None:
        """The cursor goes up or down."""
        self.follow = False
        self.reveal(self.cursor + lines)

    def action_page(self, pages: int) -> None:
        """By what the pane shows at a time."""
        self.action_move(pages * max(self.scrollable_content_region.height - 1, 1))

    def action_edge(self, end: bool) -> None:
        """To the first or the last line."""
        self.reveal(self.count() - 1 if end else 0)

    def action_choose(self) -> None:
        """Tell whoever listens that this line is meant."""
        if self.cursor < self.count():
            self.post_message(self.Chosen(self, self.cursor))

    def on_click(self, event: Click) -> None:
        """A click moves the cursor, a second one chooses."""
        offset = event.get_content_offset(self)
        if offset is None:
            return
        index = offset.y + self.scroll_offset.y
        if index < self.count():
            self.cursor = index
            self.refresh()
            if event.chain > 1 or self.chosen_at(index, offset.x):
                self.action_choose()

    def on_resize(self) -> None:
        """The lines are as wide as the pane."""
        self.changed()

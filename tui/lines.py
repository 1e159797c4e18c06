"""A pane of lines: what nearly every pane is.

A line is a list of spans, (text, style name); style names are component classes, so that the style
sheet alone decides what they look like. Only the lines on the screen are ever asked for.
"""

from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.events import Click
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

Span = tuple[str, str]
Line = list[Span]

STYLES = (
    "text", "muted", "address", "symbol", "number", "string", "changed", "here", "mark", "source",
    "bad", "cursor",
)  # fmt: skip


class LinePane(ScrollView, can_focus=True):
    """Lines one can scroll through, with a cursor. Subclasses say how many and which."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"lines--{name}" for name in STYLES}

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
        self.follow = False
        """Keep the last line in sight when lines are added, until somebody scrolls up."""

    # -- what a subclass provides --------------------------------------------------------------

    def count(self) -> int:
        """How many lines there are now."""
        raise NotImplementedError

    def line(self, index: int) -> Line:
        """The spans of one line."""
        raise NotImplementedError

    # -- what it gets --------------------------------------------------------------------------

    def changed(self) -> None:
        """The lines are new: show them."""
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
        top = max(self.cursor - margin, 0)
        height = min(1 + 2 * margin, max(self.scrollable_content_region.height, 1))
        self.scroll_to_region(Region(0, top, 1, height), animate=False, immediate=True)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Called by Textual for each line on the screen."""
        index = y + self.scroll_offset.y
        width = self.scrollable_content_region.width
        blank = self.get_component_rich_style("lines--text")
        if index >= self.count():
            return Strip.blank(width, blank)
        styles = self.get_component_rich_style
        segments = [Segment(text, styles(f"lines--{style}")) for text, style in self.line(index)]
        strip = Strip(segments).simplify().adjust_cell_length(width, blank)
        if self.has_focus and index == self.cursor:
            cursor = self.get_component_rich_style("lines--cursor")
            strip = strip.apply_style(Style(bgcolor=cursor.bgcolor, underline=cursor.underline))
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
            if event.chain > 1:
                self.action_choose()

    def on_resize(self) -> None:
        """The lines are as wide as the pane."""
        self.changed()

"""The run on one line: where we are, what is kept, what happened; a click goes there."""

from rich.segment import Segment
from rich.style import Style
from textual.events import Click, MouseMove
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from nanvix.tui.inks import PANE
from nanvix.tui.view import Timeline

_EVENT, _CHECKPOINT, _RAIL, _AHEAD = "◆", "┴", "─", "╌"


class TimelineBar(Widget):
    """Instructions from the first to the last one seen, in the width of the screen."""

    DEFAULT_CSS = "TimelineBar { height: 2; }"

    class Scrubbed(Message):
        """Go to this instruction count."""

        def __init__(self, count: int) -> None:
            super().__init__()
            self.count = count

    def __init__(self) -> None:
        super().__init__(id="timeline")
        self.timeline: Timeline | None = Timeline()
        self.progress: tuple[str, float | None] | None = None
        """Work in hand: what, and how much of it is done (0 to 1) if that is known."""

    def draw(self, timeline: Timeline | None) -> None:
        """Show this one; None: moments are not known here."""
        if timeline != self.timeline:
            self.timeline = timeline
            self.refresh()

    def show_progress(self, what: str, done: float | None) -> None:
        """Long work is under way; ``what`` = '' ends that."""
        known = None if done is None else min(max(done, 0.0), 1.0)
        self.progress = (what, known) if what else None
        self.refresh()

    def column(self, timeline: Timeline, count: int) -> int:
        """Where a moment stands."""
        end = max(timeline.end, 1)
        return min(count * (self.size.width - 1) // end, self.size.width - 1)

    def moment(self, column: int) -> int:
        """Which moment a column means."""
        end = 0 if self.timeline is None else self.timeline.end
        return end * column // max(self.size.width - 1, 1)

    def render_line(self, y: int) -> Strip:
        """The rail above, its legend below."""
        segments = self._rail() if y == 0 else self._legend()
        return Strip(segments).simplify().adjust_cell_length(self.size.width, self._style("text"))

    def on_click(self, event: Click) -> None:
        """Scrub."""
        if event.y == 0:
            self.post_message(self.Scrubbed(self.moment(event.x)))

    def on_mouse_move(self, event: MouseMove) -> None:
        """Dragging scrubs as well."""
        if event.button == 1 and event.y == 0:
            self.post_message(self.Scrubbed(self.moment(event.x)))

    def _rail(self) -> list[Segment]:
        width, timeline = self.size.width, self.timeline
        if timeline is None:
            return [Segment(_AHEAD * width, self._style("muted"))]
        now = self.column(timeline, timeline.now)
        cells = [(_RAIL, "muted") if x <= now else (_AHEAD, "muted") for x in range(width)]
        for count in timeline.checkpoints:
            cells[self.column(timeline, count)] = (_CHECKPOINT, "address")
        for count, _ in timeline.marks:
            cells[self.column(timeline, count)] = (_EVENT, "symbol")
        cells[now] = ("█", "mark")
        return [Segment(text, self._style(style)) for text, style in cells]

    def _legend(self) -> list[Segment]:
        if self.progress is not None:
            what, done = self.progress
            if done is None:
                return [Segment(f"{what} ...   Esc stops it", self._style("mark"))]
            filled = round(done * 20)
            bar = "█" * filled + "░" * (20 - filled)
            text = f"{what} {bar} {done:4.0%}   Esc cancels"
            return [Segment(text, self._style("mark"))]
        timeline = self.timeline
        if timeline is None:
            text = "no timeline: KVM does not count instructions"
            return [Segment(text, self._style("muted"))]
        text = (
            f"instruction {timeline.now:,} of {timeline.end:,}"
            f"   {_CHECKPOINT} {_some(len(timeline.checkpoints), 'checkpoint')}"
            f"   {_EVENT} {_some(len(timeline.marks), 'mark')}"
        )
        near = [what for count, what in timeline.marks if count == timeline.now]
        return [Segment(text + "".join(f"   {what}" for what in near), self._style("muted"))]

    def _style(self, name: str) -> Style:
        return PANE.of(self.app)[name]


def _some(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"

"""The last line of the screen: the keys that matter now; what cannot be done here is pale."""

from collections.abc import Sequence

from rich.segment import Segment
from textual.events import Click
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from nanvix.tui.inks import BAR

Key = tuple[str, str, str, bool]
"""(action, key, label, possible here)."""


class KeyBar(Widget):
    """A click on a key does what the key does."""

    class Pressed(Message):
        """The name of the action."""

        def __init__(self, action: str) -> None:
            super().__init__()
            self.action_name = action

    def __init__(self) -> None:
        super().__init__(id="keys")
        self._keys: list[Key] = []

    def draw(self, keys: Sequence[Key]) -> None:
        """Most wanted first; what does not fit is left out."""
        if list(keys) != self._keys:
            self._keys = list(keys)
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """As many as fit."""
        inks = BAR.of(self.app)
        segments, left = [], self.size.width
        for _, key, label, possible in self._keys:
            left -= _width(key, label)
            if left < 0:
                break
            segments.append(Segment(f" {key}", inks["mark" if possible else "muted"]))
            segments.append(Segment(f" {label} ", inks["text" if possible else "muted"]))
        return Strip(segments).adjust_cell_length(self.size.width, inks["muted"])

    def on_click(self, event: Click) -> None:
        """Find the key under the mouse."""
        x = 0
        for action, key, label, _ in self._keys:
            x += _width(key, label)
            if event.x < x <= self.size.width:
                self.post_message(self.Pressed(action))
                return


def _width(key: str, label: str) -> int:
    return len(key) + len(label) + 3

"""What the session's thread says is done on the screen's, in its order."""

from collections.abc import Callable
from threading import Lock
from typing import TYPE_CHECKING, Any

from textual.app import App
from textual.message import Message

from nanvix.tui.events import Events

if TYPE_CHECKING:
    from nanvix.tui.timeline import TimelineBar
    from nanvix.tui.view import View


class Posted(Message):
    """Something the session's thread has to say, to be done on the screen's."""

    def __init__(self, act: Callable[[], None]) -> None:
        super().__init__()
        self.act = act


class Hearing(App[int], Events):
    """An application that shows what it hears."""

    timeline: "TimelineBar"

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._latest: View | None = None
        self._exchange = Lock()

    def draw(self) -> None:
        """Show the latest view."""
        raise NotImplementedError

    def tell(self, text: str, *, error: bool = False) -> None:
        """One line for the user."""
        raise NotImplementedError

    def on_posted(self, message: Posted) -> None:
        """On the screen's thread again."""
        message.act()

    def refreshed(self, view: "View") -> None:
        """Only the newest view is drawn: a slow terminal never piles them up."""
        with self._exchange:
            waiting, self._latest = self._latest is not None, view
        if not waiting:
            self.post_message(Posted(self.draw))

    def progressed(self, what: str, done: float) -> None:
        """Long work."""
        self.post_message(Posted(lambda: self.timeline.show_progress(what, done)))

    def told(self, text: str) -> None:
        """An answer."""
        self.post_message(Posted(lambda: self.tell(text)))

    def failed(self, text: str) -> None:
        """A job that could not be done."""
        self.post_message(Posted(lambda: self.tell(text, error=True)))

    def broken(self, report: str) -> None:
        """Leave the screen and say what went wrong."""
        self.post_message(Posted(lambda: self.exit(125, 125, f"nanvix: internal error\n{report}")))

"""The guest's console: what it has written, and a line to type into."""

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Input

from nanvix.tui.lines import Line, LinePane

_TAB = 8
_KEPT, _LONGEST = 100_000, 10_000


class ConsoleText(LinePane):
    """What the guest has written, split into lines."""

    def __init__(self) -> None:
        super().__init__("console-text", "")
        self.follow = True
        self.hint = "the guest has written nothing yet"
        self._lines = [""]

    def take(self, text: str) -> None:
        """More output; the oldest lines go when there are too many."""
        if text:
            parts = text.replace("\r\n", "\n").split("\n")
            self._lines[-1] = (self._lines[-1] + parts[0])[-_LONGEST:]
            self._lines.extend(parts[1:])
            del self._lines[:-_KEPT]
            self.changed()

    def count(self) -> int:
        """How many lines; an empty last one does not count."""
        return len(self._lines) - (not self._lines[-1])

    def line(self, index: int) -> Line:
        """Control characters are shown, not obeyed."""
        text = self._lines[index].expandtabs(_TAB)
        return [("".join(c if c.isprintable() else "·" for c in text), "text")]


class ConsolePane(Vertical):
    """Output above, input below."""

    class Typed(Message):
        """A line for the guest's standard input; None is its end (Ctrl-D)."""

        def __init__(self, text: str | None) -> None:
            super().__init__()
            self.text = text

    BINDINGS = [("ctrl+d", "end_of_file", "end of input")]  # noqa: RUF012

    def __init__(self) -> None:
        super().__init__(id="console")
        self.title = "Console"
        self.text = ConsoleText()
        self.input = Input(placeholder="input for the guest", id="console-input", compact=True)

    def compose(self) -> ComposeResult:
        """Called by Textual."""
        yield self.text
        yield self.input

    def focus(self, scroll_visible: bool = True) -> "ConsolePane":
        """The keyboard goes to the input line, soon if that is still to be made."""
        if self.input.is_attached:
            self.input.focus(scroll_visible)
        else:
            self.call_later(self.input.focus, scroll_visible)
        return self

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """A line for the guest."""
        event.stop()
        self.post_message(self.Typed(event.value + "\n"))
        self.input.value = ""

    def action_end_of_file(self) -> None:
        """Ctrl-D."""
        self.post_message(self.Typed(None))

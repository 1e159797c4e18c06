"""The line at the bottom into which commands are typed, with a memory of earlier ones."""

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.suggester import SuggestFromList
from textual.widgets import Input, Label


class Prompt(Horizontal):
    """Made when a command is wanted first, and hidden in between; Escape puts it away, up and down
    recall earlier ones."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", show=False),
        Binding("up", "recall(-1)", show=False),
        Binding("down", "recall(1)", show=False),
    ]
    DEFAULT_CSS = """
    Prompt { height: 1; display: none; }
    Prompt Label { width: auto; }
    Prompt Input { width: 1fr; }
    """

    class Given(Message):
        """A command line."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Ready(Message):
        """It takes keys now."""

    def __init__(self, words: list[str]) -> None:
        super().__init__(id="prompt")
        self.input = Input(
            suggester=SuggestFromList(words), compact=True, select_on_focus=False
        )  # what is typed goes behind the beginning of a command, not in its place
        """Only in the tree of widgets once something has been asked."""
        self.history: list[str] = []
        self.opening = False
        """Whether it has been asked for and does not take keys yet."""
        self._at = 0
        self._back_to: str | None = None

    def ask(self, text: str = "") -> None:
        """Show it with the beginning of a command."""
        focused = self.screen.focused
        if focused is not self.input:
            self._back_to = focused.id if focused is not None else None
        self._at = len(self.history)
        self.display = True
        self.write(text)
        if self.input.is_attached:
            self.screen.set_focus(self.input)
        else:
            self.opening = True
            self.mount(Label(":"), self.input)
            self.call_after_refresh(self._opened)

    def _opened(self) -> None:
        self.opening = False
        self.screen.set_focus(self.input)
        self.post_message(self.Ready())

    def action_dismiss(self) -> None:
        """Put it away; the keyboard goes back to where it was."""
        self.display = False
        if self._back_to is not None:
            for widget in self.screen.query(f"#{self._back_to}"):
                self.screen.set_focus(widget)

    def action_recall(self, step: int) -> None:
        """An earlier or a later command."""
        self._at = min(max(self._at + step, 0), len(self.history))
        self.write(self.history[self._at] if self._at < len(self.history) else "")

    def write(self, text: str) -> None:
        """Put this into the line."""
        self.input.value = text
        self.input.cursor_position = len(text)

    def take(self) -> str:
        """What has been typed; it is put away, and kept to be recalled."""
        text = self.input.value.strip()
        self.action_dismiss()
        if text and self.history[-1:] != [text]:
            self.history.append(text)
        return text

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter, from a test or a mouse: what keys do is up to the application."""
        event.stop()
        if text := self.take():
            self.post_message(self.Given(text))

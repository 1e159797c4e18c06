"""The help screen, made of the tables of actions and commands."""

from textwrap import wrap
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from nanvix.tui.actions import ACTIONS
from nanvix.tui.commands import COMMANDS

_WIDTH = 78
_REST = (
    "An action may be typed by its name too. In every pane ↑ ↓ PgUp PgDn Home End move, Tab goes "
    "on, a click marks, a second one chooses; the lines between panes can be dragged."
)


class HelpScreen(ModalScreen[None]):
    """Any of Escape, q and ? closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark", "dismiss", show=False),
    ]
    DEFAULT_CSS = """
    HelpScreen { align: center middle; }
    HelpScreen VerticalScroll {
        width: 84; max-width: 96%; height: 90%; border: round $accent; padding: 0 1;
        background: $surface;
    }
    """

    def compose(self) -> ComposeResult:
        """Called by Textual."""
        with VerticalScroll() as box:
            box.border_title = "Help"
            box.border_subtitle = "Esc closes"
            yield Static(text(), markup=False)


def text() -> str:
    """Keys by group, then commands."""
    lines: list[str] = []
    group = ""
    for action in ACTIONS:
        if action.group != group:
            group = action.group
            lines += ["", group]
        lines += _wrapped(f"  {action.shown:<7} {action.label:<15} ", action.help)
    lines += ["", "Commands, typed behind :"]
    for command in COMMANDS:
        lines.append(f"  {command.name} {command.usage}")
        lines += _wrapped("          ", command.help)
    lines += ["", *_wrapped("", _REST)]
    return "\n".join(lines[1:])


def _wrapped(head: str, help: str) -> list[str]:
    """The text behind its heading, and below itself where one line is not enough."""
    return wrap(help, _WIDTH, initial_indent=head, subsequent_indent=" " * len(head))

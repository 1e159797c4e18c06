"""The help screen, made of the tables of actions and commands."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from nanvix.tui.actions import ACTIONS
from nanvix.tui.commands import COMMANDS


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
        lines.append(f"  {action.shown:<7} {action.label:<15} {action.help}")
    lines += ["", "Commands"]
    lines += [f"  :{c.name} {c.usage}\n          {c.help}" for c in COMMANDS]
    lines += ["", "In every pane ↑ ↓ PgUp PgDn Home End move, Tab goes on, a click marks."]
    return "\n".join(lines[1:])

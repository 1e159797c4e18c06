"""What can be typed behind ``:``, once: the prompt's completion and the help are made of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nanvix.debug.errors import DebugError
from nanvix.named import NamedTuple
from nanvix.tui import export
from nanvix.tui.actions import ACTIONS
from nanvix.tui.verbs import frames, look, points, run, screen, travel

if TYPE_CHECKING:
    from collections.abc import Callable

    from nanvix.tui.app import DebugApp


class Command(NamedTuple):
    """``run`` gets the app and the text behind the name. ``needs``: as in an Action.
    ``completes``: what Tab finds behind the name: a "name" of the program, a "pane", an "event"."""

    name: str
    usage: str
    help: str
    run: Callable[[DebugApp, str], None]
    needs: str = ""
    completes: str = ""


# fmt: off
COMMANDS = (
    Command("break", "WHERE [if CONDITION]", "Set a breakpoint.", points.set_break, "points",
            "name"),
    Command("watch", "WHAT [read|write|access|change] [if CONDITION]", "Set a watchpoint.",
            points.set_watch, "watch", "name"),
    Command("catch", "EVENT [NAME...] [if CONDITION]", "Stop at an event.",
            points.set_catch, "points", "event"),
    Command("delete", "NUMBER", "Remove a point.", points.remove, "points"),
    Command("until", "WHERE", "Run to a place.", run.until, "points", "name"),
    Command("moment", "COUNT | +N | -N", "Go to an instruction count.", travel.moment, "travel"),
    Command("wrote", "WHAT", "Go to the last write of something.", travel.wrote, "travel", "name"),
    Command("mark", "[NAME]", "Bookmark this moment.", travel.bookmark, "travel"),
    Command("goto", "WHERE", "Show memory.", look.goto, "", "name"),
    Command("code", "WHERE", "Show code.", look.code, "", "name"),
    Command("frame", "[NUMBER]", "Look from a call in Calls.", frames.frame_by_number),
    Command("thread", "[TID]", "Look from a thread, or from the running one again.",
            frames.thread_by_number),
    Command("find", 'TEXT | "TEXT" | 0xBYTES', "Search memory.", look.find),
    Command("filter", "[WORD...]", "Show only log rows with these words.",
            lambda app, text: app.filter_log(text)),
    Command("display", "EXPRESSION", "Watch an expression, or stop watching it.", look.display,
            "", "name"),
    Command("print", "EXPRESSION", "Show a value.", look.show, "", "name"),
    Command("set", "REGISTER = VALUE | ADDRESS = BYTES", "Change the guest.", look.edit,
            "", "name"),
    Command("pane", "NAME", "Show a pane.", screen.show_pane, "", "pane"),
    Command("picture", "[FILE.svg]", "Save the screen.", screen.picture),
    Command("trace", "FILE", "Save the events: JSON Lines, or a Chrome trace for *.json.",
            export.trace),
    Command("capsule", "FILE.nvcap", "Save the run, bookmarks, points and notes in one file that "
            "nanvix debug opens elsewhere.", export.capsule, "record"),
    Command("note", "[TEXT]", "Write a note for the capsule, or show all.", export.note),
)
# fmt: on

BY_NAME = {command.name: command for command in COMMANDS}


def perform(app: DebugApp, text: str) -> None:
    """Do what was typed: a command, whose name may be cut short, or an action of the table by its
    whole name. Raises DebugError for what makes no sense."""
    name, _, rest = text.strip().partition(" ")
    if name not in BY_NAME or not rest.strip():
        action = next((a for a in ACTIONS if text.strip() in (a.name, a.label)), None)
        if action is not None:
            app.action_do(action.name)
            return
    matches = [c for c in COMMANDS if c.name == name] or [
        c for c in COMMANDS if c.name.startswith(name)
    ]
    if not matches:
        raise DebugError(f"no command {name!r}: ? shows all")
    if len(matches) > 1:
        raise DebugError(f"{name!r} may mean {', '.join(c.name for c in matches)}")
    command = matches[0]
    reason = app.missing(command.needs)
    if reason:
        raise DebugError(reason)
    command.run(app, rest.strip())

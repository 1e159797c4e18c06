"""Everything the user can do, once: key bindings, key bar, command palette and help are made of
this table.

An action's ``run`` gets the app. ``needs`` names what the machine must be able to do
(:data:`NEEDS`); where it cannot, the action is shown pale, with the reason.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.binding import Binding

from nanvix.named import NamedTuple
from nanvix.tui import export
from nanvix.tui.verbs import frames, look, points, run, screen, travel

if TYPE_CHECKING:
    from collections.abc import Callable

    from nanvix.tui.app import DebugApp


class Action(NamedTuple):
    """``key``: as Textual names it; ``shown``: as a keyboard shows it; ``bar``: its place in the
    key bar, 0 for none."""

    name: str
    key: str
    shown: str
    label: str
    help: str
    group: str
    run: Callable[[DebugApp], None]
    needs: str = ""
    bar: int = 0


NEEDS = {
    "step": "stepping",
    "travel": "time travel",
    "points": "breakpoints",
    "watch": "watchpoints",
    "move": "change of backend",
    "record": "capsule",
}

# fmt: off
ACTIONS = (
    Action("step", "s", "s", "step", "Run one instruction.", "Run", run.step, "step", 1),
    Action("over", "n", "n", "over", "Run one instruction, a called function as part of it.",
           "Run", run.over, "step", 2),
    Action("finish", "f", "f", "finish", "Run until the current function has returned.",
           "Run", run.finish, "step", 3),
    Action("line", "l", "l", "line", "Run to the next source line.", "Run", run.line, "step"),
    Action("go", "c", "c", "continue", "Run on to the next breakpoint or the end.",
           "Run", run.go, "", 4),
    Action("user", "u", "u", "user", "Run until a program runs in user mode.",
           "Run", run.user, "step", 12),
    Action("pause", "p", "p", "pause", "Stop what runs, as soon as possible.",
           "Run", run.pause, "", 9),
    Action("interrupt", "ctrl+c", "Ctrl-C", "interrupt", "Stop what runs; while typing in Console: "
           "to the program.", "Run", run.interrupt),
    Action("cancel", "escape", "Esc", "cancel", "Stop a long search or run.",
           "Run", run.pause),

    Action("step_back", "S", "S", "step back", "Undo one instruction.",
           "Back in time", travel.step_back, "travel", 5),
    Action("over_back", "N", "N", "over back", "Undo one instruction, a called function with it.",
           "Back in time", travel.over_back, "travel"),
    Action("finish_back", "F", "F", "to the call", "Go back to the call of this function.",
           "Back in time", travel.finish_back, "travel"),
    Action("line_back", "L", "L", "line back", "Go back to the source line before.",
           "Back in time", travel.line_back, "travel"),
    Action("go_back", "C", "C", "reverse", "Go back to the last breakpoint or watchpoint hit.",
           "Back in time", travel.go_back, "travel", 6),
    Action("user_back", "U", "U", "user back", "Go back to where a program last ran in user mode.",
           "Back in time", travel.user_back, "travel"),
    Action("first", "less_than_sign", "<", "first", "Go to the first moment.",
           "Back in time", travel.first, "travel"),
    Action("last", "greater_than_sign", ">", "last", "Go to the last moment seen.",
           "Back in time", travel.last, "travel"),
    Action("earlier", "comma", ",", "event before", "Go to the event before this moment.",
           "Back in time", travel.earlier, "travel"),
    Action("later", "full_stop", ".", "event after", "Go to the event after this moment.",
           "Back in time", travel.later, "travel"),
    Action("wrote", "W", "W", "who wrote", "Go to the instruction that last wrote the bytes in "
           "the memory pane.", "Back in time", travel.who_wrote, "travel"),
    Action("emulate", "E", "E", "in emulator", "Open this moment in the emulator, to step and go "
           "back in time from here on.", "Back in time", travel.emulate, "move", 6),
    Action("bookmark", "m", "m", "bookmark", "Mark this moment, or take the mark away.",
           "Back in time", travel.bookmark, "travel"),

    Action("break", "b", "b", "break", "Set a breakpoint: symbol, address, file:line, `if` "
           "condition.", "Points", points.ask_break, "points", 7),
    Action("watch", "w", "w", "watch", "Stop when memory changes: an expression or an address.",
           "Points", points.ask_watch, "watch", 10),
    Action("catch", "k", "k", "catch", "Stop at an event: syscall, return, signal, exec, fault.",
           "Points", points.ask_catch, "points"),
    Action("toggle", "space", "Space", "toggle", "Set or remove a breakpoint at the marked line; "
           "in Points switch the point on or off, in Watch unfold.", "Points", points.toggle),
    Action("delete", "delete", "Del", "delete", "Remove the point marked in Points.",
           "Points", points.delete, "points"),

    Action("goto", "g", "g", "go to", "Show memory at an address, symbol or expression.",
           "Look", look.ask_goto, "", 11),
    Action("code_at", "G", "G", "code at", "Show code at an address or symbol.",
           "Look", look.ask_code),
    Action("follow", "r", "r", "follow", "Let memory follow the stack, and code the next "
           "instruction of the running thread, again.", "Look", look.follow),
    Action("outer", "o", "o", "outer call", "Look from the caller: code, registers, variables.",
           "Look", frames.outer),
    Action("inner", "i", "i", "inner call", "Look from the function that was called.",
           "Look", frames.inner),
    Action("search", "slash", "/", "search", "Find text, or bytes in hex, in memory; in Log: "
           "show matching rows only.", "Look", look.ask_search, "", 13),
    Action("again", "a", "a", "search again", "Find the next place.", "Look", look.search_again),
    Action("display", "d", "d", "display", "Watch an expression.", "Look", look.ask_display),
    Action("unfold", "plus", "+", "unfold", "Show what is in the row marked in Watch (also "
           "Enter, Space, or a click on its triangle), or hide it.", "Look", look.unfold),
    Action("edit", "e", "e", "edit", "Change memory or a register.", "Look", look.ask_edit),

    Action("zoom", "z", "z", "zoom", "Give the pane the whole screen, or take that back.",
           "Screen", screen.zoom),
    Action("hide", "x", "x", "hide", "Take the pane away; its name in the palette brings it back.",
           "Screen", screen.hide),
    Action("pile_next", "right_square_bracket", "]", "next in pile", "Show the next pane of this "
           "pile.", "Screen", screen.pile_next),
    Action("pile_before", "left_square_bracket", "[", "before in pile", "Show the pane before it.",
           "Screen", screen.pile_before),
    Action("wider", "ctrl+right", "Ctrl-→", "wider", "Make the column wider.",
           "Screen", screen.wider),
    Action("narrower", "ctrl+left", "Ctrl-←", "narrower", "Make the column narrower.",
           "Screen", screen.narrower),
    Action("taller", "ctrl+down", "Ctrl-↓", "taller", "Make the pane taller.",
           "Screen", screen.taller),
    Action("shorter", "ctrl+up", "Ctrl-↑", "shorter", "Make the pane shorter.",
           "Screen", screen.shorter),
    Action("light", "t", "t", "light/dark", "Change between a light and a dark screen.",
           "Screen", screen.light),
    Action("picture", "ctrl+s", "Ctrl-S", "picture", "Save the screen as SVG.",
           "Screen", screen.picture),
    Action("capsule", "B", "B", "bug capsule", "Save the run, bookmarks, points and notes in one "
           "file.", "Screen", export.ask_capsule, "record"),

    Action("command", "colon", ":", "command", "Type a command; Tab completes, ↑ recalls.",
           "General", screen.ask_command, "", 14),
    Action("help", "question_mark", "?", "help", "All keys and commands.",
           "General", screen.help, "", 8),
    Action("suspend", "ctrl+z", "Ctrl-Z", "suspend", "Stop like any job of a shell, the guest "
           "too; `fg` brings all back.", "General", screen.suspend),
    Action("quit", "q", "q", "quit", "End the guest and leave.", "General", screen.quit, "", 15),
)
# fmt: on

BY_NAME = {action.name: action for action in ACTIONS}
BY_KEY = {action.key: action for action in ACTIONS}
IN_BAR = sorted((action for action in ACTIONS if action.bar), key=lambda action: action.bar)


def bindings() -> list[Binding]:
    """For the app; all go through one method, so that a missing ability can be explained."""
    return [
        Binding(action.key, f"do('{action.name}')", action.label, show=False) for action in ACTIONS
    ]

"""What Tab makes of a command that has been begun: names of commands, panes, events, symbols,
variables."""

import re
from typing import TYPE_CHECKING

from nanvix.abi.syscalls import SYSCALLS
from nanvix.debug.demangle import MANGLED
from nanvix.debug.points import EVENTS
from nanvix.machine.describe import EXCEPTIONS, SIGNALS
from nanvix.tui import commands
from nanvix.tui.actions import ACTIONS
from nanvix.tui.verbs.frames import from_here

if TYPE_CHECKING:
    from nanvix.debug.debugger import Debugger
    from nanvix.tui.app import DebugApp

_WORD = re.compile(r"[\w:~.$#]*$")
_SHOWN = 12
_NAMES = {
    "syscall": tuple(SYSCALLS.values()), "return": tuple(SYSCALLS.values()),
    "signal": SIGNALS[1:], "fault": EXCEPTIONS, "fork": ("fork", "vfork", "thread"),
}  # fmt: skip
"""What may stand behind an event of a catchpoint."""


def complete(app: "DebugApp", text: str) -> None:
    """Finish the last word of what has been typed as far as it is clear, or show what it may be."""
    name, space, rest = text.partition(" ")
    if not space:
        names = (*(c.name for c in commands.COMMANDS), *(a.name for a in ACTIONS))
        _offer(app, text, name, [*dict.fromkeys(n for n in names if n.startswith(name))])
        return
    command = commands.BY_NAME.get(name)
    found = _WORD.search(text)
    word = found[0] if found is not None else ""
    kind = command.completes if command is not None else ""
    if kind == "pane":
        _offer(app, text, word, [pane for pane in app.desk.panes if pane.startswith(word)])
    elif kind == "event":
        event = rest.partition(" ")[0] if " " in rest else ""
        known = _NAMES.get(event, ()) if event else EVENTS
        _offer(app, text, word, sorted(n for n in known if n.startswith(word)))
    elif kind == "name" and word:
        app.session.do(lambda d: _names(app, d, text, word), "complete", runs=False)


def _names(app: "DebugApp", debugger: "Debugger", text: str, word: str) -> None:
    """On the session's thread: variables first, then symbols."""
    with from_here(app.view, debugger):
        local = [v.name for v in debugger.variables() if v.name.startswith(word)]
    known = [name for name in debugger.complete(word) if not name.startswith(MANGLED)]
    found = list(dict.fromkeys((*local, *known)))
    app.call_from_thread(_offer, app, text, word, found)


def _offer(app: "DebugApp", text: str, word: str, found: list[str]) -> None:
    prompt = app.prompt
    if prompt.input.value != text:
        return  # typed on
    more = _common(found)
    if len(found) == 1 and " " not in text:
        more += " "
    if len(more) > len(word):
        prompt.write(text[: len(text) - len(word)] + more)
    elif len(found) > 1:
        rest = len(found) - _SHOWN
        app.tell("  ".join(found[:_SHOWN]) + (f"  and {rest} more" if rest > 0 else ""))
    elif not found:
        app.tell(f"nothing begins with {word!r}" if word else "nothing to complete here")


def _common(words: list[str]) -> str:
    """What all begin with."""
    if not words:
        return ""
    first, last = min(words), max(words)
    size = next((i for i, c in enumerate(first) if last[i : i + 1] != c), len(first))
    return first[:size]

"""Where the panes look, and changing what they show."""

from typing import TYPE_CHECKING

from nanvix.abi.layout import USER_END
from nanvix.debug.errors import DebugError
from nanvix.tui import cursor
from nanvix.tui.verbs.frames import from_here
from nanvix.tui.view import Chosen
from nanvix.tui.words import place

if TYPE_CHECKING:
    from nanvix.debug.debugger import Debugger
    from nanvix.tui.app import DebugApp


def ask_goto(app: "DebugApp") -> None:
    """Type a place in memory."""
    app.prompt.ask("goto ")


def ask_code(app: "DebugApp") -> None:
    """Type a place in code."""
    app.prompt.ask("code ")


def ask_search(app: "DebugApp") -> None:
    """Type what to find."""
    app.prompt.ask("filter " if app.focused_pane() == "log" else "find ")


def ask_display(app: "DebugApp") -> None:
    """Type an expression."""
    app.prompt.ask("display ")


def ask_edit(app: "DebugApp") -> None:
    """Type an assignment."""
    app.prompt.ask("set ")


def goto(app: "DebugApp", text: str) -> None:
    """Let memory show a place."""
    app.look(memory=text or None)
    app.desk.show("memory")


def code(app: "DebugApp", text: str) -> None:
    """Let code show a place."""
    app.look(code=text or None)
    app.desk.show("code")


def follow(app: "DebugApp") -> None:
    """Follow the stack pointer and the next instruction again."""
    app.look(memory=None, code=None, chosen=Chosen())


def display(app: "DebugApp", text: str) -> None:
    """Watch an expression; again takes it away."""
    if not text:
        raise DebugError("display what? an expression")
    watches = app.focus_of.watches
    app.look(
        watches=tuple(w for w in watches if w != text) if text in watches else (*watches, text)
    )
    app.desk.show("locals")


def unfold(app: "DebugApp") -> None:
    """Show what is in the marked row of Watch, or hide it, with all that is in that."""
    row = cursor.marked_row(app)
    if row is None or not row.opens:
        return
    unfolded = app.focus_of.unfolded
    if row.open:
        size = len(row.path)
        app.look(unfolded=frozenset(path for path in unfolded if path[:size] != row.path))
    else:
        app.look(unfolded=unfolded | {row.path})


def show(app: "DebugApp", text: str) -> None:
    """Print the value of an expression."""

    def job(d: "Debugger") -> str:
        with from_here(app.view, d):
            return f"{text} = {d.evaluate(text).show()}"

    app.session.do(job, "print")


def find(app: "DebugApp", text: str) -> None:
    """Text in quotes or plain, or bytes as ``0x...``; from where memory shows now."""
    wanted = _pattern(text)
    start = cursor.memory_address(app) + (1 if app.last_search == text else 0)
    app.last_search = text

    def job(d: "Debugger") -> str:
        going = app.session.going
        found = d.search_memory(wanted, start, USER_END, limit=1, going=going)
        found = found or d.search_memory(wanted, 0, start, limit=1, going=going)
        if not found:
            where = (
                "nowhere in this process" if going(1.0) else "not where it was looked for so far"
            )
            return f"{text} is {where}"
        app.call_from_thread(app.look, memory=f"{found[0]:#x}")
        return f"{text} at {found[0]:#x}"

    app.session.do(job, "search", runs=False)


def search_again(app: "DebugApp") -> None:
    """Find the next place of what was searched last."""
    if app.last_search:
        find(app, app.last_search)


def edit(app: "DebugApp", text: str) -> None:
    """``REGISTER = VALUE``, or ``ADDRESS = BYTES in hex | "text" | NUMBER``."""
    left, equals, right = (part.strip() for part in text.partition("="))
    if not equals or not left or not right:
        raise DebugError('set REGISTER = VALUE, or set ADDRESS = 90 90 | "text" | VALUE')

    def job(d: "Debugger") -> str:
        if left.lower() in d.registers():
            if app.view.chosen != Chosen():
                raise DebugError("registers are changed in the innermost call only: r leads there")
            d.set_register(left.lower(), d.evaluate(right).integer() & (1 << 64) - 1)
        elif right.startswith('"') or " " in right:
            d.write_memory(place(d, left), _pattern(right))
        else:
            with from_here(app.view, d):
                value = d.evaluate(left)
            where = value.address if value.address is not None else value.integer()
            size = value.type.size if value.address is not None else 1
            data = d.evaluate(right).integer() & (1 << 8 * size) - 1
            d.write_memory(where, data.to_bytes(size, "little"))
        return text

    app.session.do(job, "set")


def _pattern(text: str) -> bytes:
    """The bytes a user means."""
    if not text:
        raise DebugError("search for what?")
    if text.startswith('"'):
        return text.strip('"').encode()
    digits = text.removeprefix("0x").replace(" ", "")
    if text.startswith("0x") or (" " in text and len(digits) % 2 == 0):
        try:
            return bytes.fromhex(digits)
        except ValueError:
            if text.startswith("0x"):
                raise DebugError(f"{text!r}: not bytes in hex") from None
    return text.encode()

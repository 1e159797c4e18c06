"""Breakpoints, watchpoints, catchpoints."""

from typing import TYPE_CHECKING

from nanvix.debug.errors import DebugError
from nanvix.tui import cursor
from nanvix.tui.verbs import look
from nanvix.tui.verbs.frames import from_here

if TYPE_CHECKING:
    from nanvix.debug.debugger import Debugger
    from nanvix.tui.app import DebugApp

ACCESSES = ("read", "write", "access", "change")


def ask_break(app: "DebugApp") -> None:
    """Type a place."""
    app.prompt.ask("break ")


def ask_watch(app: "DebugApp") -> None:
    """Type an expression."""
    app.prompt.ask("watch ")


def ask_catch(app: "DebugApp") -> None:
    """Type an event."""
    app.prompt.ask("catch ")


def set_break(app: "DebugApp", text: str) -> None:
    """``WHERE [if CONDITION]``."""
    where, _, condition = text.partition(" if ")

    def job(d: "Debugger") -> str:
        for known in d.points:
            same = known.kind == "breakpoint" and known.describe() == where.strip()
            if same and (known.condition.text if known.condition else "") == condition.strip():
                known.enabled = True
                return f"breakpoint {known.number} is there already"
        point = d.breakpoint(_number(where), condition=condition.strip() or None)
        app.keep_point(point.number, f"break {text}")
        if not d.places(point):
            return f"breakpoint {point.number} waits for {point.describe()}: not known here yet"
        return f"breakpoint {point.number} at {point.describe()}"

    app.session.do(job, "break")


def set_watch(app: "DebugApp", text: str) -> None:
    """``EXPRESSION [read|write|access|change] [if CONDITION]``."""
    what, _, condition = text.partition(" if ")
    words = what.split()
    access = words.pop() if words and words[-1] in ACCESSES else "change"
    what = " ".join(words)
    if not what:
        raise DebugError("watch what? an expression or an address")

    def job(d: "Debugger") -> str:
        with from_here(app.view, d):
            point = d.watch(_number(what), access=access, condition=condition.strip() or None)
        app.keep_point(point.number, f"watch {text}")
        return f"watchpoint {point.number}: {point.describe()}"

    app.session.do(job, "watch")


def set_catch(app: "DebugApp", text: str) -> None:
    """``EVENT [NAME...] [if CONDITION]``."""
    what, _, condition = text.partition(" if ")
    event, *names = what.replace(",", " ").split() or [""]

    def job(d: "Debugger") -> str:
        point = d.catch(event, *names, condition=condition.strip() or None)
        app.keep_point(point.number, f"catch {text}")
        return f"catchpoint {point.number}: {point.describe()}"

    app.session.do(job, "catch")


def toggle(app: "DebugApp") -> None:
    """In Points switch the marked one, in Watch unfold the marked row; elsewhere a breakpoint at
    the marked line of code."""
    if app.focused_pane() == "locals":
        look.unfold(app)
        return
    reason = app.missing("points")
    if reason:
        raise DebugError(reason)
    number = cursor.marked_point(app)
    if number is not None:
        app.session.do(lambda d: _switch(d, number), "toggle")
        return
    address = cursor.code_address(app)
    if address is not None:
        app.session.do(lambda d: _toggle_at(app, d, address), "toggle")


def delete(app: "DebugApp") -> None:
    """Remove the marked one."""
    number = cursor.marked_point(app)
    if number is not None:
        remove(app, str(number))


def remove(app: "DebugApp", text: str) -> None:
    """Remove one by number."""
    if not text.isdigit():
        raise DebugError("which point? give its number")
    number = int(text)

    def job(d: "Debugger") -> str:
        d.delete(number)
        app.keep_point(number, None)
        return f"point {number} is gone"

    app.session.do(job, "delete")


def _switch(debugger: "Debugger", number: int) -> None:
    for point in debugger.points:
        if point.number == number:
            point.enabled = not point.enabled


def _toggle_at(app: "DebugApp", debugger: "Debugger", address: int) -> None:
    for point in debugger.points:
        if point.kind == "breakpoint" and address in debugger.places(point):
            debugger.delete(point.number)
            app.keep_point(point.number, None)
            return
    point = debugger.breakpoint(address)
    app.keep_point(point.number, f"break {address:#x}")


def _number(text: str) -> int | str:
    text = text.strip()
    try:
        return int(text.removeprefix("*"), 0)
    except ValueError:
        return text

"""Backward, and to any moment."""

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

from nanvix.debug.errors import DebugError
from nanvix.tui import cursor
from nanvix.tui.words import place

if TYPE_CHECKING:
    from nanvix.debug.debugger import Debugger
    from nanvix.debug.points import Stop
    from nanvix.tui.app import DebugApp


def step_back(app: "DebugApp") -> None:
    """Undo one instruction."""
    app.session.do(lambda d: d.step_back(kernel=d.in_kernel), "step back")


def over_back(app: "DebugApp") -> None:
    """Undo one instruction, a call as a whole."""
    app.session.do(lambda d: d.over_back(), "over back")


def finish_back(app: "DebugApp") -> None:
    """To the call of this function."""
    app.session.do(lambda d: d.out_back(), "to the call")


def line_back(app: "DebugApp") -> None:
    """To the source line before."""
    app.session.do(lambda d: d.step_line_back(), "line back")


def go_back(app: "DebugApp") -> None:
    """To the last hit of a point."""
    app.session.do(lambda d: d.run_back(), "reverse")


def user_back(app: "DebugApp") -> None:
    """To the last moment in user mode."""
    app.session.do(lambda d: d.to_user_back(), "user back")


def first(app: "DebugApp") -> None:
    """The start of history."""
    app.session.do(lambda d: d.go(0), "first")


def last(app: "DebugApp") -> None:
    """The end of what has run."""
    app.session.do(lambda d: d.go(d.frontier), "last")


def moment(app: "DebugApp", text: str) -> None:
    """A moment by number; +N and -N count from here."""
    try:
        number = int(text.replace(",", "").replace("_", ""), 0)
    except ValueError:
        raise DebugError(f"{text!r} is not an instruction count") from None
    relative = text[:1] in "+-"

    def job(d: "Debugger") -> "Stop":
        return d.go(d.moment + number if relative else number)

    app.session.do(job, f"to {text}")


def earlier(app: "DebugApp") -> None:
    """The event before."""
    moments = [row.moment for row in app.session.log if row.moment is not None]
    here = app.view.moment or 0
    index = bisect_left(moments, here) - 1
    if index >= 0:
        app.session.do(lambda d: d.go(moments[index]), "event before")


def later(app: "DebugApp") -> None:
    """The event after."""
    moments = [row.moment for row in app.session.log if row.moment is not None]
    here = app.view.moment or 0
    index = bisect_right(moments, here)
    if index < len(moments):
        app.session.do(lambda d: d.go(moments[index]), "event after")


def who_wrote(app: "DebugApp") -> None:
    """The last write to the eight bytes at the cursor of the memory pane."""
    address = cursor.memory_address(app)

    def job(d: "Debugger") -> "Stop | str":
        access = d.last_write(address, 8)
        if access is None:
            return f"nobody has written to {address:#x} since the start"
        return d.go(access.moment - 1)

    app.session.do(job, "who wrote")


def wrote(app: "DebugApp", text: str) -> None:
    """The last write to what an expression names."""

    def job(d: "Debugger") -> "Stop | str":
        access = d.last_write(place(d, text), 8)
        return f"nobody has written to {text}" if access is None else d.go(access.moment - 1)

    app.session.do(job, f"who wrote {text}")


def emulate(app: "DebugApp") -> None:
    """A guest on KVM goes on in the emulator."""
    app.session.interrupt()
    app.session.replace(lambda present, stdio: present.in_emulator(stdio), "open in the emulator")


def bookmark(app: "DebugApp", name: str = "") -> None:
    """Mark this moment, or take its mark away."""
    here = app.view.moment
    if here is None:
        return
    marks = app.session.bookmarks
    if here in marks and not name:
        del marks[here]
    else:
        marks[here] = name or f"mark {len(marks) + 1}"
    app.session.refresh()

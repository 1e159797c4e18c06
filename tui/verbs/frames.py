"""Other frames and threads: what all panes look from."""

from typing import TYPE_CHECKING

from nanvix.debug.errors import DebugError
from nanvix.tui.view import Chosen, View

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from nanvix.debug.debugger import Debugger
    from nanvix.tui.app import DebugApp


def outer(app: "DebugApp") -> None:
    """The caller of the function that is looked at."""
    frame(app, app.view.chosen.level + 1)


def inner(app: "DebugApp") -> None:
    """What the function that is looked at has called."""
    level = app.view.chosen.level
    if not level:
        raise DebugError("this is the innermost call")
    frame(app, level - 1)


def frame(app: "DebugApp", level: int) -> None:
    """A call of the thread that is looked at."""
    tid, program = app.view.chosen.tid, app.view.chosen.program

    def job(d: "Debugger") -> None:
        with d.chosen(tid, program=program):
            known = len(d.backtrace(limit=level + 1))
        if level >= known:
            raise DebugError("this is the outermost call" if level else "no call is known here")
        app.call_from_thread(app.look, chosen=Chosen(tid, level, d.version, program), code=None)

    app.session.do(job, "frame", runs=False)


def frame_by_number(app: "DebugApp", text: str) -> None:
    """By its number in Calls; 0 without one."""
    if text and not text.isdigit():
        raise DebugError(f"which frame? {text!r} is no number")
    frame(app, int(text or "0"))


def thread(app: "DebugApp", tid: int) -> None:
    """A thread, where it is in its program."""

    def job(d: "Debugger") -> None:
        if all(t.tid != tid for t in d.threads()):
            raise DebugError(f"there is no thread {tid}")
        app.call_from_thread(app.look, chosen=Chosen(tid, 0, d.version, True), code=None)

    app.session.do(job, "thread", runs=False)


def thread_by_number(app: "DebugApp", text: str) -> None:
    """By its number in Tasks; the running one without."""
    if not text:
        app.look(chosen=Chosen(), code=None)
    elif text.isdigit():
        thread(app, int(text))
    else:
        raise DebugError(f"which thread? {text!r} is no number")


def from_here(view: View, debugger: "Debugger") -> "AbstractContextManager[None]":
    """A context in which names mean what they mean in the frame that is looked at."""
    chosen = view.chosen if view.chosen.version == debugger.version else Chosen()
    return debugger.chosen(chosen.tid, chosen.level, program=chosen.program)

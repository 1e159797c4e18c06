"""Forward: stepping and running. Every verb is a job for the session's thread."""

from signal import SIGINT
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nanvix.tui.app import DebugApp


def step(app: "DebugApp") -> None:
    """One instruction; in the kernel each of the kernel's."""
    app.session.do(lambda d: d.step(kernel=d.in_kernel), "step")


def over(app: "DebugApp") -> None:
    """One instruction, a call as a whole."""
    app.session.do(lambda d: d.over(), "over")


def finish(app: "DebugApp") -> None:
    """To the caller."""
    app.session.do(lambda d: d.out(), "finish")


def line(app: "DebugApp") -> None:
    """To another source line."""
    app.session.do(lambda d: d.step_line(), "line")


def go(app: "DebugApp") -> None:
    """To the next stop."""
    app.session.do(lambda d: d.run(), "continue")


def user(app: "DebugApp") -> None:
    """Into a program."""
    app.session.do(lambda d: d.to_user(), "to user")


def pause(app: "DebugApp") -> None:
    """Stop what runs and forget what waits."""
    app.session.interrupt()


def interrupt(app: "DebugApp") -> None:
    """As a terminal does it: the program gets it while somebody types for it."""
    if app.focused_pane() == "console":
        app.session.signal(SIGINT)
    elif app.session.busy:
        pause(app)
    else:
        app.tell("nothing runs: q leaves")


def until(app: "DebugApp", where: str) -> None:
    """To a place, once."""
    app.session.do(lambda d: d.run_to(where), f"until {where}")

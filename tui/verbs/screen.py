"""The screen itself: panes, themes, help, pictures, the end."""

from typing import TYPE_CHECKING

from nanvix.debug.errors import DebugError

if TYPE_CHECKING:
    from nanvix.tui.app import DebugApp


def zoom(app: "DebugApp") -> None:
    """The focused pane alone, or all of them again."""
    app.desk.zoom(app.focused_pane())
    app.seen_panes()


def hide(app: "DebugApp") -> None:
    """Take the focused pane away."""
    app.desk.hide(app.focused_pane())
    app.seen_panes()


def pile_next(app: "DebugApp") -> None:
    """The next of the pile."""
    _turn(app, 1)


def pile_before(app: "DebugApp") -> None:
    """The one before it."""
    _turn(app, -1)


def _turn(app: "DebugApp", step: int) -> None:
    name = app.focused_pane()
    pile = app.desk.neighbours(name)
    app.action_show_pane(pile[(pile.index(name) + step) % len(pile)])


def wider(app: "DebugApp") -> None:
    """A wider column."""
    app.desk.resize(app.focused_pane(), 1, 0)


def narrower(app: "DebugApp") -> None:
    """A narrower column."""
    app.desk.resize(app.focused_pane(), -1, 0)


def taller(app: "DebugApp") -> None:
    """A taller pane."""
    app.desk.resize(app.focused_pane(), 0, 1)


def shorter(app: "DebugApp") -> None:
    """A shorter pane."""
    app.desk.resize(app.focused_pane(), 0, -1)


def light(app: "DebugApp") -> None:
    """Light or dark."""
    app.theme = "textual-light" if app.current_theme.dark else "textual-dark"


def show_pane(app: "DebugApp", text: str) -> None:
    """Bring a pane to the front by its name."""
    if text not in app.desk.panes:
        raise DebugError(f"no pane {text!r}: there are {', '.join(app.desk.panes)}")
    app.action_show_pane(text)


def picture(app: "DebugApp", text: str = "") -> None:
    """The screen as SVG."""
    from nanvix.tui.export import save_picture

    app.tell(f"saved {save_picture(app, text)}")


def ask_command(app: "DebugApp") -> None:
    """An empty command line."""
    app.prompt.ask()


def help(app: "DebugApp") -> None:
    """Keys and commands."""
    from nanvix.tui.help import HelpScreen

    app.push_screen(HelpScreen())


def suspend(app: "DebugApp") -> None:
    """Stop, as a job of the shell does, with the guest; `fg` brings back all."""
    from nanvix.tui.jobs import job_control

    if app.is_headless or not job_control():
        raise DebugError("no shell waits that could bring the screen back (no job control)")
    app.action_suspend_process()


def quit(app: "DebugApp") -> None:
    """End the guest and leave."""
    app.exit()

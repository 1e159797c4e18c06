"""What lies under the cursor of a pane, and where it leads."""

from typing import TYPE_CHECKING

from nanvix.tui.panes.code import CodePane
from nanvix.tui.panes.log import LogPane
from nanvix.tui.panes.memory import MemoryPane
from nanvix.tui.panes.registers import RegistersPane
from nanvix.tui.panes.tables import PointsPane
from nanvix.tui.panes.watch import LocalsPane
from nanvix.tui.verbs import frames

if TYPE_CHECKING:
    from nanvix.tui.app import DebugApp
    from nanvix.tui.lines import LinePane
    from nanvix.tui.view import WatchRow


def code_address(app: "DebugApp") -> int | None:
    """The instruction marked in Code."""
    pane = app.desk.panes["code"]
    assert isinstance(pane, CodePane)
    return pane.address()


def memory_address(app: "DebugApp") -> int:
    """The row marked in Memory."""
    pane = app.desk.panes["memory"]
    assert isinstance(pane, MemoryPane)
    return pane.address()


def marked_point(app: "DebugApp") -> int | None:
    """The point under the cursor, if the list of points has the keyboard."""
    pane = app.desk.panes["points"]
    assert isinstance(pane, PointsPane)
    if app.focused_pane() != "points" or pane.cursor >= len(app.view.points):
        return None
    return app.view.points[pane.cursor].number


def marked_row(app: "DebugApp") -> "WatchRow | None":
    """The row marked in Watch."""
    pane = app.desk.panes["locals"]
    assert isinstance(pane, LocalsPane)
    return pane.row(pane.cursor)


def choose(app: "DebugApp", pane: "LinePane", index: int) -> None:
    """Go where a line leads."""
    view = app.view
    if isinstance(pane, LogPane):
        moment = pane.row(index).moment
        if moment is not None and not app.missing("travel"):
            app.session.do(lambda d: d.go(moment), "to the event")
    elif pane.id == "stack":
        app.look(memory=f"{view.stack[index].address:#x}")
    elif pane.id == "calls":
        frames.frame(app, view.calls[index].level)
    elif pane.id == "tasks":
        frames.thread(app, view.tasks[index].tid)
    elif pane.id == "maps":
        app.look(memory=f"{view.maps[index].start:#x}")
    elif isinstance(pane, RegistersPane) and (register := pane.register(index)) is not None:
        app.look(memory=register.name)
    elif pane.id == "locals":
        app.action_do("unfold")
    elif pane.id == "code":
        app.action_do("toggle")

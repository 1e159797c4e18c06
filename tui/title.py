"""The first line of the screen: what is debugged, what it is doing, where it stands."""

from textual.widgets import Static

from nanvix.tui.view import Status, View

_MARKS = {Status.STARTING: "…", Status.RUNNING: "▶", Status.STOPPED: "■", Status.ENDED: "✕"}
_BESIDE = 6
"""Columns around program and state."""
_LEAST_NAME = 8


class TitleBar(Static):
    """State before name: where there is no room, the name is cut."""

    def __init__(self) -> None:
        super().__init__(id="title", markup=False)

    def draw(self, program: str, view: View) -> None:
        """Show this view's."""
        moment = "" if view.moment is None else f"  @{view.moment:,}"
        reason = f": {view.reason}" if view.reason else ""
        state = f"{view.status.value}{reason}  {view.where}{moment}"
        name = shortened(program, self.app.size.width - len(state) - _BESIDE)
        self.update(f"{_MARKS[view.status]} {name}  {state}")


def shortened(name: str, width: int) -> str:
    """The end of a name that is too long for ``width`` columns, but some of it always."""
    width = max(width, _LEAST_NAME)
    return name if len(name) <= width else f"…{name[1 - width :]}"

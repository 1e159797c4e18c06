"""Short lists: tasks, calls, breakpoints and watchpoints."""

from nanvix.tui.lines import Line
from nanvix.tui.panes.base import ViewPane
from nanvix.tui.view import View


class TasksPane(ViewPane):
    """Processes and their threads; the current one is marked."""

    def __init__(self) -> None:
        super().__init__("tasks", "Tasks", "no process is left")

    def lines_of(self, view: View) -> list[Line]:
        """One thread a line."""
        return [
            [
                ("▶" if row.current else " ", "mark"),
                (f"{row.pid:>5}", "number"),
                (f"/{row.tid:<5} " if row.tid != row.pid else "       ", "muted"),
                (f"{row.state:<10} ", "muted"),
                (row.name, "symbol" if row.current else "text"),
            ]
            for row in view.tasks
        ]


class CallsPane(ViewPane):
    """Who has called whom, innermost first; Enter looks at a frame from there."""

    def __init__(self) -> None:
        super().__init__("calls", "Calls", "no call is known here")

    def lines_of(self, view: View) -> list[Line]:
        """One call a line."""
        return [
            [
                ("▶" if row.chosen else " ", "mark"),
                (f"{row.level:>3} ", "muted"),
                (row.symbol, "muted" if row.ring == "kernel" else "symbol"),
                (f"  {row.where}", "source" if ":" in row.where else "muted"),
            ]
            for row in view.calls
        ]


class PointsPane(ViewPane):
    """Breakpoints and watchpoints with their conditions and hits."""

    def __init__(self) -> None:
        super().__init__("points", "Points", "none: b breakpoint, w watchpoint, k event")

    def lines_of(self, view: View) -> list[Line]:
        """One a line; those switched off are pale."""
        return [
            [
                (f"{row.number:>3} ", "muted"),
                ("● " if row.enabled else "○ ", "bad" if row.enabled else "muted"),
                (f"{row.kind:<6} ", "muted"),
                (row.where, "text" if row.enabled else "muted"),
                (f" if {row.condition}" if row.condition else "", "symbol"),
                (f"  {row.hits} hit{'s' * (row.hits > 1)}" if row.hits else "", "number"),
            ]
            for row in view.points
        ]

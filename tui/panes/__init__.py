"""The panes, one concept each; :func:`all_panes` is the whole set."""

from textual.widget import Widget


def all_panes() -> list[Widget]:
    """Every pane, new, in the order in which Tab visits them."""
    from nanvix.tui.panes.code import CodePane
    from nanvix.tui.panes.console import ConsolePane
    from nanvix.tui.panes.log import LogPane
    from nanvix.tui.panes.memory import MemoryPane
    from nanvix.tui.panes.registers import RegistersPane, VectorsPane
    from nanvix.tui.panes.spaces import MapsPane, WalkPane
    from nanvix.tui.panes.stack import StackPane
    from nanvix.tui.panes.tables import CallsPane, PointsPane, TasksPane
    from nanvix.tui.panes.watch import LocalsPane

    return [
        CodePane(), RegistersPane(), VectorsPane(), StackPane(), CallsPane(), LocalsPane(),
        MemoryPane(),
        MapsPane(), WalkPane(), LogPane(), ConsolePane(), TasksPane(), PointsPane(),
    ]  # fmt: skip

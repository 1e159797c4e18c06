"""Address spaces: the areas of a process, and the way of one address through the page tables."""

from nanvix.tui.lines import Line
from nanvix.tui.panes.base import ViewPane
from nanvix.tui.view import View


class MapsPane(ViewPane):
    """The memory map, as /proc/PID/maps would show it."""

    def __init__(self) -> None:
        super().__init__("maps", "Maps", "this process has nothing mapped")

    def lines_of(self, view: View) -> list[Line]:
        """One area a line."""
        return [
            [
                (f"{row.start:012x}-{row.end:012x} ", "address"),
                (f"{row.rights} ", "bad" if "w" in row.rights and "x" in row.rights else "number"),
                (f"{_size(row.end - row.start):>6} ", "muted"),
                (row.backing, "text"),
            ]
            for row in view.maps
        ]


class WalkPane(ViewPane):
    """How the processor finds the page of the address the memory pane shows."""

    def __init__(self) -> None:
        super().__init__("walk", "Page tables")

    def lines_of(self, view: View) -> list[Line]:
        """One level a line."""
        return [
            [
                (f"{row.level:<6}", "symbol"),
                (f"[{row.slot:3}] ", "muted"),
                (f"{row.entry:016x} ", "number"),
                (row.meaning, "text"),
            ]
            for row in view.walk
        ]


def _size(size: int) -> str:
    for unit in ("B", "K", "M", "G"):
        if size < 1024 or unit == "G":
            break
        size >>= 10
    return f"{size}{unit}"

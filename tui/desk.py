"""Where the panes are: arrangements for three sizes of screen, zoom, resizing, hiding.

An arrangement is a row of columns, a column a stack of cells, a cell a pile of panes of which the
front one shows. All panes are children of one container and are placed by coordinates, so a new
arrangement moves nothing in the tree of widgets.
"""

from typing import NamedTuple

from textual.app import ComposeResult
from textual.containers import Container
from textual.widget import Widget


class Cell(NamedTuple):
    """A pile of panes and its share of the column's height."""

    weight: int
    panes: tuple[str, ...]


class Column(NamedTuple):
    """A stack of cells and its share of the width."""

    weight: int
    cells: tuple[Cell, ...]


Arrangement = tuple[Column, ...]

SMALL: Arrangement = (
    Column(50, (
        Cell(56, ("code", "memory")),
        Cell(44, ("log", "console", "points", "tasks", "maps", "walk")),
    )),
    Column(30, (
        Cell(56, ("registers", "vectors")),
        Cell(44, ("stack", "locals")),
    )),
)  # fmt: skip

MEDIUM: Arrangement = (
    Column(66, (
        Cell(52, ("code",)),
        Cell(24, ("memory", "maps", "walk")),
        Cell(24, ("log", "console")),
    )),
    Column(54, (
        Cell(36, ("registers", "vectors")),
        Cell(36, ("stack", "locals")),
        Cell(28, ("tasks", "points")),
    )),
)  # fmt: skip

LARGE: Arrangement = (
    Column(76, (Cell(64, ("code",)), Cell(36, ("console",)))),
    Column(50, (
        Cell(36, ("registers", "vectors")),
        Cell(40, ("stack",)),
        Cell(24, ("locals",)),
    )),
    Column(74, (
        Cell(34, ("memory",)),
        Cell(20, ("maps", "walk")),
        Cell(30, ("log",)),
        Cell(16, ("tasks", "points")),
    )),
)  # fmt: skip

LEAST_COLUMN, LEAST_CELL = 16, 3
_STEP = 10
"""How much one key press changes a share."""


def arrangement_for(width: int, height: int) -> Arrangement:
    """The fullest arrangement that a screen of this size carries."""
    if width >= 180 and height >= 45:
        return LARGE
    if width >= 110 and height >= 34:
        return MEDIUM
    return SMALL


class Desk(Container):
    """All panes; ``hidden`` and ``front`` are names of panes, kept per program."""

    DEFAULT_CSS = "Desk { height: 1fr; }"

    def __init__(self, panes: list[Widget]) -> None:
        super().__init__(id="desk")
        self.panes = {str(pane.id): pane for pane in panes}
        self.hidden: set[str] = set()
        self.front: set[str] = set()
        self.zoomed: str | None = None
        self._shares: dict[tuple[str, ...], int] = {}

    def compose(self) -> ComposeResult:
        """Called by Textual."""
        yield from self.panes.values()

    # -- what the user does --------------------------------------------------------------------

    def show(self, name: str) -> None:
        """Bring a pane to the front of its pile, and the keyboard to it."""
        self.hidden.discard(name)
        for cell in self._cells():
            if name in cell.panes:
                self.front = {other for other in self.front if other not in cell.panes} | {name}
        if self.zoomed is not None:
            self.zoomed = name
        self.place()
        self.panes[name].focus()

    def hide(self, name: str) -> None:
        """Take a pane away until it is shown again; the last one stays."""
        if len(self.hidden) < len(self.panes) - 1:
            self.hidden.add(name)
            self.zoomed = None
            self.place()

    def zoom(self, name: str) -> None:
        """Give one pane the whole desk, or take that back."""
        self.zoomed = None if self.zoomed == name else name
        self.place()

    def resize(self, name: str, wider: int, taller: int) -> None:
        """Change the share of the column and of the cell that ``name`` is in."""
        for column in arrangement_for(*self.app.size):
            for cell in column.cells:
                if name in cell.panes:
                    self._grow(_key(column), column.weight, wider)
                    self._grow(cell.panes, cell.weight, taller)
        self.place()

    def neighbours(self, name: str) -> list[str]:
        """The panes in the same pile, in order."""
        return next((list(cell.panes) for cell in self._cells() if name in cell.panes), [name])

    def shown(self) -> set[str]:
        """The panes that can be seen: nothing need be computed for the others."""
        return {name for name, pane in self.panes.items() if pane.display}

    # -- placing -------------------------------------------------------------------------------

    def on_resize(self) -> None:
        """Called by Textual."""
        self.place()

    def place(self) -> None:
        """Place every pane anew."""
        width, height = self.size
        places: dict[str, tuple[int, int, int, int]] = {}
        if self.zoomed is not None:
            places[self.zoomed] = (0, 0, width, height)
        else:
            places = self._places(width, height)
        for name, pane in self.panes.items():
            place = places.get(name)
            pane.display = place is not None
            if place is not None:
                x, y, pane_width, pane_height = place
                pane.styles.offset = (x, y)
                pane.styles.width, pane.styles.height = pane_width, pane_height
                pane.border_title = self._title(name)

    def _places(self, width: int, height: int) -> dict[str, tuple[int, int, int, int]]:
        columns = [
            (self._shares.get(_key(column), column.weight), piles)
            for column in arrangement_for(*self.app.size)
            if (piles := self._piles(column))
        ]
        places = {}
        widths = split(width, [weight for weight, _ in columns], LEAST_COLUMN)
        x = 0
        for (_, piles), column_width in zip(columns, widths, strict=True):
            y = 0
            heights = split(height, [weight for weight, _ in piles], LEAST_CELL)
            for (_, panes), cell_height in zip(piles, heights, strict=True):
                chosen = next((name for name in panes if name in self.front), panes[0])
                places[chosen] = (x, y, column_width, cell_height)
                y += cell_height
            x += column_width
        return places

    def _piles(self, column: Column) -> list[tuple[int, list[str]]]:
        shown = [
            (self._shares.get(cell.panes, cell.weight), self._kept(cell)) for cell in column.cells
        ]
        return [(weight, panes) for weight, panes in shown if panes]

    def _kept(self, cell: Cell) -> list[str]:
        return [name for name in cell.panes if name not in self.hidden]

    def _cells(self) -> list[Cell]:
        return [cell for column in arrangement_for(*self.app.size) for cell in column.cells]

    def _grow(self, key: tuple[str, ...], weight: int, steps: int) -> None:
        if steps:
            self._shares[key] = min(max(self._shares.get(key, weight) + _STEP * steps, _STEP), 200)

    def _title(self, name: str) -> str:
        """The names of the pile, each a link; the one in front stands out."""
        pile = [name] if self.zoomed else [n for n in self.neighbours(name) if n not in self.hidden]
        titles = []
        for other in pile:
            title = getattr(self.panes[other], "title", other)
            link = f"[@click=app.show_pane('{other}')]{title}[/]"
            titles.append(f"[b]{link}[/b]" if other == name else f"[dim]{link}[/dim]")
        return " ".join(titles)


def _key(column: Column) -> tuple[str, ...]:
    return ("column", *(name for cell in column.cells for name in cell.panes))


def split(total: int, weights: list[int], least: int) -> list[int]:
    """``total`` cells by weight, none below ``least`` while there is room; the sum is exact."""
    if not weights:
        return []
    spare = max(total - least * len(weights), 0)
    base = min(least, total // len(weights))
    whole = sum(weights)
    sizes = [base + spare * weight // whole for weight in weights]
    sizes[-1] += total - sum(sizes)
    return sizes

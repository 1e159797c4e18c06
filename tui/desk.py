"""Where the panes are: arrangements for three sizes of screen, zoom, resizing, hiding.

An arrangement is a row of columns, a column a stack of cells, a cell a pile of panes of which the
front one shows. All panes are children of one container and are placed by coordinates, so a new
arrangement moves nothing in the tree of widgets. A pane joins that tree when it is seen first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import Container
from textual.message import Message

from nanvix.named import NamedTuple

if TYPE_CHECKING:
    from textual.events import MouseDown, MouseMove, MouseUp
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
Key = tuple[str, ...]
"""Names a column or a cell, whatever of it is hidden."""


class Strip(NamedTuple):
    """A column's or a cell's place along one axis; ``inner``: a column's cells, or the one pane
    that a cell shows."""

    key: Key
    at: int
    size: int
    inner: tuple[Strip, ...] | str


class _Place(NamedTuple):
    x: int
    y: int
    width: int
    height: int


SMALL: Arrangement = (
    Column(50, (
        Cell(56, ("code", "memory")),
        Cell(44, ("log", "console", "points", "tasks", "maps", "walk")),
    )),
    Column(30, (
        Cell(56, ("registers", "vectors")),
        Cell(44, ("stack", "calls", "locals")),
    )),
)  # fmt: skip

MEDIUM: Arrangement = (
    Column(66, (
        Cell(52, ("code",)),
        Cell(24, ("memory", "maps", "walk")),
        Cell(24, ("log", "console")),
    )),
    Column(54, (
        Cell(40, ("registers", "vectors")),
        Cell(34, ("stack", "locals")),
        Cell(26, ("calls", "tasks", "points")),
    )),
)  # fmt: skip

LARGE: Arrangement = (
    Column(76, (Cell(64, ("code",)), Cell(36, ("console",)))),
    Column(50, (
        Cell(36, ("registers", "vectors")),
        Cell(26, ("stack",)),
        Cell(18, ("calls",)),
        Cell(20, ("locals",)),
    )),
    Column(74, (
        Cell(34, ("memory",)),
        Cell(20, ("maps", "walk")),
        Cell(30, ("log",)),
        Cell(16, ("tasks", "points")),
    )),
)  # fmt: skip

LEAST_COLUMN, LEAST_CELL = 16, 3
BESIDE = 4
"""Lines of the screen that are not the desk's: title, timeline, keys."""
_STEPS = 10
"""How many key presses it takes from nothing to all."""


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

    class Arranged(Message):
        """Other panes can be seen now."""

    def __init__(self, panes: list[Widget]) -> None:
        super().__init__(id="desk")
        self.panes = {str(pane.id): pane.add_class("pane") for pane in panes}
        self.hidden: set[str] = set()
        self.front: set[str] = set()
        self.zoomed: str | None = None
        self.shares: dict[Key, int] = {}
        """Of columns in the width and of cells in the height, where they have been changed."""
        self._opened = False
        self._places: dict[str, _Place] = {}
        """Of the panes that can be seen."""
        self._strips: tuple[Strip, ...] = ()
        self._grip: tuple[bool, tuple[Strip, ...], int] | None = None
        """What the mouse holds: whether between columns, the strips, which of them is before."""

    def open(self) -> None:
        """Let the panes be seen: when there is something in them, so that they are drawn once."""
        if not self._opened:
            self._opened = True
            self.mount(*(pane for name, pane in self.panes.items() if name in self._places))

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
        for column in self._strips:
            for cell in _inner(column):
                if name in cell.key:
                    self._grow(self._strips, column, wider, LEAST_COLUMN)
                    self._grow(_inner(column), cell, taller, LEAST_CELL)
        self.place()

    def neighbours(self, name: str) -> list[str]:
        """The panes in the same pile, in order."""
        return next((list(cell.panes) for cell in self._cells() if name in cell.panes), [name])

    def shown(self) -> set[str]:
        """The panes that can be seen: nothing need be computed for the others."""
        return set(self._places)

    # -- the mouse -----------------------------------------------------------------------------

    def on_mouse_down(self, event: MouseDown) -> None:
        """On a line between two panes: hold it."""
        self._grip = None if self.zoomed else self._line_at(*self._within(event))

    def on_mouse_move(self, event: MouseMove) -> None:
        """Drag the line that is held; a click without moving is for the pane."""
        if self._grip is None or event.button != 1:
            return
        self.capture_mouse()
        between_columns, strips, index = self._grip
        x, y = self._within(event)
        least = LEAST_COLUMN if between_columns else LEAST_CELL
        edge = (x if between_columns else y) + 1
        before, after = strips[index : index + 2]
        edge = min(max(edge, before.at + least), after.at + after.size - least)
        sizes = [strip.size for strip in strips]
        sizes[index : index + 2] = edge - before.at, after.at + after.size - edge
        if edge >= before.at + least:
            self._take_sizes(strips, sizes, least)
            self.place()

    def on_mouse_up(self, event: MouseUp) -> None:
        """Let go."""
        self._grip = None
        self.release_mouse()

    def _within(self, event: MouseDown | MouseMove) -> tuple[int, int]:
        region = self.region
        return int(event.screen_x) - region.x, int(event.screen_y) - region.y

    def _line_at(self, x: int, y: int) -> tuple[bool, tuple[Strip, ...], int] | None:
        """The line at a place of the desk: both borders beside it count."""
        index = _edge(self._strips, x)
        if index is not None:
            return True, self._strips, index
        for column in self._strips:
            if column.at <= x < column.at + column.size:
                cells = _inner(column)
                index = _edge(cells, y)
                return None if index is None else (False, cells, index)
        return None

    # -- placing -------------------------------------------------------------------------------

    def on_resize(self) -> None:
        """Called by Textual."""
        self.place()

    def place(self) -> None:
        """Place every pane anew; before the first layout, where they will be."""
        width, height = self.size or (self.app.size.width, max(self.app.size.height - BESIDE, 0))
        self._strips = self._layout(width, height)
        places = {
            str(cell.inner): _Place(column.at, cell.at, column.size, cell.size)
            for column in self._strips
            for cell in _inner(column)
        }
        if self.zoomed is not None:
            places = {self.zoomed: _Place(0, 0, width, height)}
        before, self._places = self._places, places
        for name, pane in self.panes.items():
            if name in places:
                self._put(name, pane, places[name])
            elif name in before:
                pane.display = False
        if before and places.keys() != before.keys():
            self.post_message(self.Arranged())

    def _put(self, name: str, pane: Widget, place: _Place) -> None:
        pane.display = True
        pane.styles.offset = (place.x, place.y)
        pane.styles.width, pane.styles.height = place.width, place.height
        pane.border_title = self._title(name)
        if self._opened and self.is_attached and not pane.is_attached:
            names = list(self.panes)
            behind = (self.panes[other] for other in names[names.index(name) :])
            self.mount(pane, before=next((p for p in behind if p.is_attached), None))

    def _layout(self, width: int, height: int) -> tuple[Strip, ...]:
        """Where all that is not hidden goes."""
        columns = [
            (column, cells)
            for column in arrangement_for(*self.app.size)
            if (cells := [c for c in column.cells if not self.hidden.issuperset(c.panes)])
        ]
        shares = [self.shares.get(_key(column), column.weight) for column, _ in columns]
        widths = split(width, shares, LEAST_COLUMN)
        found, x = [], 0
        for (column, cells), column_width in zip(columns, widths, strict=True):
            found.append(Strip(_key(column), x, column_width, self._stack_up(cells, height)))
            x += column_width
        return tuple(found)

    def _stack_up(self, cells: list[Cell], height: int) -> tuple[Strip, ...]:
        shares = [self.shares.get(cell.panes, cell.weight) for cell in cells]
        found, y = [], 0
        for cell, cell_height in zip(cells, split(height, shares, LEAST_CELL), strict=True):
            panes = [name for name in cell.panes if name not in self.hidden]
            chosen = next((name for name in panes if name in self.front), panes[0])
            found.append(Strip(cell.panes, y, cell_height, chosen))
            y += cell_height
        return tuple(found)

    def _cells(self) -> list[Cell]:
        return [cell for column in arrangement_for(*self.app.size) for cell in column.cells]

    def _grow(self, strips: tuple[Strip, ...], strip: Strip, steps: int, least: int) -> None:
        """Give one of ``strips`` more of the room, or less; the others share what is left."""
        if not steps or len(strips) < 2:
            return
        total = sum(s.size for s in strips)
        room = total - least * (len(strips) - 1)
        size = min(max(strip.size + steps * max(room // _STEPS, 1), least), room)
        others = [s for s in strips if s is not strip]
        rest = iter(split(total - size, [s.size for s in others], least))
        self._take_sizes(strips, [size if s is strip else next(rest) for s in strips], least)

    def _take_sizes(self, strips: tuple[Strip, ...], sizes: list[int], least: int) -> None:
        """Make these the shares: such that :func:`split` gives exactly these sizes."""
        for strip, size in zip(strips, sizes, strict=True):
            self.shares[strip.key] = max(size - least, 0)

    def _title(self, name: str) -> str:
        """The names of the pile, each a link; the one in front stands out."""
        pile = [name] if self.zoomed else [n for n in self.neighbours(name) if n not in self.hidden]
        titles = []
        for other in pile:
            title = getattr(self.panes[other], "title", other)
            link = f"[@click=app.show_pane('{other}')]{title}[/]"
            titles.append(f"[b]{link}[/b]" if other == name else f"[dim]{link}[/dim]")
        return " ".join(titles)


def _inner(column: Strip) -> tuple[Strip, ...]:
    assert not isinstance(column.inner, str)
    return column.inner


def _edge(strips: tuple[Strip, ...], at: int) -> int | None:
    """The strip behind which there is a line at this place."""
    for index, strip in enumerate(strips[:-1]):
        if at in (strip.at + strip.size - 1, strip.at + strip.size):
            return index
    return None


def _key(column: Column) -> Key:
    return ("column", *(name for cell in column.cells for name in cell.panes))


def split(total: int, weights: list[int], least: int) -> list[int]:
    """``total`` cells by weight, none below ``least`` while there is room; the sum is exact."""
    if not weights:
        return []
    spare = max(total - least * len(weights), 0)
    base = min(least, total // len(weights))
    whole = max(sum(weights), 1)
    sizes = [base + spare * weight // whole for weight in weights]
    sizes[-1] += total - sum(sizes)
    return sizes

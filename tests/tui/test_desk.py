"""Where panes go."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.screen import opened
from support.still import StillApp
from textual.events import MouseDown, MouseMove, MouseUp
from textual.pilot import Pilot

from nanvix.tui.desk import LARGE, LEAST_CELL, MEDIUM, SMALL, arrangement_for, split
from nanvix.tui.store import Store
from nanvix.tui.title import shortened


@given(
    st.integers(0, 400), st.lists(st.integers(1, 200), min_size=1, max_size=6), st.integers(1, 20)
)
def test_split_is_exact_and_fair(total: int, weights: list[int], least: int) -> None:
    sizes = split(total, weights, least)
    assert sum(sizes) == total and len(sizes) == len(weights) and min(sizes) >= 0
    if total >= least * len(weights):
        assert min(sizes) >= least


@pytest.mark.parametrize(
    ("size", "expected"),
    [((80, 24), SMALL), ((120, 40), MEDIUM), ((200, 50), LARGE), ((300, 30), SMALL)],
)
def test_arrangement(size: tuple[int, int], expected: object) -> None:
    assert arrangement_for(*size) is expected


def test_every_arrangement_has_every_pane_once() -> None:
    names = sorted(StillApp().desk.panes)
    for arrangement in (SMALL, MEDIUM, LARGE):
        assert (
            sorted(n for column in arrangement for cell in column.cells for n in cell.panes)
            == names
        )


@pytest.mark.parametrize("size", [(60, 16), (80, 24), (120, 40), (200, 50), (301, 77)])
async def test_panes_cover_the_desk_without_overlap(size: tuple[int, int]) -> None:
    app = StillApp()
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        regions = [pane.region for pane in app.desk.panes.values() if pane.display]
        assert sum(region.area for region in regions) == app.desk.region.area
        for i, one in enumerate(regions):
            assert not any(one.overlaps(other) for other in regions[i + 1 :])


async def test_zoom_hide_and_piles() -> None:
    app = StillApp()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        await pilot.press("z")
        assert app.desk.shown() == {"code"}
        await pilot.press("z")
        assert len(app.desk.shown()) > 1
        await pilot.press("x")
        assert "code" not in app.desk.shown()
        app.action_show_pane("walk")
        assert "walk" in app.desk.shown() and "memory" not in app.desk.shown()
        await pilot.press("right_square_bracket")
        assert "memory" in app.desk.shown()


async def test_what_is_typed_goes_behind_the_command() -> None:
    app = StillApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        for _ in range(2):
            await pilot.press("b", *"main")
            assert app.prompt.input.value == "break main"
            await pilot.press("escape")
            assert app.focused is app.desk.panes["code"]


async def test_resizing_changes_the_column_and_the_pane() -> None:
    app = StillApp()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        before = app.desk.panes["code"].region
        await pilot.press("ctrl+left", "ctrl+down")
        await pilot.pause()
        after = app.desk.panes["code"].region
        assert after.width < before.width and after.height > before.height


async def test_another_size_of_screen_is_another_arrangement() -> None:
    app = StillApp()
    async with app.run_test(size=(200, 50)) as pilot:
        await pilot.pause()
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert len(app.desk.shown()) == 4
        await pilot.resize_terminal(40, 10)
        await pilot.pause()
        assert "too small" in str(app.headline.render())


async def _drag(
    app: StillApp, pilot: Pilot[int], start: tuple[int, int], to: tuple[int, int]
) -> None:
    """As a terminal reports it: pressed, moved with the button down, let go."""
    widget, _ = app.get_widget_at(*start)
    for kind, (x, y) in ((MouseDown, start), (MouseMove, to), (MouseUp, to)):
        target = app.mouse_captured or widget
        region = target.region
        target.post_message(
            kind(target, x - region.x, y - region.y, 0, 0, 1, False, False, False, x, y)
        )
        await pilot.pause()


async def test_the_mouse_moves_the_lines_between_panes(tmp_path: Path) -> None:
    app = StillApp()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        code, registers, memory = (app.desk.panes[n] for n in ("code", "registers", "memory"))
        edge = code.region.right
        await _drag(app, pilot, (edge - 1, 10), (edge - 21, 10))
        assert code.region.right == edge - 20 == registers.region.x
        await _drag(app, pilot, (edge - 20, 5), (edge - 11, 5))  # the border of the other side
        assert code.region.right == edge - 10
        below = code.region.bottom
        await _drag(app, pilot, (10, below - 1), (10, below + 2))
        assert code.region.bottom == below + 3 == memory.region.y
        await _drag(app, pilot, (10, below + 2), (10, 0))
        assert code.region.height == LEAST_CELL
        app.action_show_pane("log")
        await _drag(app, pilot, (20, memory.region.y + 2), (40, memory.region.y + 4))
        assert app.mouse_captured is None
        regions = [pane.region for pane in app.desk.panes.values() if pane.display]
        assert sum(region.area for region in regions) == app.desk.region.area
        store = Store("it", tmp_path)
        store.save(app, ())
        other = StillApp()
        Store("it", tmp_path).restore(other)
        assert other.desk.shares == app.desk.shares


async def test_panes_that_come_with_a_larger_screen_are_filled(steps: str) -> None:
    async with opened(steps, size=(80, 24)) as d:
        assert not d.app.view.memory.data and not d.app.view.calls
        await d.pilot.resize_terminal(120, 40)
        await d.until(lambda: bool(d.app.view.memory.data and d.app.view.calls), "other panes")
        d.app.desk.zoom("maps")
        await d.until(lambda: bool(d.app.view.maps), "maps")


@pytest.mark.parametrize(
    ("width", "shown"), [(20, "/usr/bin/python3"), (12, "…bin/python3"), (0, "…python3")]
)
def test_a_name_is_cut_at_its_beginning(width: int, shown: str) -> None:
    assert shortened("/usr/bin/python3", width) == shown


async def test_the_key_bar_begins_with_what_can_be_done() -> None:
    app = StillApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert "? help" in app.keys.render_line(0).text
        app.able({"step": "it cannot", "points": "it cannot", "travel": "it cannot"})
        await pilot.resize_terminal(82, 24)
        await pilot.pause()
        assert app.keys.render_line(0).text.startswith(" c continue  E in emulator  ? help")

"""Watch: what is in a struct, an array or behind a pointer unfolds, and shows what has changed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from support.guest import Guest
from support.screen import Driver, opened
from support.toolchain import Toolchain

from nanvix.debug.debugger import Debugger
from nanvix.trace.recording import load
from nanvix.tui.panes.watch import LocalsPane
from nanvix.tui.view import WatchRow

pytestmark = pytest.mark.requires("gcc")


@pytest.fixture
def shapes(compiled: Toolchain) -> str:
    return str(compiled("debug/shapes.c", "glibc", ["-g", "-O0"]))


@asynccontextmanager
async def watching(*argv: str, first: str, **options: object) -> AsyncIterator[Driver]:
    """At the beginning of a function, with the keyboard in Watch."""
    async with opened(*argv, **options) as d:  # type: ignore[arg-type]
        await d.type(f"break {first}")
        await d("c")
        d.app.action_show_pane("locals")
        await d.settle()
        yield d


def pane(d: Driver) -> LocalsPane:
    found = d.app.desk.panes["locals"]
    assert isinstance(found, LocalsPane)
    return found


def row(d: Driver, *names: str) -> WatchRow:
    """The row that is reached by these names."""
    rows = [r for r in d.app.view.locals if r.path[1:] == names]
    assert len(rows) == 1, (names, [r.path for r in d.app.view.locals])
    return rows[0]


async def unfold(d: Driver, *names: str, key: str = "enter") -> None:
    pane(d).reveal(d.app.view.locals.index(row(d, *names)))
    await d(key)


async def test_what_is_in_a_pointer_and_what_changes(backend: str, shapes: str) -> None:
    async with watching(shapes, first="touch", backend=backend) as d:
        leaf = row(d, "leaf")
        assert leaf.opens and not leaf.open and leaf.type == "struct leaf *"
        assert not row(d, "round").opens
        await unfold(d, "leaf")
        assert row(d, "leaf").open
        members = [r.name for r in d.app.view.locals if r.path[1:2] == ("leaf",)][1:]
        assert members == ["at", "union", "low", "high", "next"]
        await unfold(d, "leaf", "at", key="space")
        await unfold(d, "leaf", "union", key="plus")
        await unfold(d, "leaf", "union", "bytes")
        await unfold(d, "leaf", "next")
        await unfold(d, "leaf", "next", "at")
        assert row(d, "leaf", "at", "y").value == "0"
        assert row(d, "leaf", "next", "at", "x").value == "10"
        assert not any(r.changed for r in d.app.view.locals)

        await d("c")  # the next round
        assert row(d, "leaf", "at", "y")[1:4] == ("1", "int", True)
        assert row(d, "leaf", "at").changed and not row(d, "leaf", "at", "x").changed
        assert row(d, "leaf", "union", "bytes", "[0]").value.startswith("4 ")
        assert row(d, "leaf", "high").value == "1" and not row(d, "leaf", "low").changed
        assert not row(d, "leaf", "next").changed

        marked = row(d, "leaf", "next")
        await unfold(d, "leaf", "at")  # rows before it go, the cursor stays on its row
        assert pane(d).row(pane(d).cursor) == row(d, "leaf", "at")
        await unfold(d, "leaf")
        assert not row(d, "leaf").open and marked not in d.app.view.locals
        await unfold(d, "leaf")
        assert not row(d, "leaf", "next").open, "what was folded is folded with all in it"


async def test_arrays(shapes: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of more dimensions, and in pieces where they are long; what is too much is left out."""
    async with watching(shapes, first="touch") as d:
        await d.type("display grid")
        await d.type("display many")
        assert row(d, "grid").type == "int[3][4]"
        await unfold(d, "grid")
        await unfold(d, "grid", "[1]")
        assert [row(d, "grid", "[1]", f"[{i}]").value for i in range(4)] == ["0"] * 4
        assert len(row(d, "many").value) < 2000
        await unfold(d, "many")
        await unfold(d, "many", "[4096..4999]")
        await unfold(d, "many", "[4096..4999]", "[4992..4999]")
        end = ("many", "[4096..4999]", "[4992..4999]", "[4999]")
        assert row(d, *end).value == "0"
        await d("c")
        assert row(d, *end).value == "1" and row(d, *end).changed
        assert row(d, "grid", "[1]", "[2]").changed
        monkeypatch.setattr("nanvix.tui.watched.MOST", 20)
        await d.type("display 1")
        assert len(d.app.view.locals) == 21
        assert d.app.view.locals[-1].value.startswith("more than")


async def test_with_the_mouse(shapes: str) -> None:
    async with watching(shapes, first="touch") as d:
        line = d.app.view.locals.index(row(d, "leaf"))
        await d.pilot.click(pane(d), offset=(1, line + 1))
        await d.settle()
        assert row(d, "leaf").open
        at = d.app.view.locals.index(row(d, "leaf", "at"))
        await d.pilot.click(pane(d), offset=(8, at + 1))
        await d.settle()
        assert not row(d, "leaf", "at").open and pane(d).cursor == at
        await d.pilot.click(pane(d), offset=(8, at + 1), times=2)
        await d.settle()
        assert row(d, "leaf", "at").open and row(d, "leaf", "at", "x").value == "0"


async def test_of_a_recording(shapes: str, tmp_path: Path) -> None:
    """And in its past."""
    file = tmp_path / "shapes.nvrec"
    assert Guest("emu")([shapes], options=["--record", file]).code == 0
    make = lambda argv, **_: Debugger(load(str(file)))  # noqa: E731
    async with watching(shapes, first="touch", make=make) as d:
        await unfold(d, "leaf")
        await unfold(d, "leaf", "at")
        await d("c", "c")
        assert row(d, "leaf", "at", "y").value == "2"
        await d("C")
        assert row(d, "leaf", "at", "y").value == "1"


@pytest.mark.requires("g++")
async def test_by_content(compiled: Toolchain) -> None:
    names = str(compiled("debug/names.cc", "glibc++", ["-g", "-O0"]))
    async with watching(names, first="bank::Box<int>::twice") as d:
        await d("o")
        owners = row(d, "owners")
        assert owners.value == '2 of {"ann", "bob"}'
        await unfold(d, "owners")
        assert row(d, "owners", "[1]").value == '"bob"'
        assert not row(d, "none").opens
        await unfold(d, "other")
        assert row(d, "other", "balance").value == "100"


async def test_a_list_that_leads_to_itself_is_as_deep_as_one_likes(shapes: str) -> None:
    async with watching(shapes, first="touch") as d:
        names = ["leaf"]
        for _ in range(6):
            await unfold(d, *names)
            names.append("next")
        assert row(d, *names).value == row(d, *names[:4]).value

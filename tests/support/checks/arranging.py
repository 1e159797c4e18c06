"""Panes, colours, files and the end: what each action does to the screen."""

from pathlib import Path

from support.checks import checks, to_main
from support.screen import Driver


@checks("zoom")
async def _zoom(d: Driver) -> None:
    await d("z")
    assert d.app.desk.shown() == {"code"}


@checks("hide")
async def _hide(d: Driver) -> None:
    await d("x")
    assert "code" not in d.app.desk.shown()


@checks("pile_next")
async def _pile_next(d: Driver) -> None:
    d.app.action_show_pane("registers")
    await d("right_square_bracket")
    assert "vectors" in d.app.desk.shown() and len(d.app.view.vectors) > 16


@checks("pile_before")
async def _pile_before(d: Driver) -> None:
    d.app.action_show_pane("registers")
    await d("left_square_bracket")
    assert "vectors" in d.app.desk.shown()


async def _resized(d: Driver, key: str, what: str, sign: int) -> None:
    before = getattr(d.app.desk.panes["code"].region, what)
    await d(key)
    assert (getattr(d.app.desk.panes["code"].region, what) - before) * sign > 0


@checks("wider")
async def _wider(d: Driver) -> None:
    await _resized(d, "ctrl+right", "width", 1)


@checks("narrower")
async def _narrower(d: Driver) -> None:
    await _resized(d, "ctrl+left", "width", -1)


@checks("taller")
async def _taller(d: Driver) -> None:
    await _resized(d, "ctrl+down", "height", 1)


@checks("shorter")
async def _shorter(d: Driver) -> None:
    await _resized(d, "ctrl+up", "height", -1)


@checks("light")
async def _light(d: Driver) -> None:
    dark = d.app.current_theme.dark
    await d("t")
    assert d.app.current_theme.dark is not dark


@checks("picture")
async def _picture(d: Driver) -> None:
    await d("ctrl+s")
    saved = Path(d.app.messages[-1].removeprefix("saved "))
    assert saved.read_text().startswith("<svg")


@checks("capsule")
async def _capsule(d: Driver) -> None:
    await to_main(d)
    await d("m")
    await d.type("note look at this")
    await d.type("display total")
    await d.pilot.press("B")
    assert d.app.prompt.input.value == "capsule steps.nvcap"
    await d("enter")
    from nanvix.debug.capsule import load

    notes = load("steps.nvcap").notes
    assert notes.moment == d.moment and notes.bookmarks == ((d.moment, "mark 1"),)
    assert notes[2:] == (("break main",), ("total",), ("look at this",))


@checks("command")
async def _command(d: Driver) -> None:
    await d.type("print 6 * 7")
    assert d.app.messages[-1] == "6 * 7 = 42"
    await d.type("nonsense")
    assert "no command" in d.app.messages[-1]
    await d.pilot.press("colon", "up")
    assert d.app.prompt.input.value == "nonsense"


@checks("help")
async def _help(d: Driver) -> None:
    await d.pilot.press("question_mark")
    assert type(d.app.screen).__name__ == "HelpScreen"
    await d.pilot.press("escape")
    assert type(d.app.screen).__name__ != "HelpScreen"


@checks("quit")
async def _quit(d: Driver) -> None:
    await d.pilot.press("q")
    await d.pilot.pause()
    assert not d.app.is_running or d.app.return_code == 0


@checks("suspend")
async def _suspend(d: Driver) -> None:
    await d("ctrl+z")  # in a real terminal: tests/tui/test_terminal.py
    assert "no job control" in d.app.messages[-1]

"""Every action of the table, on a real guest."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from support.screen import Driver, opened

from nanvix.tui.actions import ACTIONS
from nanvix.tui.view import Status

# -- one test an action ----------------------------------------------------------------------------

Check = Callable[[Driver], Awaitable[None]]
CHECKS: dict[str, Check] = {}


def checks(name: str) -> Callable[[Check], Check]:
    def keep(check: Check) -> Check:
        CHECKS[name] = check
        return check

    return keep


async def to_main(d: Driver) -> None:
    await d.type("break main")
    await d("c")
    assert d.where == "main" and "breakpoint 1" in d.app.view.reason


@checks("step")
async def _step(d: Driver) -> None:
    await to_main(d)
    before = d.moment
    await d("s")
    assert d.moment == before + 1 and d.where.startswith("main+")
    assert any(r.changed for r in d.app.view.registers if r.name == "rip")


@checks("over")
async def _over(d: Driver) -> None:
    await to_main(d)
    await d.type("until square")
    await d("f")
    for _ in range(60):
        before = d.moment
        await d("n")
        assert d.where.startswith("main")
        if d.moment > before + 5:
            return
    raise AssertionError("no call was stepped over")


@checks("finish")
async def _finish(d: Driver) -> None:
    await to_main(d)
    await d.type("until square")
    assert d.where == "square"
    await d("f")
    assert d.where.startswith("main+")


@checks("outer")
async def _outer(d: Driver) -> None:
    await to_main(d)
    await d.type("until square")
    await d("o")
    assert d.where.startswith("main+") and d.app.view.where.startswith("frame 1 ")


@checks("inner")
async def _inner(d: Driver) -> None:
    await to_main(d)
    await d.type("until square")
    await d("o", "i")
    assert d.where == "square" and d.app.view.where.startswith("pid 1 ")


@checks("line")
async def _line(d: Driver) -> None:
    await to_main(d)
    await d("l")
    first = d.moment
    await d("l")
    assert d.moment > first and d.app.view.reason == "line"


@checks("go")
async def _go(d: Driver) -> None:
    await d("c")
    assert d.app.view.status is Status.ENDED and "exit" in d.app.view.reason
    await d.shows("total 5")


@checks("user")
async def _user(d: Driver) -> None:
    await to_main(d)
    await d.type("catch hypercall CON_WRITE")
    await d("c")
    assert "kernel" in d.app.view.where
    await d("u")
    assert "user" in d.app.view.where


@checks("pause")
async def _pause(d: Driver) -> None:
    await to_main(d)
    await d.type("delete 1")
    await d.pilot.press("c", "p")
    await d.settle()
    assert d.app.view.reason in ("pause", "exit: status 5")


@checks("interrupt")
async def _interrupt(d: Driver) -> None:
    await d("ctrl+c")
    assert d.app.messages[-1] == "nothing runs: q leaves"
    await to_main(d)
    await d.type("delete 1")
    await d.pilot.press("c", "ctrl+c")
    await d.settle()
    assert d.app.view.reason in ("pause", "exit: status 5")


@checks("cancel")
async def _cancel(d: Driver) -> None:
    await d("c")
    end = d.moment
    await d.pilot.press("C", "escape")
    await d.settle()
    assert d.app.view.reason in ("pause", "start of history") or d.moment == end


@checks("step_back")
async def _step_back(d: Driver) -> None:
    await to_main(d)
    before, registers = d.moment, [(r.name, r.value) for r in d.app.view.registers]
    await d("s", "s", "S", "S")
    assert d.moment == before
    assert [(r.name, r.value) for r in d.app.view.registers] == registers


@checks("over_back")
async def _over_back(d: Driver) -> None:
    await to_main(d)
    await d("n", "n")
    there = d.moment
    await d("n", "N")
    assert d.moment == there


@checks("finish_back")
async def _finish_back(d: Driver) -> None:
    await to_main(d)
    await d.type("until square")
    await d("s", "F")
    assert d.where.startswith("main+")


@checks("line_back")
async def _line_back(d: Driver) -> None:
    await to_main(d)
    await d("l", "l")
    there = d.moment
    await d("l", "L")
    assert d.moment <= there


@checks("go_back")
async def _go_back(d: Driver) -> None:
    await to_main(d)
    there = d.moment
    await d("c")
    assert d.app.view.status is Status.ENDED
    await d("C")
    assert d.moment == there and d.where == "main"


@checks("user_back")
async def _user_back(d: Driver) -> None:
    await to_main(d)
    await d.type("catch syscall write")
    await d("c", "U")
    assert "user" in d.app.view.where


@checks("first")
async def _first(d: Driver) -> None:
    await to_main(d)
    await d("<")
    assert d.moment == 0


@checks("last")
async def _last(d: Driver) -> None:
    await to_main(d)
    end = d.moment
    await d("<", ">")
    assert d.moment == end


@checks("earlier")
async def _earlier(d: Driver) -> None:
    await to_main(d)
    before = d.moment
    await d("comma")
    assert d.moment < before
    assert d.moment in [row.moment for row in d.app.session.log]


@checks("later")
async def _later(d: Driver) -> None:
    await to_main(d)
    await d("comma", "comma")
    before = d.moment
    await d("full_stop")
    assert d.moment > before


@checks("wrote")
async def _wrote(d: Driver) -> None:
    await to_main(d)
    await d.type("until square")
    await d("f")
    await d.type("goto rsp - 8")
    await d("W")
    assert d.where.startswith(("main", "square"))


@checks("emulate")
async def _emulate(d: Driver) -> None:
    await d("E")
    assert d.app.messages[-1] == "no change of backend: this is the emulator"


@checks("bookmark")
async def _bookmark(d: Driver) -> None:
    await to_main(d)
    await d("m")
    assert d.app.view.timeline.marks == ((d.moment, "mark 1"),)
    await d("m")
    assert d.app.view.timeline.marks == ()


@checks("break")
async def _break(d: Driver) -> None:
    await d.pilot.press("b")
    assert d.app.prompt.input.value == "break "
    d.app.prompt.input.value += "square if edi == 2"
    await d("enter")
    d.app.action_show_pane("points")
    await d("c")
    assert d.where == "square" and d.app.view.points[0].condition == "edi == 2"
    assert d.app.view.points[0].hits == 1


@checks("watch")
async def _watch(d: Driver) -> None:
    await to_main(d)
    await d.pilot.press("w")
    d.app.prompt.input.value += "total"
    await d("enter", "c")
    assert "watchpoint" in d.app.view.reason


@checks("catch")
async def _catch(d: Driver) -> None:
    await d.pilot.press("k")
    d.app.prompt.input.value += "syscall write, writev"
    await d("enter", "c")
    assert "write" in d.app.view.reason


@checks("toggle")
async def _toggle(d: Driver) -> None:
    await to_main(d)
    d.app.action_show_pane("code")
    await d("space")
    assert not any(line.breakpoint for line in d.app.view.code)
    await d("space")
    assert any(line.breakpoint for line in d.app.view.code)


@checks("delete")
async def _delete(d: Driver) -> None:
    await to_main(d)
    d.app.action_show_pane("points")
    await d.settle()
    await d("space")
    assert not d.app.view.points[0].enabled
    await d("delete")
    assert d.app.view.points == ()


@checks("goto")
async def _goto(d: Driver) -> None:
    await to_main(d)
    await d.pilot.press("g")
    d.app.prompt.input.value += "rip"
    await d("enter")
    code = next(line for line in d.app.view.code if line.here)
    assert code.address is not None
    assert 0 <= code.address - d.app.view.memory.start < 16


@checks("code_at")
async def _code_at(d: Driver) -> None:
    await to_main(d)
    await d.pilot.press("G")
    d.app.prompt.input.value += "square"
    await d("enter")
    assert any(line.text == "square:" for line in d.app.view.code)


@checks("follow")
async def _follow(d: Driver) -> None:
    await to_main(d)
    await d.type("goto rip")
    await d("r")
    sp = next(r.value for r in d.app.view.registers if r.name == "rsp")
    assert d.app.view.memory.start == sp & ~15


@checks("search")
async def _search(d: Driver) -> None:
    await to_main(d)
    await d.pilot.press("slash")
    d.app.prompt.input.value += '"total %d"'
    await d("enter")
    await d.settle()
    memory = d.app.view.memory
    assert b"total %d" in bytes(b or 0 for b in memory.data)
    d.app.action_show_pane("log")
    await d.pilot.press("slash")
    assert d.app.prompt.input.value == "filter "
    d.app.prompt.input.value += "execve"
    await d("enter")
    log = d.app.desk.panes["log"]
    assert all("exec" in log.row(i).text for i in range(log.count()))  # type: ignore[attr-defined]


@checks("again")
async def _again(d: Driver) -> None:
    await to_main(d)
    await d.type('find "PATH="')
    await d.settle()
    first = d.app.focus_of.memory
    await d("a")
    await d.settle()
    assert first is not None and d.app.focus_of.memory is not None


@checks("display")
async def _display(d: Driver) -> None:
    await to_main(d)
    await d.pilot.press("d")
    d.app.prompt.input.value += "total + 40"
    await d("enter")
    assert d.app.view.locals[0][:2] == ("total + 40", "40")


@checks("edit")
async def _edit(d: Driver) -> None:
    await to_main(d)
    await d.pilot.press("e")
    d.app.prompt.input.value += "rbx = 0x1234"
    await d("enter")
    assert next(r.value for r in d.app.view.registers if r.name == "rbx") == 0x1234
    await d.type("set total = 7")
    await d("c")
    await d.shows("total 12")


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


@pytest.mark.parametrize("name", [action.name for action in ACTIONS])
async def test_action(
    name: str, steps: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with opened(steps) as driver:
        await CHECKS[name](driver)


def test_keys_and_names_are_distinct() -> None:
    assert len({action.name for action in ACTIONS}) == len(ACTIONS)
    assert len({action.key for action in ACTIONS}) == len(ACTIONS)
    assert set(CHECKS) == {action.name for action in ACTIONS}


async def test_what_is_typed_on_is_for_the_prompt(steps: str) -> None:
    """Keys that come before it has been made, or has the keyboard, are no actions."""
    from textual.events import Key

    async with opened(steps) as d:
        for text in ("print 6*7", "print 1+1"):
            before = d.moment
            for letter in f":{text}\n":
                key = {" ": "space", ":": "colon", "\n": "enter", "*": "asterisk", "+": "plus"}
                d.app.post_message(Key(key.get(letter, letter), letter))
            await d.settle()
            await d.until(lambda: bool(d.app.messages), "an answer")
            assert d.moment == before
        assert d.app.messages == ["6*7 = 42", "1+1 = 2"]


async def test_tab_completes(steps: str) -> None:
    """Commands, panes, events, symbols, variables; what is not clear is shown."""
    async with opened(steps) as d:

        async def tab(text: str) -> str:
            await d.pilot.press("colon")
            d.app.prompt.write(text)
            await d("tab")
            done = d.app.prompt.input.value
            await d("escape")
            return done

        await d.type("until square")
        assert await tab("dele") == "delete "
        assert await tab("pane wa") == "pane walk"
        assert await tab("catch sys") == "catch syscall"
        assert await tab("catch signal SIGSE") == "catch signal SIGSEGV"
        assert await tab("break squ") == "break square"
        assert await tab("print 2 * squ") == "print 2 * square"
        await d("o")
        assert await tab("print argum") == "print argument" or "arg" in d.app.messages[-1]
        assert await tab("d") == "d" and "delete" in d.app.messages[-1]
        assert await tab("break no_such") == "break no_such"
        assert d.app.messages[-1] == "nothing begins with 'no_such'"


async def test_a_breakpoint_is_set_once(steps: str) -> None:
    async with opened(steps) as d:
        await d.type("break main")
        await d.type("break main")
        assert d.app.messages[-1] == "breakpoint 1 is there already"
        await d.type("break main if argc > 1")
        await d.type("break nowhere")
        assert d.app.messages[-1] == "breakpoint 3 waits for nowhere: not known here yet"

"""Points, code, memory and values: what each action shows or keeps."""

from support.checks import checks, to_main
from support.screen import Driver


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


@checks("unfold")
async def _unfold(d: Driver) -> None:
    await to_main(d)
    await d.type("display text")
    await d("plus")
    rows = d.app.view.locals
    assert rows[0].open and [row.name for row in rows[1:33]] == [f"[{i}]" for i in range(32)]
    await d("plus")
    assert rows[0].path == d.app.view.locals[0].path and not d.app.view.locals[0].open

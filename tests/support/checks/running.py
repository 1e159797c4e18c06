"""Running, stepping and going back: what each action does to the moment."""

from nanvix.tui.view import Status
from support.checks import checks, to_main
from support.screen import Driver


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

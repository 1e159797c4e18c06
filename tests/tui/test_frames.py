"""Other calls and other threads: code, registers, variables as they are there."""

import pytest
from support.screen import Driver, opened
from support.toolchain import Toolchain

from nanvix.tui.view import Status

pytestmark = pytest.mark.requires("gcc")


@pytest.fixture
def frames(compiled: Toolchain) -> str:
    return str(compiled("debug/frames.c", "glibc", ["-g", "-O0"]))


async def to_inner(d: Driver) -> None:
    """Where main has called middle, and that inner; the other thread waits."""
    await d.type("until inner")
    assert d.where == "inner", d.app.view
    for pane in ("calls", "locals"):
        d.app.action_show_pane(pane)
        await d.settle()


def value(d: Driver, name: str) -> str | None:
    return next((row.value for row in d.app.view.locals if row.name == name), None)


async def test_the_callers_of_a_function(backend: str, frames: str) -> None:
    async with opened(frames, backend=backend) as d:
        await to_inner(d)
        names = [row.symbol.partition("+")[0] for row in d.app.view.calls]
        assert names[:3] == ["inner", "middle", "main"]
        assert d.app.view.calls[1].where.startswith("frames.c:")
        rip = next(r.value for r in d.app.view.registers if r.name == "rip")

        await d("o")
        assert d.app.view.where.startswith("frame 1 of tid 1 user middle+")
        assert value(d, "factor") == "15" and value(d, "depth") == "5"
        assert any(line.chosen and not line.here for line in d.app.view.code)
        assert next(r.value for r in d.app.view.registers if r.name == "rip") != rip
        await d.type("print factor * 2")
        assert d.app.messages[-1] == "factor * 2 = 30"
        await d("o")
        assert value(d, "token") == "41"
        await d("i")
        assert value(d, "factor") == "15"
        await d.type("frame 2")
        assert [row.level for row in d.app.view.calls if row.chosen] == [2]
        await d.type("set token = 43")
        await d.type("frame 99")
        assert d.app.messages[-1] == "this is the outermost call"
        await d("r")
        assert d.app.view.where == "pid 1 tid 1 user inner"
        await d("i")
        assert d.app.messages[-1] == "this is the innermost call"

        await d("o", "n")  # whoever goes on is shown where it stands
        assert d.app.view.where.startswith("pid 1 tid 1 user inner+")


async def test_the_calls_of_a_thread_that_waits(backend: str, frames: str) -> None:
    async with opened(frames, backend=backend) as d:
        await to_inner(d)
        row = next(i for i, t in enumerate(d.app.view.tasks) if t.tid == 2)
        pane = d.app.desk.panes["tasks"]
        pane.focus()
        pane.cursor = row  # type: ignore[attr-defined]
        await d("enter")
        assert d.app.view.where.startswith("frame ") and " of tid 2 user " in d.app.view.where
        names = [call.symbol.partition("+")[0] for call in d.app.view.calls]
        assert "await" in names and "waiter" in names
        await d.type(f"frame {names.index('waiter')}")
        assert value(d, "token") == "41"
        await d.type("thread 77")
        assert d.app.messages[-1] == "there is no thread 77"
        await d.type("thread")
        assert d.app.view.where == "pid 1 tid 1 user inner"


async def test_registers_are_changed_where_they_are(frames: str) -> None:
    async with opened(frames) as d:
        await to_inner(d)
        await d("o")
        await d.type("set rax = 1")
        assert "innermost" in d.app.messages[-1]


async def test_a_program_that_waits_says_for_what(backend: str, steps: str) -> None:
    """It is shown where its program is, running or paused, not where the kernel sleeps."""
    async with opened(steps, "ask", backend=backend) as d:
        d.app.action_do("go")
        await d.until(lambda: "waits for input: Console" in d.app.view.reason, "that it waits")
        assert d.app.view.where.startswith("pid 1 tid 1 in the kernel for user ")
        await d("p")
        assert d.app.view.reason == "pause"
        names = [row.symbol.partition("+")[0] for row in d.app.view.calls]
        assert "main" in names and all(row.ring == "user" for row in d.app.view.calls)
        await d.type(f"frame {names.index('main')}")
        assert any(line.chosen for line in d.app.view.code) and value(d, "argc") == "2"


@pytest.mark.requires("busybox")
async def test_a_shell_waits_for_its_next_line(backend: str) -> None:
    """It polls before it reads; Ctrl-C in Console is its own."""
    async with opened("busybox", "sh", "-c", "cat; echo gone $?", backend=backend) as d:
        d.app.action_do("go")
        await d.until(lambda: "waits for input: Console" in d.app.view.reason, "that it waits")
        d.app.action_show_pane("console")
        d.app.desk.panes["console"].focus()
        await d.pilot.pause()
        await d.pilot.press("ctrl+c")
        await d.until(lambda: d.app.view.status is Status.ENDED, "its end")

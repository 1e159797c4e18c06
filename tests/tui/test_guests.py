"""What guests may do while somebody looks: end in every way, replace themselves, flood the log."""

import time
from pathlib import Path

import pytest
from support.guest import Guest
from support.screen import Driver, opened
from support.toolchain import Toolchain

from nanvix.tui.panes.console import ConsolePane
from nanvix.tui.panes.log import LogPane
from nanvix.tui.store import Store
from nanvix.tui.view import LogRow, Status

SIZE = (120, 40)
SCROLL = ("end", "pageup", "pageup", "home", "pagedown", "end", "up")


@pytest.mark.requires("gcc")
async def test_a_crash_stays_on_the_screen(compiled: Toolchain) -> None:
    async with opened(str(compiled("die.c", "glibc")), "null", size=SIZE) as d:
        await d("c")
        assert d.app.view.reason.startswith("crash") and "SIGSEGV" in d.app.view.reason
        assert d.app.view.registers and d.app.view.code
        await d("S", "S")
        assert d.app.view.reason == "step"
        await d("c", "c")
        assert d.app.view.status is Status.ENDED


async def test_a_panic_stays_on_the_screen(backend: str) -> None:
    """Somebody breaks the kernel; where it gave up is shown, and on the emulator the way there."""
    async with opened("/bin/sh", "-c", "true | true", size=SIZE, backend=backend) as d:
        for name in ("sys_pipe", "sys_pipe2"):
            await d.type(f"set kernel:{name} = 0f 0b")
        await d("c")
        view = d.app.view
        assert view.status is Status.ENDED and "invalid opcode in the kernel" in view.reason
        if backend == "emu":
            assert " kernel " in d.app.view.where
            for name in ("sys_pipe", "sys_pipe2"):
                await d.type(f"break kernel:{name}")
            await d("C")
            assert d.app.view.status is Status.STOPPED
        assert "kernel sys_pipe" in d.app.view.where, d.app.view.where
        assert any(line.here and line.text == "ud2" for line in d.app.view.code)
        for point in d.app.view.points:
            await d.type(f"delete {point.number}")
        await d("c")
        assert d.app.view.status is Status.ENDED


async def test_input_reaches_the_guest(steps: str) -> None:
    async with opened(steps, "ask", size=SIZE) as d:
        await d.answer()


async def test_exec_and_fork() -> None:
    command = "/bin/true; exec /bin/echo gone on"
    async with opened("/bin/sh", "-c", command, size=SIZE) as d:
        await d.type("catch exec")
        await d("c")
        assert "exec" in d.app.view.reason
        await d("c")
        assert "exec" in d.app.view.reason
        await d("c")
        await d.shows("gone on")
        assert d.app.view.status is Status.ENDED


async def test_a_program_that_does_not_exist(steps: str) -> None:
    async with opened("/no/such/program", size=SIZE) as d:
        assert "no such" in d.app.messages[-1].lower()


async def test_a_log_of_100_000_rows_stays_quick(steps: str) -> None:
    """To take, to scroll, to filter: it costs what is on the screen, not what there is."""

    async def timed(d: Driver, *keys: str) -> float:
        begin = time.process_time()
        for key in keys:
            await d.pilot.press(key)
        return time.process_time() - begin

    async with opened(steps, size=SIZE) as d:
        log = d.app.desk.panes["log"]
        assert isinstance(log, LogPane)
        d.app.action_show_pane("log")
        await d.settle()
        log.take([LogRow(i, 1, "enter", f"[1] call {i}") for i in range(100)])
        few = max([await timed(d, *SCROLL) for _ in range(3)])
        rows = [LogRow(i, 1, "enter", f"[1] call {i}") for i in range(100_000)]
        begin = time.process_time()
        log.take(rows)
        await d.pilot.pause()
        many = min([await timed(d, *SCROLL) for _ in range(3)])
        assert log.cursor == 99_998 and "call 99998" in log.render_line(log.size.height - 2).text
        await d.pilot.press("home")
        assert log.cursor == 0 and "call 0" in log.render_line(0).text
        log.set_filter("call 99999")
        await d.pilot.pause()
        assert log.count() == 1
        assert time.process_time() - begin < 4
        assert many < 3 * few + 0.2, (many, few)


async def test_a_console_of_100_000_lines_stays_quick(steps: str) -> None:
    async with opened(steps, size=SIZE) as d:
        pane = d.app.desk.panes["console"]
        assert isinstance(pane, ConsolePane)
        d.app.action_show_pane("console")
        await d.settle()
        begin = time.process_time()
        for start in range(0, 100_000, 5_000):
            pane.text.take("".join(f"line {i}\n" for i in range(start, start + 5_000)))
            await d.pilot.pause()
        assert pane.text.count() == 99_999  # and what comes after the last line feed
        pane.text.focus()
        for key in ("end", "pageup", "pageup", "home"):
            await d.pilot.press(key)
        assert "line 1" in pane.text.render_line(0).text
        assert time.process_time() - begin < 6


async def test_what_is_kept_from_session_to_session(steps: str, tmp_path: Path) -> None:
    async with opened(steps, size=SIZE, store=Store(steps, tmp_path)) as d:
        await d.type("break square")
        await d.type("display total")
        d.app.action_show_pane("walk")
        await d("t")
    async with opened(steps, size=SIZE, store=Store(steps, tmp_path)) as d:
        d.app.action_show_pane("points")
        await d.settle()
        assert [point.where for point in d.app.view.points] == ["square"]
        assert d.app.focus_of.watches == ("total",)
        assert not d.app.current_theme.dark


async def test_a_spoilt_store_is_no_store(steps: str, tmp_path: Path) -> None:
    store = Store(steps, tmp_path)
    store.path.parent.mkdir(exist_ok=True)
    for spoilt in ("", "{", "[]", '{"version": 99}', '{"version": 1, "hidden": 5, "points": [1]}'):
        store.path.write_text(spoilt)
        async with opened(steps, size=(80, 24), store=Store(steps, tmp_path)) as d:
            assert d.app.view.status is Status.STOPPED


async def test_the_events_can_be_taken_away(steps: str, tmp_path: Path) -> None:
    import json

    async with opened(steps, size=SIZE) as d:
        await d("c")
        await d.type(f"trace {tmp_path}/t.jsonl")
        await d.type(f"trace {tmp_path}/t.json")
        lines = [json.loads(line) for line in (tmp_path / "t.jsonl").read_text().splitlines()]
        rows = json.loads((tmp_path / "t.json").read_text())["traceEvents"]
        assert {"write", "execve"} <= {str(line.get("syscall")) for line in lines} | {"execve"}
        assert any(row["name"] == "write" and row["ph"] == "X" for row in rows)
        await d.type("trace /no/such/folder/x")
        assert "No such file" in d.app.messages[-1]


async def test_a_recording_is_debugged_like_a_program(steps: str, tmp_path: Path) -> None:
    file = tmp_path / "steps.nvrec"
    assert Guest("emu")([steps], options=["--record", file]).code == 5

    from nanvix.debug.debugger import Debugger
    from nanvix.trace.recording import is_recording, load
    from nanvix.tui.app import DebugApp

    assert is_recording(str(file)) and not is_recording(steps)
    recording = load(str(file))
    app = DebugApp(lambda _: Debugger(recording), "steps", first=("break square",))
    async with app.run_test(size=SIZE) as pilot:
        d = Driver(app, pilot)
        await d.settle()
        await d("c")
        assert d.where == "square"
        await d("s", "S")
        assert d.where == "square"

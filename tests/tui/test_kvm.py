"""The screen over a guest on KVM: run, pause, look, change; what KVM cannot do is pale."""

from pathlib import Path

import pytest
from support.guest import NANVIX, execute, host_environment
from support.screen import Driver, opened
from support.toolchain import Toolchain

from nanvix.tui.actions import ACTIONS
from nanvix.tui.view import Status

pytestmark = [
    pytest.mark.parametrize("backend", ["kvm"], indirect=True),
    pytest.mark.requires("gcc"),
]

PANES = (
    "code", "registers", "vectors", "stack", "locals", "memory", "maps", "walk", "log", "console",
    "tasks",
)  # fmt: skip


@pytest.fixture
def spin(compiled: Toolchain) -> str:
    return str(compiled("debug/spin.c", "glibc", ["-g", "-O0"]))


async def running(d: Driver) -> None:
    """Let it run until it is known to be in main."""
    d.app.action_do("go")
    await d.shows("spinning")
    await d.until(lambda: d.app.view.status is Status.RUNNING, "a view of the running guest")


async def test_run_pause_and_look(backend: str, spin: str) -> None:
    async with opened(spin, backend=backend) as d:
        assert d.app.view.status is Status.STOPPED and d.app.view.moment is None
        await running(d)
        assert d.app.view.reason == "continue"
        await d("p")
        view = d.app.view
        assert view.status is Status.STOPPED and view.reason == "pause"
        assert d.where.startswith("main")
        for pane in PANES:
            d.app.action_show_pane(pane)
            await d.settle()
        view = d.app.view
        assert any(line.here and line.text for line in view.code)
        assert any(line.code == "source" and "spin.c" in line.text for line in view.code)
        assert {r.name for r in view.registers} >= {"rax", "rip", "fs"} and view.vectors
        assert any("main" in row.frame or "main" in row.telescope for row in view.stack)
        assert any(row.backing == spin for row in view.maps) and len(view.walk) == 5
        assert [(t.pid, t.current) for t in view.tasks] == [(1, True)]
        log = d.app.desk.panes["log"]
        texts = [log.row(i).text for i in range(log.count())]  # type: ignore[attr-defined]
        assert any("CON_WRITE" in t for t in texts) and any("write(" in t for t in texts)


async def test_the_view_lives_while_the_guest_runs(backend: str, spin: str) -> None:
    async with opened(spin, backend=backend) as d:
        await d.type("display counter")
        await running(d)
        seen = set()
        while len(seen) < 10:
            await d.until(lambda: d.app.view.locals[0].value not in seen, "another value")
            seen.add(d.app.view.locals[0].value)
            assert d.app.view.status is Status.RUNNING
        d.app.action_show_pane("maps")
        await d.until(lambda: any(row.backing == spin for row in d.app.view.maps), "maps")
        await d("p")
        assert d.app.view.status is Status.STOPPED


async def test_memory_and_registers_can_be_changed(backend: str, spin: str) -> None:
    async with opened(spin, backend=backend) as d:
        await running(d)
        await d("p")
        await d.type("set r15 = 0x1234")
        assert next(r.value for r in d.app.view.registers if r.name == "r15") == 0x1234
        await d.type('find "spinning"')
        memory = d.app.view.memory
        assert b"spinning" in bytes(b or 0 for b in memory.data)
        await d.type("set limit = 0")
        await d("c")
        assert d.app.view.status is Status.ENDED and "status 7" in d.app.view.reason
        await d.shows("counted to the limit")


async def test_input_reaches_a_waiting_guest(backend: str, steps: str) -> None:
    async with opened(steps, "ask", backend=backend) as d:
        d.app.action_do("go")
        await d.shows("total 5")
        d.app.action_show_pane("tasks")
        await d.until(
            lambda: any(t.state == "sleeping" for t in d.app.view.tasks), "a view of the sleeper"
        )
        d.app.action_show_pane("console")
        d.app.desk.panes["console"].focus()
        await d.pilot.pause()
        await d.pilot.press(*"hello", "enter")
        await d.shows("read hello")
        await d.settle()
        assert d.app.view.status is Status.ENDED


async def test_what_kvm_cannot_do_says_why(backend: str, spin: str) -> None:
    async with opened(spin, backend=backend, size=(120, 40)) as d:
        await d.until(lambda: not d.app.missing("move"), "that it knows what it can do")
        missing = {a.name for a in ACTIONS if d.app.missing(a.needs)}
        assert {"step_back", "go_back", "bookmark", "capsule"} <= missing
        assert not {"go", "pause", "step", "break", "watch"} & missing
        assert not {"goto", "search", "edit", "display"} & missing
        for name in missing:
            d.app.action_do(name)
            assert "KVM" in d.app.messages[-1]
        await d.type("watch counter read")
        assert d.app.messages[-1] == "on KVM one can only watch memory of a process for changes"
        assert "KVM does not count" in d.app.timeline.render_line(1).text
        for name, _, _, possible in d.app.keys._keys:
            assert possible is (name not in missing)


async def test_exec_fork_and_crash(backend: str, compiled: Toolchain) -> None:
    command = "/bin/true; exec /bin/echo gone on"
    async with opened("/bin/sh", "-c", command, backend=backend, size=(120, 40)) as d:
        await d("c")
        await d.shows("gone on")
        assert d.app.view.status is Status.ENDED
        texts = [row.text for row in d.app.session.log]
        assert sum("exec " in text for text in texts) >= 2
    async with opened(str(compiled("die.c", "glibc")), "null", backend=backend) as d:
        await d("c")
        crash = d.app.view
        assert crash.reason.startswith("crash: process 1 dies by SIGSEGV")
        assert " user main+" in crash.where and any(line.here for line in crash.code)
        await d("c")
        assert d.app.view.reason.startswith("killed") and d.app.view.where == crash.where
        assert [r.value for r in d.app.view.registers][:16] == [r.value for r in crash.registers][
            :16
        ]
        assert [line for line in d.app.view.code if line.here] == [
            line for line in crash.code if line.here
        ]


async def test_a_moment_is_opened_in_the_emulator(backend: str, spin: str) -> None:
    async with opened(spin, backend=backend) as d:
        await running(d)
        await d("p")
        await d("E")
        assert d.app.view.moment is not None, d.app.messages
        assert d.where.startswith("main") and not d.app.missing("travel")
        assert d.app.missing("move") == "no change of backend: this is the emulator"
        before = d.moment
        await d("s", "s", "s")
        assert d.moment > before
        registers = [(r.name, r.value) for r in d.app.view.registers]
        await d("s", "S")
        assert [(r.name, r.value) for r in d.app.view.registers] == registers
        await d("<")
        assert d.moment <= before
        await d.type("set limit = 0")
        assert "changed" in d.app.messages[-1]  # the past cannot be
        await d(">")
        await d.type("set limit = 0")
        await d("c")
        assert d.app.view.status is Status.ENDED
        await d.shows("counted to the limit")


async def test_a_running_guest_is_opened_in_the_emulator(backend: str, steps: str) -> None:
    async with opened(steps, "ask", backend=backend, size=(120, 40)) as d:
        d.app.action_do("go")
        await d.shows("total 5")
        await d("E")
        assert d.app.view.moment is not None
        await d.type("break printf")
        d.app.action_do("go")
        d.app.action_show_pane("console")
        d.app.desk.panes["console"].focus()
        await d.pilot.pause()
        await d.pilot.press(*"hello", "enter")
        await d.settle()
        assert d.where.endswith("printf")
        d.app.action_do("go")
        await d.shows("read hello")


async def test_what_cannot_move_stays(
    backend: str, spin: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(spin, backend=backend, size=(120, 40)) as d:
        await running(d)
        monkeypatch.setenv("TMPDIR", "/no/such/place")
        monkeypatch.setattr("tempfile.tempdir", "/no/such/place")
        await d("E")
        assert "/no/such/place" in d.app.messages[-1] and d.app.view.moment is None
        d.app.action_do("go")
        await d.until(lambda: d.app.view.status is Status.RUNNING, "that it goes on")


async def test_breakpoints_and_steps(backend: str, steps: str) -> None:
    async with opened(steps, backend=backend) as d:
        assert d.where == "_start"
        await d.type("break main")
        await d("c")
        assert d.where == "main" and d.app.view.reason == "breakpoint 1"
        assert any(line.breakpoint and line.here for line in d.app.view.code)
        await d("s")
        assert d.app.view.reason == "step" and d.where.startswith("main+")
        await d("l")
        assert d.app.view.reason == "line"
        await d.type("until square")
        assert d.where == "square"
        await d("f")
        assert d.where.startswith("main+")
        await d("n")
        d.app.action_show_pane("points")
        await d.settle()
        await d("space", "c")
        assert d.app.view.status is Status.ENDED
        await d.shows("total 5")


def test_a_script(backend: str, compiled: Toolchain, tmp_path: Path) -> None:
    """Without a terminal: a breakpoint, what changes a variable, and to the end."""
    program = compiled("debug/watched.c", "glibc", ["-g", "-O1"])
    script = tmp_path / "script"
    script.write_text(
        "break store\ncontinue\nprint counter\nwatch counter if counter > 7\nstep\ncontinue\n"
        "print counter\ndelete 2\ncontinue\n"
    )
    command = [*NANVIX, "debug", "--backend", backend, "--script", script, program]
    ran = execute(command, env=host_environment({"XDG_STATE_HOME": str(tmp_path)}))
    assert ran.code == 0, str(ran)
    lines = ran.out.decode().splitlines()
    assert lines[0] == "breakpoint 1 at store" and "counter = 0" in lines
    assert any(line.startswith("stopped: step") for line in lines)
    hit = next(line for line in lines if line.startswith("stopped: watchpoint 2: "))
    assert "counter: 7 -> 17" in hit and "worker" in hit
    assert lines.index("counter = 17") > lines.index(hit)
    assert "37 99 abcdefgh 2" in lines and lines[-1].startswith("ended: exit")


async def test_watching_leaves_no_traces_of_its_own(backend: str, compiled: Toolchain) -> None:
    """The faults and calls by which the kernel hears of writes are none of the program's; the stop
    says what has changed, in the title too."""
    program = str(compiled("debug/watched.c", "glibc", ["-g", "-O1"]))
    async with opened(program, backend=backend) as d:
        await d.type("break store")
        await d("c")
        page = f"{d.app.session._debugger.evaluate('&counter').integer() >> 12:x}"  # type: ignore[union-attr]
        await d.type("delete 1")
        await d.type("watch counter")
        for old, new in ((0, 7), (7, 17)):
            await d("c")
            assert d.app.view.reason == f"watchpoint 2: counter: {old} -> {new}"
        texts = [row.text for row in d.app.session.log]
        assert not any("DEBUG(" in text for text in texts)
        faults = [t for t in texts if "#PF" in t and f"address 0x{page}" in t]
        assert len(faults) <= 2, faults  # its first touch, and a page of its own

"""A guest on KVM whose run is kept, on the screen: into a capsule, and back through it."""

import os
from pathlib import Path

import pytest
from support.screen import opened
from support.toolchain import Toolchain

from nanvix.debug.capsule import load
from nanvix.debug.debugger import Debugger
from nanvix.debug.errors import DebugError
from nanvix.debug.kept import LAST, Kept
from nanvix.tui.view import Status

pytestmark = [
    pytest.mark.parametrize("backend", ["kvm"], indirect=True),
    pytest.mark.requires("gcc"),
]
SIZE = (120, 40)


async def test_a_run_is_taken_away_and_opened_again(
    backend: str, steps: str, tmp_path: Path
) -> None:
    file = tmp_path / "run.nvcap"
    async with opened(steps, "ask", size=SIZE, make=Kept) as d:
        assert "left alone" in d.app.missing("points") and not d.app.missing("record")
        await d.type("set rax = 1")
        assert "nothing can be changed" in d.app.messages[-1]
        await d.answer()
        await d.settle()
        assert d.app.view.status is Status.ENDED
        d.app.command(f"capsule {file}")
        await d.settle()
        assert d.app.messages[-1] == f"saved {file}"
    capsule = load(str(file))
    assert capsule.notes.moment == LAST and capsule.recording.header.backend == "kvm"
    with Debugger(capsule.recording) as debugger:
        end = debugger.go(capsule.notes.moment)
        assert end.reason == "exit" and end.ended
        assert any("hello" in event.text or "CON_READ" in event.text for event in debugger.events())
        debugger.breakpoint("square")
        back = debugger.run_back()
        assert back.reason == "breakpoint" and debugger.registers()["rdi"] == 2


async def test_half_a_run_is_kept_up_to_what_entered_it_last(
    backend: str, steps: str, tmp_path: Path
) -> None:
    file = tmp_path / "half.nvcap"
    async with opened(steps, "ask", size=SIZE, make=Kept) as d:
        d.app.action_do("go")
        await d.shows("total 5")
        await d("p")
        assert d.app.view.status is Status.STOPPED
        await d.type(f"capsule {file}")
        assert d.app.messages[-1] == f"saved {file}"
        await d.answer()
        await d.settle()
        assert d.app.view.status is Status.ENDED
    with Debugger(load(str(file)).recording) as debugger:
        assert debugger.go(LAST).reason == "end of recording"
        debugger.breakpoint("square")
        assert debugger.run_back().reason == "breakpoint"


async def test_a_crash_on_kvm_is_gone_back_from(backend: str, compiled: Toolchain) -> None:
    die = str(compiled("die.c", "glibc", ["-g", "-O0"]))
    async with opened(die, "null", size=SIZE, make=Kept) as d:
        await d("c")
        assert d.app.view.status is Status.ENDED and d.app.view.reason.startswith("killed")
        rip = next(r.value for r in d.app.view.registers if r.name == "rip")
        assert any(line.here and line.address == rip and line.text for line in d.app.view.code)
        await d("E")
        assert "dies by SIGSEGV" in d.app.view.reason, d.app.messages
        assert d.where.startswith("main+")
        assert next(r.value for r in d.app.view.registers if r.name == "rip") == rip
        crash = d.moment
        await d("S", "S", "s")
        assert d.moment < crash


def test_what_is_kept_is_not_changed(backend: str, steps: str) -> None:
    null = os.open(os.devnull, os.O_RDWR)
    with Kept([steps], stdio=(null, null, null)) as guest:
        with pytest.raises(DebugError, match="left alone"):
            guest.set_register("rax", 1)
        with pytest.raises(DebugError, match="left alone"):
            guest.write_memory(0x1000, b"x")
    os.close(null)

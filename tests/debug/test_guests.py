"""What guests do while they are debugged: fork, exec, crash, panic, change their own code."""

import os
from pathlib import Path
from threading import Timer

import pytest
from debug.conftest import Start, digest
from support.guest import Guest
from support.toolchain import Toolchain

from nanvix.debug.errors import DebugError
from nanvix.guest.mounts import Mount, make_mount
from nanvix.trace.recording import load

WALK = "debug/walk.c"


def _shown(folder: Path) -> Mount:
    return make_mount(str(folder), str(folder), read_only=True)


def test_fork_children_can_be_told_apart(debug: Start, compiled: Toolchain) -> None:
    debugger = debug([compiled(WALK)])
    debugger.watch("counter", access="write")
    owner = debugger.points[0].pid
    debugger.catch("exit")
    values = []
    while (stop := debugger.run()).reason == "watchpoint":
        assert stop.access is not None
        values.append((stop.pid, int.from_bytes(stop.access.new, "little")))
    assert values == [(1, n) for n in range(1, 6)], "the child writes a page of its own"
    assert owner == 1 and stop.reason == "catch"
    child = stop.pid
    assert child != 1
    assert {p.pid for p in debugger.processes()} == {1, child}
    assert {t.pid for t in debugger.threads()} == {1, child}
    assert len(debugger.maps(1)) > 3
    assert debugger.run().detail.startswith("exit")
    assert debugger.run().reason == "exit"
    back = debugger.run_back()
    assert back.reason == "catch" and back.pid == 1


def test_a_symbol_is_waited_for_through_exec(debug: Start, compiled: Toolchain) -> None:
    """The shell has no such function; the program it executes has."""
    program = compiled(WALK)
    debugger = debug(["sh", "-c", f"exec {program}"], mounts=[_shown(program.parent)])
    debugger.catch("exec")
    debugger.breakpoint("fill", temporary=True)
    stop = debugger.run()
    assert (stop.reason, stop.pid) == ("catch", 1)
    assert str(program) in stop.detail and not debugger.in_kernel
    stop = debugger.run()
    assert stop.reason == "breakpoint" and debugger.symbol(stop.rip) == "fill"
    executed = debugger.run_back()
    assert executed.reason == "catch"


@pytest.mark.parametrize("how", ["null", "divide", "illegal", "noexec"])
def test_a_crash_stops_at_the_instruction(debug: Start, compiled: Toolchain, how: str) -> None:
    debugger = debug([compiled("die.c"), how])
    stop = debugger.run()
    assert stop.reason == "crash" and "dies by SIG" in stop.detail
    assert not debugger.in_kernel
    if how == "divide":
        assert debugger.instruction().mnemonic in ("div", "idiv")
    here = digest(debugger)
    assert debugger.step_back().moment < stop.moment
    debugger.go(stop.moment)
    assert digest(debugger) == here
    end = debugger.run()
    assert end.reason == "killed" and end.ended
    assert debugger.processes() is not None
    with pytest.raises(DebugError, match="ended"):
        debugger.set_register("rax", 1)
    assert debugger.run().reason == "killed"
    debugger.step_back()
    assert debugger.moment < end.moment


def test_a_kernel_panic_is_shown(debug: Start, compiled: Toolchain) -> None:
    """The debugger breaks the kernel: it jumps to nowhere in the middle of a call."""
    debugger = debug([compiled(WALK)])
    debugger.catch("syscall", "pipe", "pipe2")
    debugger.run()
    for _ in range(40):
        debugger.step(kernel=True)
    assert debugger.in_kernel
    debugger.set_register("rip", 0x10)
    stop = debugger.run()
    assert stop.reason == "panic" and "in the kernel" in stop.detail
    assert debugger.ended and debugger.events()
    panic = debugger.moment
    debugger.step_back(kernel=True)
    assert debugger.moment == panic - 1
    assert debugger.backtrace()


def test_self_modifying_code(debug: Start, compiled: Toolchain) -> None:
    """A function is written, called, overwritten and called again; going back shows both."""
    debugger = debug([compiled("debug/selfmod.c")])
    debugger.catch("syscall", "getppid")
    first = debugger.run()
    code = debugger.address("page")
    place = int.from_bytes(debugger.read_memory(code, 8), "little")
    one = debugger.disassemble(place, 1)[0].text
    second = debugger.run()
    two = debugger.disassemble(place, 1)[0].text
    assert (one, two) == ("mov eax, 1", "mov eax, 2")
    before = digest(debugger)
    debugger.run_back()
    assert debugger.moment == first.moment
    assert debugger.disassemble(place, 1)[0].text == one
    debugger.go(second.moment)
    assert digest(debugger) == before
    assert debugger.run().reason == "exit"
    assert debugger.output() == b"1 2\n"


def test_input_is_read_once(debug: Start, tmp_path: Path) -> None:
    """What came over standard input comes again from the tape, and so does a host file."""
    data = tmp_path / "data"
    data.write_text("from the file\n")
    read_end, write_end = os.pipe()
    os.write(write_end, b"typed\n")
    os.close(write_end)
    null = os.open(os.devnull, os.O_RDWR)
    try:
        debugger = debug(
            ["sh", "-c", "read a; read b < /data/data; test \"$a $b\" = 'typed from the file'"],
            stdio=(read_end, null, null),
            mounts=[make_mount(str(tmp_path), "/data", read_only=True)],
        )
        end = debugger.run()
        assert (end.reason, debugger.outcome.status) == ("exit", 0)
        final = digest(debugger)
        data.write_text("another text\n")
        debugger.go(debugger.timeline.start)
        debugger.go(end.moment)
        assert digest(debugger) == final
    finally:
        os.close(read_end)
        os.close(null)


def test_pause_and_idle(debug: Start, compiled: Toolchain) -> None:
    debugger = debug(["sleep", "0.2"], wait=False)
    debugger.catch("syscall", "exit_group")
    assert debugger.run().reason == "idle"
    debugger.wait = True
    assert debugger.run().reason == "catch"
    spinning = debug([compiled("die.c"), "spin"])
    spinning.catch("syscall", "write", "writev")  # its word before the loop
    assert spinning.run().reason == "catch"
    timer = Timer(0.3, spinning.pause)
    timer.start()
    assert spinning.run().reason == "pause"
    timer.join()
    assert spinning.run_to(spinning.last.rip).reason in ("breakpoint", "moment")


def test_page_walk_and_events(debug: Start, compiled: Toolchain) -> None:
    debugger = debug([compiled(WALK)])
    debugger.breakpoint("add", ignore=4)
    debugger.run()
    table = debugger.address("table")
    walk = debugger.page_walk(table)
    assert [entry.table for entry in walk] == ["PML4", "PDPT", "PD", "PT"]
    assert "U" in walk[-1].rights and "NX" in walk[-1].rights
    physical = debugger.translate(table)
    assert physical is not None
    assert debugger.read_physical(physical, 72) == debugger.read_memory(table, 72)
    assert debugger.search_memory(b"node1", table, table + 72) == [table + 24 + 4]
    debugger.run()
    events = debugger.events()
    assert [e.moment for e in events] == sorted(e.moment for e in events)
    call = next(e for e in events if e.kind == "enter" and "nanosleep" in e.text)
    debugger.go(call.moment)
    assert debugger.in_kernel
    assert any("trap_syscall" in (c.symbol or "") for c in debugger.backtrace())


def test_a_recording_is_debugged_without_the_host(
    backend: str, debug: Start, compiled: Toolchain, tmp_path: Path
) -> None:
    """Recorded on either backend; what the debugger then shows is that very run."""
    file = tmp_path / "recording"
    ran = Guest(backend)([compiled(WALK)], options=["--record", file])
    assert ran.code == 10, ran
    debugger = debug(load(str(file)))
    debugger.breakpoint("add")
    first = debugger.run()
    assert (first.reason, debugger.registers()["rsi"]) == ("breakpoint", 0)
    while (stop := debugger.run()).reason == "breakpoint":
        continue
    assert stop.reason == "exit" and debugger.output() == b""
    while (stop := debugger.run_back()).moment > first.moment:
        continue
    assert stop.moment == first.moment

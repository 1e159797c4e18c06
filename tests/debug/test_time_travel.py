"""Moments are what they were, whichever way one comes to them."""

import statistics
import time
from pathlib import Path

import pytest
from debug.conftest import Start, digest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.patience import least, seconds
from support.toolchain import Toolchain

from nanvix.debug.debugger import Debugger
from nanvix.debug.errors import DebugError

WALK = "debug/walk.c"
OUTPUT = b"sum 10, node1, signal 10, child 3 x\n"


def test_output_is_written_once(debug: Start, compiled: Toolchain) -> None:
    debugger = debug([compiled(WALK)])
    assert debugger.run().reason == "exit"
    assert debugger.output() == OUTPUT
    end = debugger.moment
    debugger.go(debugger.timeline.start)
    assert debugger.go(end).moment == end
    assert debugger.output() == b""
    assert debugger.ended


@pytest.mark.parametrize("spacing", [2_000, 500_000])
def test_a_random_walk_finds_every_moment_as_it_was(
    debug: Start, compiled: Toolchain, spacing: int
) -> None:
    debugger = debug([compiled(WALK)])
    debugger.timeline.spacing = spacing
    debugger.breakpoint("add")
    debugger.watch("counter", access="write")
    seen: dict[int, object] = {}
    moves = st.lists(
        st.one_of(
            st.sampled_from(["step", "step_back", "over", "run", "run_back", "kernel", "undo"]),
            st.integers(0, 400_000),
        ),
        min_size=1,
        max_size=12,
    )

    @settings(max_examples=25, deadline=None, database=None)
    @given(moves)
    def walk(moves: list[str | int]) -> None:
        for move in moves:
            _move(debugger, move)
            found = digest(debugger)
            assert seen.setdefault(debugger.moment, found) == found, (debugger.moment, move)

    walk()
    assert len(seen) > 20


def _move(debugger: Debugger, move: str | int) -> None:
    if isinstance(move, int):
        debugger.go(move)
    elif move == "kernel":
        debugger.step(kernel=True)
    elif move == "undo":
        debugger.step_back(kernel=True)
    else:
        getattr(debugger, move)()


def test_forward_and_back_visit_the_same_places(debug: Start, compiled: Toolchain) -> None:
    debugger = debug([compiled(WALK)])
    debugger.breakpoint("add")
    forth = []
    while (stop := debugger.run()).reason == "breakpoint":
        forth.append((stop.moment, debugger.registers()["rsi"]))
    assert stop.reason == "exit"
    assert [b for _, b in forth] == [0, 1, 2, 3, 4]
    back = []
    while (stop := debugger.run_back()).reason == "breakpoint":
        back.append((stop.moment, debugger.registers()["rsi"]))
    assert stop.reason == "start of history"
    assert back == forth[::-1]


def test_steps_are_undone_one_by_one(debug: Start, compiled: Toolchain) -> None:
    """Through a call, system calls and a signal handler."""
    debugger = debug([compiled(WALK)])
    debugger.breakpoint("add", ignore=4)
    debugger.run()
    path = [debugger.last]
    while len(path) < 300 and not debugger.last.ended:
        path.append(debugger.step())
    handler = debugger.address("handler")
    assert handler in {stop.rip for stop in path}
    for before in path[-2::-1]:
        stop = debugger.step_back()
        assert (stop.moment, stop.rip) == (before.moment, before.rip)


def test_over_and_out_and_back(debug: Start, compiled: Toolchain) -> None:
    debugger = debug([compiled(WALK)])
    main = debugger.breakpoint("main")
    debugger.run()
    debugger.delete(main.number)
    call = next(i for i in debugger.disassemble(count=60) if i.note == "add")
    debugger.run_to(call.address)
    before = debugger.moment
    assert debugger.over().rip == call.address + call.size
    after = debugger.moment
    assert after > before + 3
    assert debugger.over_back().moment == before
    debugger.step()
    assert debugger.symbol(debugger.last.rip) == "add"


def test_who_wrote_it(debug: Start, compiled: Toolchain) -> None:
    debugger = debug([compiled(WALK)])
    debugger.run()
    debugger.breakpoint("handler")
    debugger.run_back()
    here = debugger.moment
    access = debugger.last_write(debugger.address("table") + 24, 4)
    assert access is not None
    assert debugger.moment == here
    assert int.from_bytes(access.new, "little") == 10
    name = debugger.symbol(access.rip)
    assert name is not None and name.startswith("fill")
    debugger.go(access.moment - 1)
    assert debugger.last.rip == access.rip


def test_the_past_cannot_be_changed(debug: Start, compiled: Toolchain) -> None:
    debugger = debug([compiled(WALK)])
    debugger.breakpoint("add", temporary=True)
    debugger.run()
    debugger.step_back()
    with pytest.raises(DebugError, match="past"):
        debugger.set_register("rax", 1)
    with pytest.raises(DebugError, match="not between"):
        debugger.timeline.go(debugger.frontier + 1)


def test_a_change_is_part_of_history(debug: Start, compiled: Toolchain) -> None:
    debugger = debug([compiled(WALK)])
    debugger.breakpoint("add", temporary=True)
    debugger.run()
    changed = debugger.moment
    debugger.set_register("rdi", 1000)
    debugger.write_memory(debugger.address("counter"), b"\x07")
    debugger.step()
    now = digest(debugger)
    debugger.go(changed - 100)
    assert debugger.registers()["rdi"] != 1000
    debugger.go(changed)
    assert debugger.registers()["rdi"] == 1000
    debugger.step()
    assert digest(debugger) == now
    debugger.run()
    assert debugger.output() == OUTPUT.replace(b"10,", b"1010,", 1)


@pytest.mark.requires("gcc")
def test_a_mended_fault_is_history(debug: Start, compiled: Toolchain) -> None:
    debugger = debug([compiled("debug/fault.c", "glibc", ("-g", "-O0"))])
    debugger.breakpoint("say")
    debugger.run()
    before = debugger.moment
    fault = debugger.run()
    assert fault.reason == "crash" and fault.moment < debugger.frontier
    events = debugger.events(0, fault.moment)
    debugger.set_register("rax", debugger.evaluate("&place").integer())
    assert debugger.live and debugger.events() == events
    shown = digest(debugger)
    debugger.step()
    behind = digest(debugger)
    assert debugger.run().reason == "exit"
    log = debugger.events()
    assert len(log) == len(set(log)) > len(events) and log[: len(events)] == events
    debugger.go(before)
    debugger.go(fault.moment)
    assert digest(debugger) == shown
    debugger.step()
    assert digest(debugger) == behind
    assert debugger.run().reason == "exit"
    assert debugger.output() == b"before\nplace 5\n"


@pytest.mark.requires("gcc")
def test_what_happened_behind_a_fault_stays(debug: Start, compiled: Toolchain) -> None:
    """It can be mended as long as nothing has come of it."""
    debugger = debug([compiled("debug/fault.c", "glibc", ("-g", "-O0"))])
    fault = debugger.run()
    assert debugger.run().reason == "killed"
    debugger.go(fault.moment)
    with pytest.raises(DebugError, match="past"):
        debugger.set_register("rax", 0)


@pytest.mark.requires("gcc")
def test_a_page_of_its_own_is_history(debug: Start, compiled: Toolchain) -> None:
    debugger = debug([compiled("debug/shared.c", "glibc", ("-g", "-O0"))])
    debugger.breakpoint("here")
    here = debugger.run()
    value = debugger.evaluate("&value").integer()
    child = next(p.pid for p in debugger.processes() if p.pid != here.pid)
    assert debugger.read_memory(value, 4) == debugger.read_memory(value, 4, pid=child)
    debugger.write_memory(value, (41).to_bytes(4, "little"))
    debugger.write_memory(value, (42).to_bytes(4, "little"), pid=child)
    shown = digest(debugger)
    assert debugger.run().reason == "exit"
    assert debugger.output() == b"child 42 hello 1 0\nagain 7 hello 1 0\nparent 41 hello 1 0\n"
    end = digest(debugger)
    debugger.go(debugger.timeline.start)
    debugger.go(here.moment)
    assert digest(debugger) == shown
    debugger.go(debugger.frontier)
    assert digest(debugger) == end


def test_the_budget_holds(debug: Start, compiled: Toolchain) -> None:
    debugger = debug([compiled(WALK)], memory_budget=2 << 20)
    debugger.timeline.spacing = 200
    debugger.run()
    assert debugger.timeline.spacing > 200
    assert debugger.timeline.held < 4 << 20
    middle = debugger.moment // 2
    debugger.go(middle)
    assert debugger.moment == middle


@pytest.mark.requires("gcc")
def test_going_back_is_quick(debug: Start, compiled: Toolchain, tmp_path: Path) -> None:
    """A tenth of the benchmark; how long it takes says more of the machine than of us."""
    debugger = debug([compiled("../../benchmarks/programs/sha256.c", "glibc")])
    debugger.go(10_000_000)

    def median() -> float:
        times = []
        for moment in range(1_000_000, 10_000_000, 900_001):
            debugger.go(moment)
            times.append(seconds(lambda: debugger.step_back(kernel=True), time.process_time))
        return statistics.median(times)

    assert least(median, 0.1, tries=5) <= 0.1


def test_looking_for_a_writer_can_be_stopped(debug: Start, compiled: Toolchain) -> None:
    debugger = debug([compiled("debug/spin.c", "glibc", ["-g", "-O0"])])
    debugger.breakpoint("main")
    debugger.run()
    here = debugger.go(debugger.moment + 1_000_000).moment
    debugger.progress(lambda _: debugger.pause())
    with pytest.raises(DebugError, match="stopped before"):
        debugger.last_write("counter")
    debugger.progress(None)
    assert debugger.moment == here
    access = debugger.last_write("counter")
    assert access is not None and access.moment <= here

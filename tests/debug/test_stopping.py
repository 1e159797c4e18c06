"""A guest on KVM with breakpoints by name, conditions, calls and lines."""

import os
import threading
from collections.abc import Iterator

import pytest
from support.toolchain import Toolchain

from nanvix.debug.errors import DebugError
from nanvix.debug.stopping import Stopping

pytestmark = [
    pytest.mark.parametrize("backend", ["kvm"], indirect=True),
    pytest.mark.requires("gcc"),
]


@pytest.fixture
def steps(backend: str, compiled: Toolchain) -> Iterator[Stopping]:
    """Stands at the first instruction of debug/steps.c."""
    null = os.open(os.devnull, os.O_RDWR)
    program = str(compiled("debug/steps.c", "glibc", ["-g", "-O0"]))
    with Stopping([program], stdio=(null, null, null), seed=bytes(32)) as guest:
        yield guest
    os.close(null)


def test_breakpoints_by_name_with_conditions(steps: Stopping) -> None:
    assert steps.last.reason == "start" and not steps.in_kernel
    assert steps.symbol(steps.registers()["rip"]) == "_start"
    main = steps.breakpoint("main")
    stop = steps.run()
    assert (stop.reason, stop.points) == ("breakpoint", (main.number,))
    assert steps.symbol(stop.rip) == "main" and steps.backtrace()[0].symbol == "main"
    code = steps.read_memory(stop.rip, 4)
    assert code[0] != 0xCC and steps.instruction().address == stop.rip
    point = steps.breakpoint("square", condition="edi == 2")
    stop = steps.run()
    assert stop.points == (point.number,) and steps.registers()["rdi"] == 2 and point.hits == 1
    steps.delete(point.number)
    steps.delete(main.number)
    assert steps.run().reason == "exit"


def test_steps_calls_and_lines(steps: Stopping) -> None:
    steps.run_to("main")
    before = steps.last.rip
    stop = steps.step()
    assert stop.reason == "step" and before < stop.rip < before + 8
    line = steps.line()
    assert line is not None
    stop = steps.step_line()
    assert stop.reason == "line" and steps.line() != line
    for _ in range(40):
        if steps.instruction().kind == "call":
            break
        steps.step()
    after = steps.instruction().address + steps.instruction().size
    assert steps.over().rip == after
    steps.run_to("square")
    assert steps.out().reason == "return" and steps.symbol(steps.last.rip).startswith("main+")
    assert steps.evaluate("total").integer() == 0


def test_changes_catches_and_pauses(steps: Stopping) -> None:
    steps.run_to("main")
    steps.set_register("r15", 0x1234)
    assert steps.registers()["r15"] == 0x1234
    steps.step()
    assert steps.registers()["r15"] == 0x1234
    caught = steps.catch("syscall", "write")
    stop = steps.run()
    assert stop.reason == "catch" and stop.points == (caught.number,)
    caught.enabled = False
    with pytest.raises(DebugError, match="is not known here"):
        steps.breakpoint("no_such_function")
    threading.Timer(0.01, steps.pause).start()
    assert steps.run().reason in ("pause", "exit")


def test_the_moment_in_the_emulator_has_no_breakpoints(steps: Stopping) -> None:
    steps.breakpoint("square")
    steps.run()
    null = os.open(os.devnull, os.O_RDWR)
    with steps.in_emulator((null, null, null)) as debugger:
        assert debugger.symbol(debugger.registers()["rip"]).startswith("square")
        assert debugger.read_memory(debugger.address("square"), 1) != b"\xcc"
        assert debugger.run().reason == "exit"
    os.close(null)

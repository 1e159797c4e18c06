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
    timer = threading.Timer(0.01, steps.pause)
    timer.start()
    assert steps.run().reason in ("pause", "exit")
    timer.join()


def test_the_moment_in_the_emulator_has_no_breakpoints(steps: Stopping) -> None:
    steps.breakpoint("square")
    steps.run()
    null = os.open(os.devnull, os.O_RDWR)
    with steps.in_emulator((null, null, null)) as debugger:
        assert debugger.symbol(debugger.registers()["rip"]).startswith("square")
        assert debugger.read_memory(debugger.address("square"), 1) != b"\xcc"
        assert debugger.run().reason == "exit"
    os.close(null)


def test_a_crash_is_shown_where_it_happens(backend: str, compiled: Toolchain) -> None:
    """Alive, with all its memory, and once more when there is nothing left but the report."""
    null = os.open(os.devnull, os.O_RDWR)
    program = str(compiled("die.c", "glibc", ["-g", "-O0"]))
    with Stopping([program, "null"], stdio=(null, null, null), seed=bytes(32)) as guest:
        number = guest.breakpoint("main").number
        assert guest.run().reason == "breakpoint"
        stop = guest.run()
        assert stop.reason == "crash" and stop.detail.startswith("process 1 dies by SIGSEGV")
        place, registers = guest.line(), guest.registers()
        assert place is not None and place[0].endswith("die.c") and not guest.in_kernel
        assert registers["rip"] == stop.rip and not guest.ended
        calls = [call.symbol for call in guest.backtrace()]
        assert (calls[0] or "").startswith("main+") and (calls[-1] or "").startswith("_start")
        for change in (
            lambda: guest.set_register("rax", 1),
            lambda: guest.breakpoint("main"),
            lambda: guest.delete(number),
        ):
            with pytest.raises(DebugError, match="dies here"):
                change()
        code = guest.instruction()
        end = guest.run()
        assert end.reason == "killed" and guest.ended and "SIGSEGV" in end.detail
        general = {name: value for name, value in registers.items() if "base" not in name}
        assert guest.registers().items() >= general.items()
        assert guest.instruction().text == code.text and guest.line() == place
        assert [call.symbol for call in guest.backtrace()] == calls
    os.close(null)


def test_a_step_into_a_fault_is_a_crash(backend: str, compiled: Toolchain) -> None:
    null = os.open(os.devnull, os.O_RDWR)
    program = str(compiled("die.c", "glibc", ["-g", "-O0"]))
    with Stopping([program, "null"], stdio=(null, null, null), seed=bytes(32)) as guest:
        guest.breakpoint("main")
        guest.run()
        at = next(i for i in guest.disassemble(count=200) if "[rax], 1" in i.text).address
        guest.breakpoint(at)
        assert guest.run().rip == at
        assert guest.step().reason == "crash" and guest.registers()["rip"] == at
        assert guest.step().reason == "killed"
    os.close(null)


def test_a_panic_is_shown_where_it_happens(backend: str) -> None:
    """The registers are the kernel's own, whichever ring it works in, and so is the stack."""
    null = os.open(os.devnull, os.O_RDWR)
    with Stopping(["/bin/sh", "-c", "true | true"], stdio=(null, null, null)) as guest:
        guest.write_memory(guest.address("kernel:sys_pipe2"), b"\x0f\x0b")
        guest.write_memory(guest.address("kernel:sys_pipe"), b"\x0f\x0b")
        stop = guest.run()
        assert stop.reason == "panic" and "invalid opcode in the kernel" in stop.detail
        assert guest.in_kernel and guest.instruction().mnemonic == "ud2"
        calls = [(call.symbol or "").partition("+")[0] for call in guest.backtrace()]
        assert calls[0] in ("sys_pipe2", "sys_pipe") and "trap_syscall" in calls
    os.close(null)

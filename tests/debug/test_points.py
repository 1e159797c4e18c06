"""Every kind of point: where it stops going forward, and that going back it stops there again."""

from typing import Any

import pytest
from debug.conftest import Start
from support.toolchain import Toolchain

WALK, WORKERS = "debug/walk.c", "debug/workers.c"
CAUGHT: list[tuple[str, tuple[str, ...], dict[str, Any], str]] = [
    ("syscall", ("pipe", "pipe2"), {}, "syscall pipe"),
    ("syscall", ("write",), {"condition": "rdi == 1 && rdx > 30"}, "syscall write"),
    ("syscall", ("brk",), {"ignore": 1}, "syscall brk"),
    ("return", ("read",), {"condition": "result == 1"}, "return read = 1"),
    ("return", ("wait4",), {"condition": "result < 0"}, ""),
    ("hypercall", ("CON_WRITE",), {}, "hypercall CON_WRITE"),
    ("signal", ("SIGUSR1",), {}, "signal SIGUSR1"),
    ("fork", (), {}, "fork fork 2.2"),
    ("exit", (), {"condition": "rdx == 0x300"}, "exit status 0x300"),
    ("fault", ("#PF",), {"ignore": 1}, "fault #PF at 0x"),
    ("user", (), {"condition": "rax == 2"}, "user"),
]


@pytest.mark.requires("gcc")
@pytest.mark.parametrize(
    ("event", "names", "options", "detail"), CAUGHT, ids=lambda value: str(value)[:40]
)
def test_events(
    debug: Start, compiled: Toolchain, event: str, names: tuple[str, ...],
    options: dict[str, Any], detail: str,
) -> None:  # fmt: skip
    debugger = debug([compiled(WALK, "glibc", ("-g",))])
    point = debugger.catch(event, *names, **options)
    stop = debugger.run()
    if not detail:
        assert (stop.reason, point.hits) == ("exit", 0), "the condition never held"
        return
    assert (stop.reason, stop.points) == ("catch", (point.number,))
    assert stop.detail.startswith(detail)
    assert point.hits == options.get("ignore", 0) + 1
    registers = debugger.registers()
    debugger.step(kernel=True)
    back = debugger.run_back()
    assert (back.moment, back.detail, debugger.registers()) == (stop.moment, stop.detail, registers)


@pytest.mark.requires("gcc")
def test_of_one_thread_only(debug: Start, compiled: Toolchain) -> None:
    """Two threads run the same code; a point is for one of them, after some hits."""
    debugger = debug([compiled(WORKERS, "glibc", ("-g", "-O0", "-pthread"))])
    debugger.breakpoint("tick", temporary=True)
    first = debugger.run()
    point = debugger.breakpoint("tick", tid=first.tid, ignore=10)
    stops = [debugger.run() for _ in range(3)]
    assert [stop.tid for stop in stops] == [first.tid] * 3
    assert point.hits == 13
    who = debugger.evaluate("who").integer()
    assert debugger.evaluate(f"counts[{who}]").integer() == 13
    assert {"left", "right"} & {thread.name for thread in debugger.threads()}


@pytest.mark.requires("gcc")
def test_every_kind_of_watchpoint(debug: Start, compiled: Toolchain) -> None:
    """The loop reads and writes a counter five times; the child's page is its own."""
    seen = {}
    for access in ("write", "read", "access", "change"):
        debugger = debug([compiled(WALK, "glibc", ("-g",))])
        debugger.watch("counter", access=access)
        stops = []
        while (stop := debugger.run()).reason == "watchpoint":
            assert stop.access is not None and stop.pid == 1
            stops.append(stop.access.write)
        seen[access] = stops
        assert stop.reason == "exit"
    assert seen["write"] == seen["change"] == [True] * 5
    assert seen["read"] == [False] * 5
    assert seen["access"] == [False, True] * 5

"""Instruction by instruction: gathering, comparing, and what does not count."""

from nanvix.abi.layout import TRACE_STEP, TRACE_SYSCALL_ENTER
from nanvix.debug.flags import AF, OF, SF, ZF, undefined
from nanvix.machine.trace_ring import TraceEvent
from nanvix.trace.steps import NAMES, Compared, Steps, render

IMUL = bytes.fromhex("0fafc1")
RF = 1 << 16


def feed(listener: Steps, *states: dict[str, int], tid: int = 1) -> None:
    for state in states:
        values = [state.get(name, 0) for name in NAMES]
        for part in range(3):
            args = tuple(values[6 * part : 6 * part + 6])
            listener(TraceEvent(TRACE_STEP, part, tid, 0, args))


def compare(first: Steps, code: bytes = b"\x90") -> tuple[Compared, list[str]]:
    calls: list[str] = []
    second = Compared(first, lambda at, size: code, undefined, lambda: calls.append("departed"))
    return second, calls


def test_equal_runs() -> None:
    first = Steps()
    feed(first, {"rip": 1}, {"rip": 2, "rflags": RF})
    feed(first, {"rip": 7}, tid=2)
    first(TraceEvent(TRACE_SYSCALL_ENTER, 0, 1, 0, (0,) * 6))
    second, calls = compare(first)
    feed(second, {"rip": 7}, tid=2)
    feed(second, {"rip": 1}, {"rip": 2})
    assert second.departure is None and not calls and second.missing() is None
    assert first.count == second.count == 3


def test_the_first_difference_is_kept_with_what_was_before() -> None:
    first = Steps()
    feed(first, {"rip": 1, "rax": 5}, {"rip": 2, "rax": 6})
    second, calls = compare(first)
    feed(second, {"rip": 1, "rax": 5}, {"rip": 2, "rax": 7}, {"rip": 3})
    assert calls == ["departed"] and second.departure is not None
    assert (second.departure.position, second.departure.rip) == (1, 1)
    text = render(second.departure, "kvm", "emu", "nop")
    assert "differs after 1 instructions" in text and "0x1  90  nop" in text
    assert [line.split()[0] for line in text.splitlines() if line.endswith("<")] == ["rax"]


def test_undefined_flags_do_not_count_until_they_are_defined() -> None:
    first = Steps()
    feed(first, {"rip": 1}, {"rip": 2, "rflags": ZF}, {"rip": 3, "rflags": ZF}, {"rip": 4})
    second, calls = compare(first, IMUL)
    feed(second, {"rip": 1}, {"rip": 2, "rflags": SF}, {"rip": 3, "rflags": SF}, {"rip": 4})
    assert not calls
    feed(first, {"rip": 5, "rflags": OF})
    feed(second, {"rip": 5})
    assert calls, "imul defines OF"


def test_a_run_that_is_longer_or_shorter() -> None:
    first = Steps()
    feed(first, {"rip": 1}, {"rip": 2})
    second, calls = compare(first)
    feed(second, {"rip": 1})
    assert second.missing() == (1, 1)
    feed(second, {"rip": 2}, {"rip": 3})
    assert calls and second.departure is not None and second.departure.left is None


def test_a_limit_compares_what_there_is() -> None:
    first = Steps(limit=1)
    feed(first, {"rip": 1}, {"rip": 2})
    assert first.truncated
    second, calls = compare(first)
    feed(second, {"rip": 1}, {"rip": 99})
    assert not calls


def test_undefined_by_the_manual() -> None:
    assert undefined(IMUL, 0) & ZF and not undefined(IMUL, 0) & OF
    assert undefined(bytes.fromhex("31c0"), 0) == AF
    assert undefined(b"\x90", 0) == undefined(b"", 0) == 0

"""The first difference between two runs of a case, for people."""

from collections.abc import Collection
from itertools import zip_longest

from backends.guests import KERNEL_CODE, USER_CODE
from differential.excuses import ALL, MEMORY, compare, excused
from differential.specimen import Event
from differential.suite import Seen, codes

from nanvix.debug.disassembly import decode


def difference(name: str, kvm: Seen, emu: Seen, quirks: Collection[str]) -> str | None:
    """None if the runs agree but for what is excused on a host with these quirks."""
    left_out = excused(name, quirks)
    if ALL[0] not in left_out and kvm.events is not None and emu.events is not None:
        found = _first(name, kvm.events, emu.events, left_out)
        if found is not None:
            return found
        # The frames of events lie in memory too.
        if kvm.events == emu.events and kvm.memory != emu.memory and MEMORY not in left_out:
            return f"{name}: the events agree, memory does not"
    left_out = excused(name, quirks, stepping=True)
    if kvm.steps is None or emu.steps is None or ALL[0] in left_out:
        return None
    return _first(name, kvm.steps, emu.steps, left_out)


def _first(name: str, kvm: list[Event], emu: list[Event], left_out: Collection[str]) -> str | None:
    before: Event | None = None
    for number, (left, right) in enumerate(zip_longest(kvm, emu)):
        if left is None or right is None:
            return f"{name}: {len(kvm)} events on kvm, {len(emu)} on emu"
        differing = compare(left, right, left_out)
        if differing:
            return _render(name, number, before, left, right, differing)
        before = left
    return None


def _render(
    name: str, number: int, before: Event | None, left: Event, right: Event, differing: list[str]
) -> str:
    lines = [f"{name}: event {number} differs in {', '.join(differing)}"]
    rip = before.state.get("rip") if before is not None else None
    if rip is None:
        rip = left.frame.get("rip", left.state.get("rip", 0))
    lines.append(f"  {rip:#x}  {_instruction(name, rip)}")
    lines.append(f"  {'':10} {left.kind + ' (kvm)':>20} {right.kind + ' (emu)':>20}")
    for part in ("state", "frame"):
        ours, theirs = getattr(left, part), getattr(right, part)
        for key in dict.fromkeys((*ours, *theirs)):
            values = [
                format(v, "#x") if v is not None else "-" for v in (ours.get(key), theirs.get(key))
            ]
            mark = "" if values[0] == values[1] else "  <"
            lines.append(f"  {part[0]}.{key:8} {values[0]:>20} {values[1]:>20}{mark}")
    return "\n".join(lines)


def _instruction(name: str, rip: int) -> str:
    code, _ = codes()[name]
    for page in (USER_CODE, KERNEL_CODE):
        if 0 <= rip - page < len(code):
            item = decode(code[rip - page :], rip)
            return item.text if item is not None else "?"
    return "(not in the case's own code)"

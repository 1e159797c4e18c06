"""The caller's registers, by the rules of call frame information (DWARF 5, 6.4.1)."""

from __future__ import annotations

from nanvix.debug.errors import DebugError
from nanvix.debug.location import evaluate

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nanvix.debug.cfi import Rules
    from nanvix.debug.location import Frame


def step(rules: Rules, frame: Frame) -> tuple[int, dict[int, int]]:
    """The CFA and the caller's registers by DWARF number. Raises DebugError."""
    if isinstance(rules.cfa, tuple):
        cfa = frame.register(rules.cfa[0]) + rules.cfa[1] & (1 << 64) - 1
    else:
        cfa = evaluate(rules.cfa, frame).value
    caller: dict[int, int] = {7: cfa}
    for number, (kind, operand) in rules.saved.items():
        if kind == "offset":
            caller[number] = _word(frame, cfa + operand)
        elif kind == "value offset":
            caller[number] = cfa + operand
        elif kind == "register":
            caller[number] = frame.register(operand)
        elif kind == "expression":
            caller[number] = _word(frame, evaluate(operand, frame, stack=[cfa]).value)
        elif kind == "value expression":
            caller[number] = evaluate(operand, frame, stack=[cfa]).value
        elif kind == "undefined":
            caller[number] = -1
    return cfa, caller


def _word(frame: Frame, address: int) -> int:
    data = frame.read(address & (1 << 64) - 1, 8)
    if len(data) < 8:
        raise DebugError(f"memory at {address:#x} cannot be read")
    return int.from_bytes(data, "little")

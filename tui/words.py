"""Single values: what an expression means, where a word leads, memory with holes."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from nanvix.debug.errors import DebugError

if TYPE_CHECKING:
    from nanvix.debug.inspect import Inspector

TEXT_LIMIT = 24


def place(debugger: "Inspector", text: str) -> int:
    """The address that a symbol, line or expression means. Raises DebugError."""
    try:
        return debugger.address(text)
    except DebugError:
        value = debugger.evaluate(text)
        return value.address if value.type.kind == "struct" and value.address else value.integer()


def telescope(debugger: "Inspector", value: int, depth: int = 3) -> str:
    """Where a word leads: a symbol, text, or another word and what that leads to."""
    data = debugger.read_memory(value, TEXT_LIMIT) if value >= 4096 else b""
    if not data:
        return ""
    name = debugger.symbol(value)
    if name:
        return f"→ {name}"
    text = data.split(b"\0")[0]
    if len(text) >= 3 and all(32 <= byte < 127 for byte in text):
        return f'→ "{text.decode()}"'
    if len(data) < 8:
        return ""
    following = int.from_bytes(data[:8], "little")
    rest = telescope(debugger, following, depth - 1) if depth > 1 else ""
    return f"→ {following:#x} {rest}".rstrip()


def read_with_holes(
    read: Callable[[int, int], bytes], start: int, size: int
) -> tuple[int | None, ...]:
    """``size`` bytes from ``start``; None for those that are not mapped."""
    data: list[int | None] = []
    while len(data) < size:
        piece = read(start + len(data), size - len(data))
        data.extend(piece)
        if len(data) < size:
            at = start + len(data)
            hole = min(4096 - at % 4096, size - len(data))
            data.extend([None] * hole)
    return tuple(data)

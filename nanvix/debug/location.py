"""DWARF expressions: a small stack machine that says where something is (DWARF 5, 2.5 and 2.6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from nanvix.debug.errors import DebugError
from nanvix.named import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

REGISTERS = (
    "rax", "rdx", "rcx", "rbx", "rsi", "rdi", "rbp", "rsp",
    "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "rip",
)  # fmt: skip
"""By DWARF number (psABI x86-64, figure 3.36); 16 is the return address."""
_MASK = (1 << 64) - 1
_MAX_STEPS = 1000


class Reader:
    """Little-endian numbers out of bytes. Raises DebugError at the end."""

    __slots__ = ("at", "data")

    def __init__(self, data: bytes | memoryview, at: int = 0) -> None:
        self.data = data
        self.at = at

    def bytes(self, size: int) -> bytes:
        """The next ``size`` bytes."""
        piece = bytes(self.data[self.at : self.at + size])
        if size < 0 or len(piece) < size:
            raise DebugError("debug information is truncated")
        self.at += size
        return piece

    def unsigned(self, size: int) -> int:
        """A number of 1, 2, 4 or 8 bytes."""
        return int.from_bytes(self.bytes(size), "little")

    def signed(self, size: int) -> int:
        """The same with a sign."""
        return int.from_bytes(self.bytes(size), "little", signed=True)

    def uleb(self) -> int:
        """An unsigned LEB128 number."""
        value = shift = 0
        while True:
            byte = self.unsigned(1)
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value
            if shift > 70:
                raise DebugError("debug information is damaged")

    def sleb(self) -> int:
        """A signed LEB128 number."""
        start = self.at
        value = self.uleb()
        width = 7 * (self.at - start)
        return value - (1 << width) if value >> width - 1 else value


class Place(NamedTuple):
    """``kind``: memory (at ``value``), register (number ``value``), value, or bytes (``data``)."""

    kind: str
    value: int = 0
    data: bytes = b""


class Frame(Protocol):
    """What an expression may ask for."""

    cfa: int
    bias: int

    def register(self, number: int) -> int:
        """A register's value in this frame. Raises DebugError when it is not known."""

    def read(self, address: int, size: int) -> bytes:
        """Memory."""


def evaluate(
    code: bytes,
    frame: Frame,
    *,
    stack: list[int] | None = None,
    base: Callable[[], int] | None = None,
    indexed: Callable[[int], int] | None = None,
) -> Place:
    """Run an expression. ``base``: the function's frame base; ``indexed``: an entry of .debug_addr.

    Raises DebugError: damaged, optimised out, or something this does not know.
    """
    reader, values = Reader(code), list(stack or ())
    result: Place | None = None

    def push(value: int) -> None:
        values.append(value & _MASK)

    def pop() -> int:
        if not values:
            raise DebugError("debug information is damaged")
        return values.pop()

    for _ in range(_MAX_STEPS):
        if reader.at >= len(code):
            break
        op = reader.unsigned(1)
        if op == 0x03:  # addr
            push(reader.unsigned(8) + frame.bias)
        elif op == 0x06:  # deref
            push(_load(frame, pop(), 8))
        elif op == 0x94:  # deref_size
            push(_load(frame, pop(), reader.unsigned(1)))
        elif 0x08 <= op <= 0x0F:  # const1u .. const8s
            size = 1 << (op - 8 >> 1)
            push(reader.signed(size) if op & 1 else reader.unsigned(size))
        elif op == 0x10:
            push(reader.uleb())
        elif op == 0x11:
            push(reader.sleb())
        elif op == 0x12:  # dup
            push(values[-1] if values else 0)
        elif op == 0x13:  # drop
            pop()
        elif op == 0x14:  # over
            push(values[-2] if len(values) > 1 else 0)
        elif op == 0x16:  # swap
            a, b = pop(), pop()
            push(a)
            push(b)
        elif op in _BINARY:
            b, a = pop(), pop()
            push(_BINARY[op](_signed(a), _signed(b)))
        elif op == 0x1F:  # neg
            push(-pop())
        elif op == 0x20:  # not
            push(~pop())
        elif op == 0x23:  # plus_uconst
            push(pop() + reader.uleb())
        elif op in (0x28, 0x2F):  # bra, skip
            distance = reader.signed(2)
            if op == 0x2F or pop():
                reader.at += distance
                if not 0 <= reader.at <= len(code):
                    raise DebugError("debug information is damaged")
        elif 0x30 <= op <= 0x4F:  # lit0 .. lit31
            push(op - 0x30)
        elif 0x50 <= op <= 0x6F:  # reg0 .. reg31
            result = Place("register", op - 0x50)
        elif op == 0x90:  # regx
            result = Place("register", reader.uleb())
        elif 0x70 <= op <= 0x8F:  # breg0 .. breg31
            push(frame.register(op - 0x70) + reader.sleb())
        elif op == 0x92:  # bregx
            number = reader.uleb()
            push(frame.register(number) + reader.sleb())
        elif op == 0x91:  # fbreg
            if base is None:
                raise DebugError("a variable is relative to a frame that is not known")
            push(base() + reader.sleb())
        elif op == 0x9C:  # call_frame_cfa
            push(frame.cfa)
        elif op == 0x9E:  # implicit_value
            result = Place("bytes", 0, reader.bytes(reader.uleb()))
        elif op == 0x9F:  # stack_value
            result = Place("value", pop())
        elif op in (0xA1, 0xA2) and indexed is not None:  # addrx, constx
            value = indexed(reader.uleb())
            push(value + frame.bias if op == 0xA1 else value)
        elif op == 0x96:  # nop
            continue
        else:
            raise DebugError(_UNKNOWN.get(op, f"it is described by DWARF operation {op:#x}"))
    if result is None:
        if not values:
            raise DebugError("optimised out")
        result = Place("memory", values[-1])
    return result


_UNKNOWN = {
    0x93: "it lies in several pieces",
    0x9B: "it is local to the thread",
    0xE0: "it is local to the thread",
    0xA3: "optimised out",
    0xF3: "optimised out",
}


def _load(frame: Frame, address: int, size: int) -> int:
    data = frame.read(address, size)
    if len(data) < size:
        raise DebugError(f"memory at {address:#x} cannot be read")
    return int.from_bytes(data, "little")


def _signed(value: int) -> int:
    return value - (1 << 64) if value >> 63 else value


def _divide(a: int, b: int) -> int:
    if b == 0:
        raise DebugError("debug information is damaged")
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


_BINARY: dict[int, Callable[[int, int], int]] = {
    0x1A: lambda a, b: a & b,
    0x1B: _divide,
    0x1C: lambda a, b: a - b,
    0x1D: lambda a, b: (a & _MASK) % max(1, b & _MASK),
    0x1E: lambda a, b: a * b,
    0x21: lambda a, b: a | b,
    0x22: lambda a, b: a + b,
    0x24: lambda a, b: a << min(b & _MASK, 64),
    0x25: lambda a, b: (a & _MASK) >> min(b & _MASK, 64),
    0x26: lambda a, b: a >> min(b & _MASK, 64),
    0x27: lambda a, b: a ^ b,
    0x29: lambda a, b: int(a == b),
    0x2A: lambda a, b: int(a >= b),
    0x2B: lambda a, b: int(a > b),
    0x2C: lambda a, b: int(a <= b),
    0x2D: lambda a, b: int(a < b),
    0x2E: lambda a, b: int(a != b),
}

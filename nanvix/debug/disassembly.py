"""Machine code as text, by capstone."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from nanvix.debug.decoder import Decoder
from nanvix.named import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST = 15


class Instruction(NamedTuple):
    """``kind``: call, ret, jump, syscall, or empty. ``target``: of a direct call or jump.
    ``symbol`` and ``line``: of the address, where known; ``note``: what an operand points to."""

    address: int
    size: int
    data: bytes
    mnemonic: str
    operands: str
    kind: str = ""
    target: int | None = None
    symbol: str | None = None
    line: str | None = None
    note: str = ""

    @property
    def text(self) -> str:
        """Mnemonic and operands."""
        return f"{self.mnemonic} {self.operands}".rstrip()


@cache
def _decoder() -> Decoder:
    return Decoder()


def decode(data: bytes, address: int) -> Instruction | None:
    """The first instruction of ``data``; None when it is none."""
    found = _decoder().decode(data[:LONGEST], address)
    if found is None:
        return None
    size, mnemonic, operands = found
    kind, target = _classify(mnemonic, operands)
    return Instruction(address, size, data[:size], mnemonic, operands, kind, target)


def disassemble(read: Callable[[int, int], bytes], address: int, count: int) -> list[Instruction]:
    """``count`` instructions from ``address``; bytes that are none are shown as ``.byte``."""
    found: list[Instruction] = []
    data = read(address, count * LONGEST)
    at = 0
    while at < len(data) and len(found) < count:
        item = decode(data[at : at + LONGEST], address + at)
        if item is None:
            item = Instruction(address + at, 1, data[at : at + 1], ".byte", f"{data[at]:#04x}")
        found.append(item)
        at += item.size
    return found


def before(read: Callable[[int, int], bytes], address: int, count: int) -> list[Instruction]:
    """Up to ``count`` instructions that end at ``address``: x86 code can only be guessed
    backwards, so of all starts the one that gives most is taken."""
    best: list[Instruction] = []
    for start in range(address - count * LONGEST, address):
        if start < 0:
            continue
        found = disassemble(read, start, address - start)
        upto = [item for item in found if item.address < address]
        if not upto or upto[-1].address + upto[-1].size != address:
            continue
        sound = not any(item.mnemonic == ".byte" for item in upto)
        if sound and len(upto) >= min(count, len(best) + 1):
            return upto[-count:]
    return best


def _classify(mnemonic: str, operands: str) -> tuple[str, int | None]:
    name = mnemonic.rsplit(maxsplit=1)[-1]
    kind = ""
    if name == "call":
        kind = "call"
    elif name in ("ret", "retf", "iretq", "sysretq"):
        kind = "ret"
    elif name == "syscall":
        kind = "syscall"
    elif name.startswith(("j", "loop")):
        kind = "jump"
    target = None
    if kind in ("call", "jump") and operands.startswith("0x"):
        target = int(operands, 16)
    return kind, target

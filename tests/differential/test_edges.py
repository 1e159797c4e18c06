"""Machine code at its edges leaves the same on every processor: shifts by more than there is, bits
far away, divisions that fault, strings in both directions, and accesses at each position of the
border of a page. The host's own processor is the third opinion.
"""

from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import Phase, given, seed, settings
from hypothesis import strategies as st
from support.guest import Guest, execute
from support.host import ENVIRONMENT
from support.toolchain import Toolchain

from nanvix.emu.divergences import DIVERGENCES

CF, PF, ZF, SF, OF, ALL = 1, 1 << 2, 1 << 6, 1 << 7, 1 << 11, 0xCD5
PAGE = 4096
PIECES = 200
# rax rcx rdx rbx r8 r9 r10 r11 by their numbers, without those that the pieces need.
SCRATCH = (0, 2, 3, 8, 9, 10, 11)


def codes(text: str) -> tuple[bytes, ...]:
    return tuple(bytes.fromhex(word) for word in text.split())


class Piece(NamedTuple):
    """``source``, ``target``: where rsi and rdi point in the page. ``ignored``: flags that the code
    leaves undefined; ``uncertain``: those that a fault does."""

    code: bytes
    source: int = 64
    target: int = 512
    flags: int = 2
    ignored: int = 0
    uncertain: int = 0

    def text(self) -> str:
        places = (f"{n & 0xFFFF_FFFF:x}" for n in (self.source, self.target, self.flags))
        return ",".join((*places, self.code.hex()))


make, pick = st.builds, st.sampled_from
byte = st.integers(0, 255)
flags = st.integers(0, 0xFFF).map(lambda bits: bits & 0x8D5 | 2)
both = st.booleans()
register = pick(SCRATCH)
border = st.one_of(st.integers(-20, 4), st.integers(PAGE - 20, PAGE + 4))
inside = st.integers(0, 1000)
width = pick((8, 16, 32, 64))


def sized(width: int, opcode: int, reg: int, modrm: int, tail: bytes = b"", rex: int = 0) -> bytes:
    """``opcode`` (that of bytes) for operands of ``width`` bits; ``modrm`` without the register."""
    prefix = b"\x66" if width == 16 else b""
    rex |= 0x48 if width == 64 else 0x40
    rex |= (reg >> 3) << 2
    opcode |= width != 8
    return prefix + bytes([rex, opcode, modrm | (reg & 7) << 3]) + tail


def direct(number: int) -> tuple[int, int]:
    """ModRM and REX bits of a register operand."""
    return 0xC0 | number & 7, number >> 3


def shift(width: int, kind: int, rm: int, count: int, by_cl: bool, before: int) -> Piece:
    modrm, rex = direct(rm)
    if by_cl:
        code = b"\xb1" + bytes([count]) + sized(width, 0xD2, kind, modrm, rex=rex)
    else:
        code = sized(width, 0xC0, kind, modrm, bytes([count]), rex)
    count &= 63 if width == 64 else 31
    ignored = 0
    if count > 1:
        ignored |= OF
    if count >= width and kind > 3 and kind != 7:
        ignored |= CF
    if count % width != 1 and kind < 2 and count:
        ignored |= OF
    return Piece(code, flags=before, ignored=ignored)


def double_shift(wide: bool, right: bool, reg: int, rm: int, count: int, before: int) -> Piece:
    rex = (0x48 if wide else 0x40) | (reg >> 3) << 2 | rm >> 3
    code = bytes([rex, 0x0F, 0xAC if right else 0xA4, 0xC0 | (reg & 7) << 3 | rm & 7, count])
    return Piece(code, flags=before, ignored=OF if count & (63 if wide else 31) > 1 else 0)


def bit(kind: int, offset: int, memory: bool, wide: bool, before: int) -> Piece:
    """bt, bts, btr, btc: of rbx or memory, the offset in rdx."""
    load = b"\x48\xc7\xc2" + (offset & 0xFFFFFFFF).to_bytes(4, "little")
    modrm = 0x16 if memory else 0xD3
    code = load + bytes([0x48 if wide else 0x40, 0x0F, 0xA3 | kind << 3, modrm])
    return Piece(code, 2000, 0, before, ignored=OF | SF | PF)


def scan(reverse: bool, rm: int, before: int) -> Piece:
    modrm, rex = direct(rm)
    code = bytes([0x48 | rex, 0x0F, 0xBC | reverse, modrm])
    return Piece(code, flags=before, ignored=CF | OF | SF | PF)


def multiply(width: int, kind: int, rm: int, small: bool, before: int) -> Piece:
    """mul, imul, div, idiv of a register; ``small``: with a dividend that is likely to fit."""
    modrm, rex = direct(rm)
    code = (b"\x31\xd2" if small else b"") + sized(width, 0xF6, kind, modrm, rex=rex)
    ignored = ALL & ~0x400 if kind > 5 else SF | ZF | PF
    return Piece(code, flags=before, ignored=ignored, uncertain=ALL & ~0x400)


def string(
    opcode: int, prefix: bytes, width: int, count: int, source: int, target: int, down: bool
) -> Piece:
    size = b"\x66" if width == 16 else b"\x48" if width == 64 else b""
    body = size + prefix if width == 16 else prefix + size
    code = b"\xb9" + count.to_bytes(4, "little") + body + bytes([opcode | (width != 8)])
    compares = opcode in (0xA6, 0xAE)
    return Piece(code, source, target, 0x402 if down else 2, uncertain=ALL if compares else 0)


def access(code: bytes, source: int, before: int, ignored: int = 0) -> Piece:
    return Piece(code, source, 512, before, ignored)


# On [rsi]: moves, changes, exchanges, locked and not, of every size; stacks; SSE.
ACCESSES = codes(
    """
        8a06 668b06 8b06 488b06 8806 668906 8906 488906 480306 480106 480fc106
        480fb10e 480fb11e 66f706ff00 48f716 48f71e fe06 48ff0e 0f1006
        660fd606 f30f7e06 660f6e06 660f3a160601 0fbe06 480fb706 486306 0f9206 480f4406
        c7060a000000 48c706f0ffffff f3a4 48f726 c8100000c9 d7 48ab ac
    """
)
# Locked ones only where they lie in one line: across two, some hosts stop the program for good.
LOCKED = codes("f0480106 f0480fc106 48871e f0480fb11e f00fc70e f0480fc70e f0480fbb16")

instruction = st.one_of(
    make(shift, width, st.integers(0, 7), register, byte, both, flags),
    make(double_shift, both, both, register, register, byte, flags),
    make(bit, st.integers(0, 3), st.integers(-9000, 9000), both, both, flags),
    make(scan, both, register, flags),
    make(multiply, width, st.integers(4, 7), register, both, flags),
    make(string, pick((0xA4, 0xA6, 0xAA, 0xAC, 0xAE)), pick((b"", b"\xf3", b"\xf2")), width,
         st.integers(0, 20), border, border, both),
    make(string, pick((0xA4, 0xA6, 0xAA, 0xAC, 0xAE)), pick((b"", b"\xf3", b"\xf2")), width,
         st.integers(0, 20), inside, inside, both),
    make(access, pick(ACCESSES), border, flags),
    make(access, pick(LOCKED), st.integers(-3, 3).map(lambda n: 8 * n % (PAGE + 8)), flags,
         st.just(OF | SF | PF)),
)  # fmt: skip


@cache
def program() -> Path:
    return Toolchain()("edges.c", "glibc")


def results(ran_out: bytes, pieces: list[Piece]) -> list[str]:
    lines = ran_out.decode().splitlines()
    assert len(lines) == len(pieces)
    return [_defined(line, piece) for line, piece in zip(lines, pieces, strict=True)]


def _defined(line: str, piece: Piece) -> str:
    """The line without the flags that are nobody's."""
    words = line.split(" ")
    at = 11 if words[0] == "signal" else 0
    ignored = piece.ignored | (piece.uncertain if at else 0)
    found = int.from_bytes(bytes.fromhex(words[at + 1]), "little")
    words[at + 1] = f"{found & ~ignored:x}"
    return " ".join(words)


def differing(guest: Guest, pieces: list[Piece]) -> list[str]:
    texts = [piece.text() for piece in pieces]
    native = execute([program(), *texts], env=ENVIRONMENT)
    assert native.code == 0, native
    ran = guest([program(), *texts])
    assert ran.code == 0, ran
    ours, theirs = results(ran.out, pieces), results(native.out, pieces)
    return [
        f"{piece}\n{here}\n{there}"
        for piece, here, there in zip(pieces, ours, theirs, strict=True)
        if here != there
    ]


@pytest.mark.requires("gcc")
@pytest.mark.parametrize("number", range(2))
def test_edges(guest: Guest, number: int) -> None:
    """Many pieces for each machine; those that differ are named, so nothing is made smaller."""

    @seed(number)
    @settings(max_examples=3, database=None, phases=(Phase.generate,))
    @given(st.lists(instruction, min_size=PIECES, max_size=PIECES, unique=True))
    def look(pieces: list[Piece]) -> None:
        assert differing(guest, pieces) == []

    look()


@pytest.mark.requires("gcc")
def test_vector_stores_diverge() -> None:
    """An entry of the table that is mended must leave it."""
    assert "vector stores" in {entry.topic for entry in DIVERGENCES}
    assert differing(Guest("emu"), [Piece(b"\x0f\x11\x06", PAGE - 15)])

"""Random user-mode machine code leaves the same registers, flags and memory on every processor.

The host's own processor is the third opinion. Flags are compared where the manual defines them:
each piece ends with an addition, and flags are read only right behind what defines them.
"""

from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st
from support.guest import Guest, execute
from support.host import ENVIRONMENT
from support.toolchain import Toolchain

from nanvix.emu.divergences import DIVERGENCES

GENERAL = (0, 1, 2, 3, 8, 9, 10, 11)
ARITHMETIC = (0x01, 0x09, 0x21, 0x29, 0x31, 0x39)  # add or and sub xor cmp
VECTOR_0F = (
    0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6A, 0x6B, 0x6C, 0x6D, 0x74, 0x75,
    0x76, 0xD1, 0xD2, 0xD4, 0xD5, 0xD8, 0xD9, 0xDA, 0xDB, 0xDC, 0xDD, 0xDE, 0xDF, 0xE0, 0xE3, 0xE4,
    0xE5, 0xE8, 0xE9, 0xEA, 0xEB, 0xEC, 0xED, 0xEE, 0xEF, 0xF1, 0xF2, 0xF3, 0xF4, 0xF5, 0xF6, 0xF8,
    0xF9, 0xFA, 0xFB, 0xFC, 0xFD, 0xFE,
)  # fmt: skip
# What the emulator gets wrong is left out here and tested below.
HORIZONTAL = (0x01, 0x02, 0x03, 0x05, 0x06, 0x07)
VECTOR_0F38 = (0x00, 0x04, 0x08, 0x0B, 0x1C, 0x29, 0x2B, 0x37, 0x38, 0x3B, 0x3D, 0x40, 0x41)
PIECES = 60

general = st.sampled_from(GENERAL)
vector = st.integers(0, 7)
offset = st.integers(0, 15).map(lambda n: 8 * n)
byte = st.integers(0, 255)


def pair(prefix: bytes, opcode: bytes, reg: int, rm: int) -> bytes:
    """An instruction on two 64-bit registers."""
    rex = 0x48 | (reg >> 3) << 2 | rm >> 3
    return prefix + bytes([rex]) + opcode + bytes([0xC0 | (reg & 7) << 3 | rm & 7])


def memory(opcode: int, reg: int, at: int) -> bytes:
    """An instruction on a 64-bit register and [rsi + at]."""
    return bytes([0x48 | (reg >> 3) << 2, opcode, 0x46 | (reg & 7) << 3, at])


def vectors(opcode: bytes, reg: int, rm: int, tail: bytes = b"") -> bytes:
    return b"\x66\x0f" + opcode + bytes([0xC0 | reg << 3 | rm]) + tail


def repeated(opcode: int, count: int, backwards: bool) -> bytes:
    """``rep`` with a count, from the middle of the area; pointers and direction are put back."""
    return (
        b"\x56\x57\x51\x48\x83\xc6\x40" + (b"\xfd" if backwards else b"")
        + b"\xb9" + count.to_bytes(4, "little") + bytes([0xF3, opcode]) + b"\xfc\x59\x5f\x5e"
    )  # fmt: skip


make, pick = st.builds, st.sampled_from
instruction = st.one_of(
    make(lambda op, a, b: pair(b"", bytes([op]), a, b), pick(ARITHMETIC), general, general),
    make(lambda carry, op, a, b: bytes([carry]) + pair(b"", bytes([op]), a, b),
         pick((0xF8, 0xF9)), pick((0x11, 0x19)), general, general),
    make(memory, pick((*ARITHMETIC, 0x03, 0x2B, 0x33, 0x87, 0x89, 0x8B)), general, offset),
    make(lambda a, b: pair(b"", b"\x0f\xaf", a, b), general, general),
    make(lambda a, b: pair(b"\xf3", b"\x0f\xb8", a, b), general, general),
    make(lambda a, b: pair(b"", b"\x0f\xb6", a, b), general, general),
    make(lambda a, b: pair(b"", b"\x0f\xbf", a, b), general, general),
    make(lambda kind, a, n: pair(b"", b"\xc1", kind, a) + bytes([n]),
         pick((0, 1, 4, 5, 7)), general, byte),
    make(lambda kind, a: pair(b"", b"\xf7", kind, a), pick((2, 3, 4, 5)), general),
    make(lambda a, b, c, d: pair(b"", b"\x39", a, b)
         + pair(b"", bytes([0x0F, 0x40 | c]), d, a),
         general, general, st.integers(0, 15), general),
    make(lambda a, b, c: pair(b"", b"\x39", a, b) + bytes([0x0F, 0x90 | c, 0xC0]),
         general, general, st.integers(0, 15)),
    make(repeated, pick((0xA4, 0xA5, 0xAA, 0xAB)), st.integers(0, 12), st.booleans()),
    make(lambda op, a, b: vectors(bytes([op]), a, b), pick(VECTOR_0F), vector, vector),
    make(lambda a, b, n: vectors(b"\x70", a, b, bytes([n])), vector, vector, byte),
    make(lambda op, a, b: vectors(bytes([0x38, op]), a, b),
         pick(VECTOR_0F38), vector, vector),
    make(lambda op, a, step: vectors(bytes([0x38, op]), a, (a + step) % 8),
         pick(HORIZONTAL), vector, st.integers(1, 7)),
    make(lambda a, b, n: vectors(b"\x3a\x0f", a, b, bytes([n])), vector, vector, byte),
    make(lambda op, a, b, n: vectors(bytes([0x3A, op]), a, b, bytes([n])),
         pick((0x62, 0x63)), vector, vector, st.integers(0, 63).filter(lambda n: n & 12 != 12)),
    make(lambda a, b: pair(b"\xf2", b"\x0f\x38\xf1", a, b), general, general),
)  # fmt: skip
piece = st.lists(instruction, min_size=1, max_size=12).map(
    lambda parts: b"".join(parts) + b"\x48\x01\xd8"
)


@cache
def program() -> Path:
    return Toolchain()("instructions.c")


def left_by(ran_out: bytes, pieces: list[bytes]) -> dict[str, str]:
    lines = ran_out.decode().splitlines()
    assert len(lines) == len(pieces)
    return {code.hex(): line for code, line in zip(pieces, lines, strict=True)}


@pytest.mark.parametrize("number", range(4))
def test_pieces(guest: Guest, number: int) -> None:
    """Many pieces for each machine; a failure is then tried alone, and made smaller."""

    def differs(pieces: list[bytes]) -> list[str]:
        texts = [code.hex() for code in pieces]
        native = execute([program(), *texts], env=ENVIRONMENT)
        assert native.code == 0, native
        ran = guest([program(), *texts])
        assert ran.code == 0, ran
        ours, theirs = left_by(ran.out, pieces), left_by(native.out, pieces)
        return [code for code in theirs if ours[code] != theirs[code]]

    @seed(number)
    @settings(max_examples=3, database=None, report_multiple_bugs=False)
    @given(st.lists(piece, min_size=PIECES, max_size=PIECES, unique=True))
    def look(pieces: list[bytes]) -> None:
        assert differs(pieces) == []

    look()


@pytest.mark.parametrize(
    ("topic", "code"),
    [
        ("horizontal sums", "660f3801c9"),  # phaddw %xmm1, %xmm1
        ("ordered strings", "660f74c9 660f74d2 660f3a62ca0c"),  # all ones in all ones
    ],
)
def test_known_divergences(topic: str, code: str) -> None:
    """An entry of the table that is mended must leave it."""
    assert topic in {entry.topic for entry in DIVERGENCES}
    command = [program(), code.replace(" ", "")]
    assert Guest("emu")(command).out != execute(command, env=ENVIRONMENT).out

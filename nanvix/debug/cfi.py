"""Call frame information: how to get from a function's registers to its caller's.

The format is DWARF's (DWARF 5, 6.4) with the differences of .eh_frame (Linux Standard Base, 10.6).
Functions are found by the sorted table of .eh_frame_hdr where there is one.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import Any

from nanvix.debug.errors import DebugError
from nanvix.debug.location import Reader
from nanvix.named import NamedTuple

RETURN = 16
_MAX_ENTRIES = 1_000_000
_DATAREL_SDATA4 = 0x3B


class Rules(NamedTuple):
    """``cfa``: (register, offset) or an expression. ``saved``: per register (kind, operand):
    offset, value offset, register, expression, value expression, undefined."""

    cfa: tuple[int, int] | bytes
    saved: dict[int, tuple[str, Any]]
    signal: bool
    """The frame was made by a signal: its pc is an instruction, not behind a call."""


class _Common(NamedTuple):
    code: int
    data: int
    encoding: int
    augmented: bool
    signal: bool
    program: bytes


class CallFrames:
    """The frames of one file. ``sections``: name to (address, content)."""

    def __init__(self, sections: dict[str, tuple[int, bytes]]) -> None:
        self._eh = sections.get(".eh_frame")
        self._debug = sections.get(".debug_frame")
        self._header = sections.get(".eh_frame_hdr")
        self._tables: dict[bool, tuple[list[int], list[int]]] = {}

    def rules(self, address: int) -> Rules | None:
        """The rules at an instruction (as linked), or None where there are none."""
        for eh in (True, False):
            section = self._eh if eh else self._debug
            if section is None:
                continue
            try:
                found = self._lookup(address, eh, section)
            except DebugError:
                found = None
            if found is not None:
                return found
        return None

    def _lookup(self, address: int, eh: bool, section: tuple[int, bytes]) -> Rules | None:
        if eh not in self._tables:
            table = self._sorted_table(section[0]) if eh else None
            self._tables[eh] = table or self._scan(eh, section)
        starts, offsets = self._tables[eh]
        index = bisect_right(starts, address) - 1
        if index < 0:
            return None
        return self._decode(offsets[index], address, eh, section)

    def _sorted_table(self, eh_address: int) -> tuple[list[int], list[int]] | None:
        """Start addresses and offsets in .eh_frame from .eh_frame_hdr."""
        if self._header is None:
            return None
        base, data = self._header
        reader = Reader(data)
        version, pointer, count, table = (reader.unsigned(1) for _ in range(4))
        if version != 1 or table != _DATAREL_SDATA4 or count == 0xFF:
            return None
        _pointer(reader, pointer, base)
        total = min(_pointer(reader, count, base) or 0, _MAX_ENTRIES)
        starts, offsets = [], []
        for _ in range(total):
            starts.append(base + reader.signed(4))
            offsets.append(base + reader.signed(4) - eh_address)
        return starts, offsets

    def _scan(self, eh: bool, section: tuple[int, bytes]) -> tuple[list[int], list[int]]:
        """The same by reading every entry."""
        found: list[tuple[int, int]] = []
        base, data = section
        reader = Reader(data)
        while reader.at + 4 <= len(data) and len(found) < _MAX_ENTRIES:
            offset = reader.at
            size, wide = _length(reader)
            if size == 0:
                if eh:
                    break
                continue
            body = reader.at
            pointer = reader.unsigned(8 if wide and not eh else 4)
            if pointer != (0 if eh else (1 << (64 if wide else 32)) - 1):
                place = body - pointer if eh else pointer
                common = self._common(place, eh, section)
                start = _pointer(reader, common.encoding, base)
                if start is not None:
                    found.append((start, offset))
            reader.at = body + size
        found.sort()
        return [start for start, _ in found], [offset for _, offset in found]

    def _decode(
        self, offset: int, address: int, eh: bool, section: tuple[int, bytes]
    ) -> Rules | None:
        base, data = section
        reader = Reader(data, offset)
        size, wide = _length(reader)
        body = reader.at
        pointer = reader.unsigned(8 if wide and not eh else 4)
        common = self._common(body - pointer if eh else pointer, eh, section)
        start = _pointer(reader, common.encoding, base)
        length = _pointer(reader, common.encoding & 0x0F, base)
        if start is None or length is None or not start <= address < start + length:
            return None
        if common.augmented:
            reader.bytes(reader.uleb())
        program = bytes(data[reader.at : body + size])
        return _Machine(common, base).run(program, start, address)

    def _common(self, offset: int, eh: bool, section: tuple[int, bytes]) -> _Common:
        base, data = section
        reader = Reader(data, offset)
        size, wide = _length(reader)
        body = reader.at
        reader.bytes(8 if wide and not eh else 4)
        version = reader.unsigned(1)
        end = data.index(b"\0", reader.at) if b"\0" in data[reader.at : reader.at + 16] else 0
        if not end:
            raise DebugError("debug information is damaged")
        letters = reader.bytes(end - reader.at).decode("ascii", "replace")
        reader.bytes(1)
        if version >= 4:
            reader.bytes(2)
        code, factor = reader.uleb(), reader.sleb()
        if version == 1:
            reader.bytes(1)
        else:
            reader.uleb()
        encoding, signal = 0, False
        if letters.startswith("z"):
            reader.uleb()
            for letter in letters[1:]:
                if letter == "R":
                    encoding = reader.unsigned(1)
                elif letter == "P":
                    _pointer(reader, reader.unsigned(1), base)
                elif letter == "L":
                    reader.bytes(1)
                elif letter == "S":
                    signal = True
        program = bytes(data[reader.at : body + size]) if not letters else b""
        if letters:
            program = self._program_behind(data, offset, eh)
        return _Common(code, factor, encoding, letters.startswith("z"), signal, program)

    @staticmethod
    def _program_behind(data: bytes, offset: int, eh: bool) -> bytes:
        """The initial instructions, which follow the augmentation data whatever it holds."""
        reader = Reader(data, offset)
        size, wide = _length(reader)
        body = reader.at
        reader.bytes(8 if wide and not eh else 4)
        version = reader.unsigned(1)
        reader.at = data.index(b"\0", reader.at) + 1
        if version >= 4:
            reader.bytes(2)
        reader.uleb()
        reader.sleb()
        if version == 1:
            reader.bytes(1)
        else:
            reader.uleb()
        reader.bytes(reader.uleb())
        return bytes(data[reader.at : body + size])


class _Machine:
    """Runs call frame instructions up to one address."""

    def __init__(self, common: _Common, base: int) -> None:
        self._common = common
        self._base = base
        self._cfa: tuple[int, int] | bytes = (7, 8)
        self._saved: dict[int, tuple[str, Any]] = {}

    def run(self, program: bytes, start: int, address: int) -> Rules:
        self._execute(Reader(self._common.program), 0, 0, {})
        self._execute(Reader(program), start, address, dict(self._saved))
        return Rules(self._cfa, self._saved, self._common.signal)

    def _execute(
        self, reader: Reader, at: int, address: int, initial: dict[int, tuple[str, Any]]
    ) -> None:
        common, saved = self._common, self._saved
        kept: list[tuple[tuple[int, int] | bytes, dict[int, tuple[str, Any]]]] = []
        while reader.at < len(reader.data):
            op = reader.unsigned(1)
            high, low = op & 0xC0, op & 0x3F
            step = 0
            if high == 0x40:
                step = low
            elif high == 0x80:
                saved[low] = ("offset", reader.uleb() * common.data)
            elif high == 0xC0:
                _restore(saved, low, initial)
            elif op in (0x02, 0x03, 0x04):
                step = reader.unsigned(1 << op - 2)
            elif op == 0x01:
                at = _pointer(reader, common.encoding, self._base) or at
            elif op == 0x0C:
                self._cfa = (reader.uleb(), reader.uleb())
            elif op == 0x12:
                self._cfa = (reader.uleb(), reader.sleb() * common.data)
            elif op == 0x0D:
                self._cfa = (reader.uleb(), self._cfa[1] if isinstance(self._cfa, tuple) else 0)
            elif op in (0x0E, 0x13):
                offset = reader.uleb() if op == 0x0E else reader.sleb() * common.data
                self._cfa = (self._cfa[0] if isinstance(self._cfa, tuple) else 7, offset)
            elif op == 0x0F:
                self._cfa = reader.bytes(reader.uleb())
            elif op == 0x0A:
                kept.append((self._cfa, dict(saved)))
            elif op == 0x0B and kept:
                self._cfa, before = kept.pop()
                saved.clear()
                saved.update(before)
            elif op == 0x06:
                _restore(saved, reader.uleb(), initial)
            elif op in _SAVING:
                register = reader.uleb()
                kind, read = _SAVING[op]
                saved[register] = (kind, read(reader, common.data))
            elif op == 0x2E:
                reader.uleb()
            elif op not in (0x00, 0x2D):
                raise DebugError(f"call frame instruction {op:#x}")
            if step:
                at += step * common.code
            if address and at > address:
                return


def _nothing(reader: Reader, factor: int) -> int:
    return 0


def _scaled(reader: Reader, factor: int) -> int:
    return reader.uleb() * factor


def _scaled_signed(reader: Reader, factor: int) -> int:
    return reader.sleb() * factor


def _plain(reader: Reader, factor: int) -> int:
    return reader.uleb()


def _block(reader: Reader, factor: int) -> bytes:
    return reader.bytes(reader.uleb())


_SAVING: dict[int, tuple[str, Any]] = {
    0x05: ("offset", _scaled),
    0x07: ("undefined", _nothing),
    0x08: ("same", _nothing),
    0x09: ("register", _plain),
    0x10: ("expression", _block),
    0x11: ("offset", _scaled_signed),
    0x14: ("value offset", _scaled),
    0x15: ("value offset", _scaled_signed),
    0x16: ("value expression", _block),
}


def _restore(
    saved: dict[int, tuple[str, Any]], register: int, initial: dict[int, tuple[str, Any]]
) -> None:
    if register in initial:
        saved[register] = initial[register]
    else:
        saved.pop(register, None)


def _length(reader: Reader) -> tuple[int, bool]:
    size = reader.unsigned(4)
    if size == 0xFFFF_FFFF:
        return reader.unsigned(8), True
    return size, False


def _pointer(reader: Reader, encoding: int, base: int) -> int | None:
    """An encoded pointer (LSB 10.5.1); ``base``: the section's address."""
    if encoding == 0xFF:
        return None
    place = base + reader.at
    kind = encoding & 0x0F
    if kind == 0x01:
        value = reader.uleb()
    elif kind == 0x09:
        value = reader.sleb()
    else:
        size = {0x00: 8, 0x02: 2, 0x03: 4, 0x04: 8}.get(kind & 7, 8)
        value = reader.signed(size) if kind & 8 else reader.unsigned(size)
    how = encoding & 0x70
    if how == 0x10:
        value += place
    elif how == 0x30:
        value += base
    return value & (1 << 64) - 1

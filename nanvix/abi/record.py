"""Fixed-layout records: one definition gives a Python codec and a C struct.

A record is a flat, naturally aligned, little-endian struct; the same field list is
rendered into the kernel's header by :mod:`nanvix.abi.header`, so the two sides of the
VM boundary cannot disagree about an offset.
"""

from __future__ import annotations

import struct

_CODES = {"u8": "B", "u16": "H", "u32": "I", "u64": "Q", "i32": "i", "i64": "q"}


class Record:
    """A named struct layout.

    ``fields`` are ``(name, type)`` pairs; a type is ``u8 u16 u32 u64 i32 i64`` or an
    array such as ``"u64[6]"``. Every field must fall on its natural alignment: padding
    is written down by the author, never inserted.
    """

    __slots__ = ("codec", "doc", "fields", "name", "offsets", "size")

    def __init__(self, name: str, doc: str, *fields: tuple[str, str]) -> None:
        self.name = name
        self.doc = doc
        self.fields = fields
        self.offsets: dict[str, int] = {}
        code, offset = "<", 0
        for field, ctype in fields:
            base, count = split_type(ctype)
            width = struct.calcsize(_CODES[base])
            if offset % width:
                raise ValueError(f"{name}.{field} is not aligned to {width} bytes")
            self.offsets[field] = offset
            offset += width * count
            code += f"{count}{_CODES[base]}"
        self.codec = struct.Struct(code)
        self.size = self.codec.size

    def pack(self, *values: int) -> bytes:
        """The record's bytes from one value per scalar (arrays are spread out)."""
        return self.codec.pack(*values)

    def pack_fields(self, **values: int | list[int]) -> bytes:
        """The record's bytes from named fields; what is not named is zero."""
        flat: list[int] = []
        for field, ctype in self.fields:
            count = split_type(ctype)[1]
            value = values.pop(field, 0)
            items = [value] if isinstance(value, int) else list(value)
            flat += items + [0] * (count - len(items))
        if values:
            raise TypeError(f"{self.name} has no field {sorted(values)}")
        return self.codec.pack(*flat)

    def unpack_fields(self, data: bytes | memoryview) -> dict[str, int | tuple[int, ...]]:
        """All fields by name; arrays as tuples. ``data`` is exactly ``size`` bytes."""
        flat = self.codec.unpack(data)
        out: dict[str, int | tuple[int, ...]] = {}
        index = 0
        for field, ctype in self.fields:
            count = split_type(ctype)[1]
            out[field] = flat[index] if "[" not in ctype else flat[index : index + count]
            index += count
        return out


def split_type(ctype: str) -> tuple[str, int]:
    """``"u64[6]"`` → ``("u64", 6)``; a scalar has count 1."""
    base, _, rest = ctype.partition("[")
    return base, int(rest[:-1]) if rest else 1

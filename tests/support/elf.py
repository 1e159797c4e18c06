"""Makes ELF files, good and hostile, from their headers."""

import struct

PT_LOAD, PT_DYNAMIC, PT_INTERP = 1, 2, 3
BASE = 0x400000
HEADER, ENTRY = 64, 56

EXIT_42 = bytes.fromhex("b83c000000 bf2a000000 0f05")
"""mov eax, SYS_exit; mov edi, 42; syscall"""


def segment(
    type: int = PT_LOAD,
    flags: int = 5,
    offset: int = 0,
    address: int = BASE,
    file_size: int = 0x1000,
    memory_size: int = 0x1000,
    alignment: int = 0x1000,
) -> bytes:
    """A program header."""
    return struct.pack(
        "<IIQQQQQQ", type, flags, offset, address, address, file_size, memory_size, alignment
    )


def elf(
    *segments: bytes,
    entry: int = BASE + 0x200,
    machine: int = 62,
    kind: int = 2,
    ident: bytes = b"\x7fELF\x02\x01\x01",
    phoff: int = HEADER,
    phentsize: int = ENTRY,
    phnum: int | None = None,
    size: int = 0x1000,
    code: bytes = EXIT_42,
) -> bytes:
    """A program of ``size`` bytes whose ``code`` is at offset 0x200; it exits with 42."""
    headers = segments or (segment(),)
    count = len(headers) if phnum is None else phnum
    header = struct.pack(
        "<16sHHIQQQIHHHHHH", ident.ljust(16, b"\0"), kind, machine, 1, entry, phoff, 0, 0,
        HEADER, phentsize, count, 0, 0, 0,
    )  # fmt: skip
    image = (header + b"".join(headers)).ljust(0x200, b"\0") + code
    return image.ljust(size, b"\0")[:size]


def with_interpreter(path: bytes, **options: int) -> bytes:
    """A program that asks for the interpreter ``path``."""
    name = segment(PT_INTERP, 4, 0x400, BASE + 0x400, len(path) + 1, len(path) + 1, 1)
    image = bytearray(elf(segment(), name, **options))
    image[0x400 : 0x400 + len(path) + 1] = path + b"\0"
    return bytes(image)

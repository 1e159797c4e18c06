"""The host's reader of program headers, on good programs and on hostile ones."""

import os
import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nanvix.guest.elf import BadElf, Elf, read_elf

HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
SEGMENT = struct.Struct("<IIQQQQQQ")
IDENT = b"\x7fELF\x02\x01\x01" + bytes(9)
PAGE = 4096
LOAD, DYNAMIC, INTERP = 1, 2, 3


@contextmanager
def file_with(data: bytes) -> Iterator[int]:
    fd = os.memfd_create("program")
    try:
        os.write(fd, data)
        yield fd
    finally:
        os.close(fd)


def check(data: bytes) -> Elf:
    with file_with(data) as fd:
        return read_elf(fd)


def program(
    *segments: tuple[int, ...],
    ident: bytes = IDENT,
    kind: int = 2,
    machine: int = 62,
    entry: int = 0x400100,
    phoff: int = 64,
    phentsize: int = 56,
    phnum: int | None = None,
    body: bytes = bytes(2 * PAGE),
) -> bytes:
    count = len(segments) if phnum is None else phnum
    header = HEADER.pack(
        ident, kind, machine, 1, entry, phoff, 0, 0, 64, phentsize, count, 64, 0, 0
    )
    return (header + b"".join(SEGMENT.pack(*s) for s in segments)).ljust(PAGE, b"\0") + body


def load(address: int = 0x400000, size: int = PAGE, **changes: int) -> tuple[int, ...]:
    fields = {
        "type": LOAD, "flags": 5, "offset": 0, "address": address, "physical": 0,
        "file_size": size, "memory_size": size, "alignment": PAGE,
    }  # fmt: skip
    return tuple((fields | changes).values())


def test_accepts_a_minimal_static_program() -> None:
    assert check(program(load())) == Elf(None, ())


@pytest.mark.parametrize("path", [sys.executable, "/bin/ls", "/bin/sh"])
def test_accepts_real_programs(path: str) -> None:
    fd = os.open(path, os.O_RDONLY)
    try:
        assert read_elf(fd).interpreter == "/lib64/ld-linux-x86-64.so.2"
    finally:
        os.close(fd)


def test_reads_interpreter_and_library_path() -> None:
    strings = b"\0$ORIGIN/../lib:/opt/lib\0/other\0"
    dynamic = struct.pack("<8Q", 5, 0x400000 + PAGE, 10, len(strings), 15, 1, 29, 25)
    body = (strings.ljust(256, b"\0") + dynamic).ljust(512, b"\0") + b"/lib/ld.so\0"
    data = program(
        load(size=2 * PAGE),
        (DYNAMIC, 6, PAGE + 256, 0, 0, len(dynamic), 0, 8),
        (INTERP, 4, PAGE + 512, 0, 0, 11, 11, 1),
        body=body.ljust(PAGE, b"\0"),
    )
    assert check(data) == Elf("/lib/ld.so", ("$ORIGIN/../lib", "/opt/lib", "/other"))


REFUSED = {
    "not an ELF": b"hello, world\n" * 100,
    "empty": b"",
    "another processor": program(load(), machine=183),
    "another processor (32-bit ARM)": program(load(), machine=40),
    "32-bit": program(load(), ident=b"\x7fELF\x01\x01\x01" + bytes(9)),
    "for FreeBSD": program(load(), ident=b"\x7fELF\x02\x01\x01\x09" + bytes(8)),
    "an object file": program(load(), kind=1),
    "a core dump": program(load(), kind=4),
    "ELF header is cut off": program(load())[:40],
    "no usable program headers": program(load(), phnum=0),
    "no usable": program(load(), phentsize=32),
    "65535 program headers": program(load(), phnum=65535),
    "program headers lie behind": program(load(), phoff=1 << 62),
    "nothing to load": program((INTERP, 4, 0, 0, 0, 0, 0, 1)),
    "larger in the file than": program(load(memory_size=16)),
    "segment lies behind": program(load(size=1 << 40)),
    "segment lies": program(load(offset=(1 << 64) - PAGE)),
    "overflows the address space": program(load(address=(1 << 64) - PAGE)),
    "overflows": program(load(memory_size=1 << 63)),
    "not aligned": program(load(address=0x400010)),
    "segments overlap": program(load(), load(address=0x400000, memory_size=2 * PAGE)),
    "entry point": program(load(), entry=0x500000),
    "entry": program(load(flags=4)),
    "interpreter's name": program(load(), (INTERP, 4, 0, 0, 0, 1, 1, 1)),
    "interpreter's name makes": program(load(), (INTERP, 4, PAGE, 0, 0, 8, 8, 1)),
    "name lies behind": program(load(), (INTERP, 4, 1 << 40, 0, 0, 8, 8, 1)),
}


@pytest.mark.parametrize("reason", REFUSED)
def test_refuses(reason: str) -> None:
    fragment = {"empty": "not an ELF"}.get(reason, reason)
    with pytest.raises(BadElf, match=fragment.replace("(", r"\(").replace(")", r"\)")) as caught:
        check(REFUSED[reason])
    assert "\n" not in str(caught.value)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=4096))
def test_random_bytes_never_escape(data: bytes) -> None:
    for candidate in (data, IDENT + data):
        try:
            check(candidate)
        except BadElf:
            pass


@settings(max_examples=500, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 300), st.integers(0, 255)), min_size=1, max_size=12),
    st.integers(0, 3 * PAGE),
)
def test_damaged_programs_never_escape(changes: list[tuple[int, int]], length: int) -> None:
    data = bytearray(
        program(
            load(size=2 * PAGE),
            (DYNAMIC, 6, PAGE, 0x400000 + PAGE, 0, 64, 64, 8),
            (INTERP, 4, PAGE + 512, 0, 0, 11, 11, 1),
            body=(
                struct.pack("<8Q", 5, 0x400000, 10, 99, 15, 1, 29, 2).ljust(512, b"\0")
                + b"/lib/ld.so\0"
            ).ljust(2 * PAGE, b"\0"),
        )
    )
    for offset, value in changes:
        data[offset] = value
    try:
        check(bytes(data[:length]))
    except BadElf as error:
        assert "\n" not in str(error)

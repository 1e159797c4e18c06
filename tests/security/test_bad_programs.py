"""What cannot be run is refused in one clear line: 126 for what is there, 127 for what is not."""

import os
import random
from pathlib import Path

import pytest
from support.elf import BASE, PT_INTERP, elf, segment, with_interpreter
from support.guest import Guest, Ran
from support.toolchain import Toolchain

TOP = 0x7FFF_FFFF_F000
CUT = elf()[:40]

BAD = {
    "empty": (b"", "empty"),
    "text": (b"just some text\n", "not an ELF"),
    "zeros": (bytes(4096), "not an ELF"),
    "32-bit": (elf(ident=b"\x7fELF\x01\x01\x01", machine=3), "32-bit"),
    "AArch64": (elf(machine=183), "AArch64"),
    "RISC-V": (elf(machine=243), "RISC-V"),
    "big-endian": (elf(ident=b"\x7fELF\x02\x02\x01"), "another processor"),
    "FreeBSD": (elf(ident=b"\x7fELF\x02\x01\x01\x09"), "FreeBSD"),
    "object file": (elf(kind=1), "object file"),
    "core dump": (elf(kind=4), "core dump"),
    "cut in the header": (CUT, "truncated"),
    "cut in the program headers": (elf()[:80], "truncated"),
    "cut in a segment": (elf()[:0x800], "truncated"),
    "no program headers": (elf(phnum=0), "no usable program headers"),
    "huge phnum": (elf(phnum=0xFFFF), "program headers"),
    "odd phentsize": (elf(phentsize=8), "no usable program headers"),
    "program headers far away": (elf(phoff=1 << 60), "truncated"),
    "program headers wrap around": (elf(phoff=(1 << 64) - 8), "truncated"),
    "nothing to load": (elf(segment(type=6)), "nothing to load"),
    "overlapping segments": (elf(segment(), segment(address=BASE + 0x800)), ""),
    "same segment twice": (elf(segment(), segment()), "overlap"),
    "segment overflows": (
        elf(segment(), segment(address=TOP - 0x1000, memory_size=1 << 40)), "overflows",
    ),
    "segment wraps around": (
        elf(segment(), segment(address=(1 << 64) - 0x1000, memory_size=0x2000)), "overflows",
    ),
    "kernel address": (
        elf(segment(address=0xFFFF_FFFF_8010_0000), entry=0xFFFF_FFFF_8010_0200), "overflows",
    ),
    "file size above memory size": (elf(segment(memory_size=0x10)), "larger in the file"),
    "file offset wraps around": (elf(segment(offset=(1 << 64) - 0x1000)), ""),
    "not aligned": (elf(segment(address=BASE + 1)), "not aligned"),
    "entry outside": (elf(entry=0x1234), "entry point"),
    "entry in data": (elf(segment(flags=6)), "entry point"),
    "entry in the kernel": (elf(entry=0xFFFF_FFFF_8010_0000), "entry point"),
    "interpreter without an end": (
        elf(segment(), segment(PT_INTERP, 4, 0x200, 0, 16, 16, 1)), "interpreter",
    ),
    "interpreter's name too long": (
        elf(segment(), segment(PT_INTERP, 4, 0, 0, 0x1000000, 0x1000000, 1)), "interpreter",
    ),
    "interpreter is no program": (with_interpreter(b"/etc/hostname"), "/etc/hostname"),
    "interpreter is a directory": (with_interpreter(b"/usr"), "directory"),
    "loops of scripts": (b"#!./program\n", ""),
    "script without interpreter": (b"#!\n", "names no interpreter"),
    "script of a directory": (b"#!/usr\n", "directory"),
}  # fmt: skip
MISSING = {
    "interpreter missing": with_interpreter(b"/no/such/ld.so"),
    "script's interpreter missing": b"#!/no/such/shell\n",
}


def refused(ran: Ran, code: int, text: str) -> None:
    """One line on stderr, nothing on stdout, and the shell's code."""
    assert ran.code == code, ran
    assert ran.out == b""
    assert ran.err.startswith(b"nanvix: ")
    assert ran.err.count(b"\n") == 1
    assert text in ran.err.decode()


def install(folder: Path, content: bytes) -> Path:
    path = folder / "program"
    path.write_bytes(content)
    path.chmod(0o755)
    return path


def test_the_good_one(guest: Guest, tmp_path: Path) -> None:
    """What the bad ones are made from runs."""
    assert guest([install(tmp_path, elf())]) == (42, b"", b"")


@pytest.mark.parametrize("name", BAD)
def test_refused(tmp_path: Path, name: str) -> None:
    content, text = BAD[name]
    refused(Guest("auto")([install(tmp_path, content)], cwd=tmp_path), 126, text)


@pytest.mark.parametrize("name", MISSING)
def test_missing_interpreter(tmp_path: Path, name: str) -> None:
    refused(Guest("auto")([install(tmp_path, MISSING[name])]), 127, "/no/such")


def test_interpreters_in_a_circle(tmp_path: Path) -> None:
    """A program that is its own interpreter, and two scripts that start each other."""
    path = tmp_path / "program"
    install(tmp_path, with_interpreter(os.fsencode(path)))
    refused(Guest("auto")([path]), 126, "interpreter")
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_text(f"#!{two}\n")
    two.write_text(f"#!{one}\n")
    one.chmod(0o755)
    two.chmod(0o755)
    refused(Guest("auto")([one]), 126, "interpreters")


@pytest.mark.parametrize(
    "name", ["/no/such/program", "no-such-command", "./missing", "gone.py", ""]
)
def test_not_found(tmp_path: Path, name: str) -> None:
    refused(Guest("auto")([name], cwd=tmp_path), 127, name.removeprefix("./"))


def test_not_executable(tmp_path: Path) -> None:
    path = install(tmp_path, elf())
    path.chmod(0o644)
    refused(Guest("auto")([path]), 126, "not executable")


def test_special_files(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo", 0o755)
    (tmp_path / "loop").symlink_to("loop")
    refused(Guest("auto")([tmp_path / "fifo"]), 126, "regular file")
    refused(Guest("auto")([tmp_path]), 126, "directory")
    refused(Guest("auto")(["/dev/null"]), 126, "")
    refused(Guest("auto")([tmp_path / "loop"]), 126, "symbolic links")


@pytest.mark.requires("setpriv")
def test_unreadable(tmp_path: Path, no_rights: Guest) -> None:
    path = install(tmp_path, elf())
    path.chmod(0o111)
    refused(no_rights([path]), 126, "permission denied")


def mutations(seed: int) -> bytes:
    """A good program with a few bytes of its headers changed."""
    dice = random.Random(seed)
    image = bytearray(elf(segment(), segment(offset=0x200, address=0x600200, file_size=0x100)))
    for _ in range(dice.randint(1, 6)):
        image[dice.randrange(64 + 2 * 56)] = dice.choice(
            (0, 1, 0x7F, 0x80, 0xFF, dice.randrange(256))
        )
    return bytes(image)


def test_random_damage(guest: Guest, tmp_path: Path) -> None:
    """Whatever the header says, nanvix refuses or the guest ends in order; never a panic."""
    for seed in range(12):
        path = install(tmp_path, mutations(seed))
        ran = guest([path], options=["--timeout", "5", "--memory", "32M"])
        assert ran.code in (42, 124, 126, 127) or 128 < ran.code < 160, (seed, ran)
        assert b"internal error" not in ran.err, (seed, ran)
        assert b"panic" not in ran.err, (seed, ran)


def test_hostile_programs_inside_the_guest(
    guest: Guest, compiled: Toolchain, tmp_path: Path
) -> None:
    """The kernel meets the same files: execve fails or kills the new process, nothing else."""
    count = 0
    for name, (content, _) in BAD.items():
        (tmp_path / f"{count:02} {name}").write_bytes(content)
        count += 1
    for seed in range(60):
        (tmp_path / f"mutation {seed:03}").write_bytes(mutations(seed))
        count += 1
    for path in tmp_path.iterdir():
        path.chmod(0o755)
    options = ["-v", f"{tmp_path}:/bad:ro", "-w", "/bad"]
    ran = guest([compiled("execall.c"), "/bad"], options=options, limit=100)
    assert ran.code == 0, ran
    assert ran.out.count(b"\n") == count + 1
    assert ran.out.endswith(b"all tried\n")

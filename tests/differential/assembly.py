"""Machine code of many small pieces of assembly, by the pinned compiler, in one go."""

import hashlib
import io
import os
import subprocess
import sys
from collections.abc import Mapping

from backends import guests
from elftools.elf.elffile import ELFFile
from support.host import cache_directory, zig_cache

from nanvix.abi import layout
from nanvix.abi.channel import PORT

_COMMAND = (
    sys.executable, "-m", "ziglang", "cc", "-target", "x86_64-freestanding-none",
    "-mcpu=x86_64_v2", "-c",
)  # fmt: skip
_NAMES = {"BELL": PORT} | {
    name: value
    for module in (guests, layout)
    for name, value in vars(module).items()
    if name.isupper() and type(value) is int and not name.startswith("_")
}
"""What the pieces may call by name: places in the guest, selectors, vectors."""


def assemble(pieces: Mapping[str, str]) -> dict[str, bytes]:
    """The code of each piece (GNU syntax, AT&T order; statements are separated by ``;``)."""
    lines = [f".set {name}, {value}" for name, value in _NAMES.items()]
    for number, text in enumerate(pieces.values()):
        lines += [f'.section .piece.{number}, "ax"', ".code64", *text.split(";")]
    data = _object("\n".join(lines) + "\n")
    elf = ELFFile(io.BytesIO(data))
    code = {}
    for number, name in enumerate(pieces):
        section = elf.get_section_by_name(f".piece.{number}")
        assert elf.get_section_by_name(f".rela.piece.{number}") is None, f"{name} is not closed"
        code[name] = bytes(section.data()) if section is not None else b""
    return code


def _object(text: str) -> bytes:
    folder = cache_directory() / hashlib.sha256(text.encode()).hexdigest()[:24]
    target = folder / "pieces.o"
    if not target.exists():
        folder.mkdir(exist_ok=True)
        # Of this process alone: others may be at the same, and read what is half written.
        source, fresh = (folder / f"pieces.{os.getpid()}.{end}" for end in ("S", "o"))
        source.write_text(text)
        zig = zig_cache()
        environment = os.environ | {"ZIG_GLOBAL_CACHE_DIR": zig, "ZIG_LOCAL_CACHE_DIR": zig}
        done = subprocess.run(
            [*_COMMAND, "-o", str(fresh), str(source)],
            env=environment, capture_output=True, text=True, check=False, timeout=100,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        source.unlink()
        fresh.replace(target)
    return target.read_bytes()

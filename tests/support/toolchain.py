"""Compiles guest programs, once: the result is kept under a key of everything it depends on."""

import fcntl
import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from support.host import cache_directory, tool_path, zig_cache

PROGRAMS = Path(__file__).resolve().parents[1] / "programs"

_MUSL = ("-target", "x86_64-linux-musl", "-static", "-O2")
_RECIPES: dict[str, tuple[str, ...]] = {
    "musl": (sys.executable, "-m", "ziglang", "cc", *_MUSL, "-fno-sanitize=undefined"),
    "musl++": (sys.executable, "-m", "ziglang", "c++", *_MUSL),
    "glibc": ("gcc", "-static", "-O2"),
    "dynamic": ("gcc", "-O2", "-pie", "-fPIE"),
    "glibc++": ("g++", "-static", "-O2"),
    "rust": ("rustc", "-O", "-C", "target-feature=+crt-static"),
    "go": ("go", "build", "-trimpath", "-ldflags=-buildid="),
}
"""What comes before ``-o OUTPUT SOURCE``, by the kind of program."""
_INCLUDE = re.compile(rb'^#include "([^"]+)"', re.MULTILINE)
_TIME_LIMIT_S = 600
"""The first program for musl builds musl itself."""


def _with_headers(source: Path) -> set[Path]:
    """A source and the headers of ours that it includes, directly or not."""
    found: set[Path] = set()
    fresh = {source.resolve()}
    while fresh:
        found |= fresh
        fresh = {
            (file.parent / os.fsdecode(name)).resolve()
            for file in fresh
            for name in _INCLUDE.findall(file.read_bytes())
        } - found
    return found


class Toolchain:
    """``toolchain("hello.c")`` is the path of the program, built if it was not yet."""

    def __init__(self) -> None:
        self._cache = cache_directory()

    def __call__(self, source: str | Path, kind: str = "musl", flags: Sequence[str] = ()) -> Path:
        """Build ``tests/programs/SOURCE`` as ``kind``; fails the test when it does not compile.

        An absolute path leads elsewhere. The headers of ours that a source includes are part of
        its key.
        """
        path = PROGRAMS / source
        recipe = [*_RECIPES[kind], *flags]
        recipe[0] = tool_path(recipe[0]) or recipe[0]
        digest = hashlib.sha256(repr([kind, str(source), *_RECIPES[kind][1:], *flags]).encode())
        for file in sorted(_with_headers(path)):
            digest.update(file.read_bytes())
        folder = self._cache / digest.hexdigest()[:24]
        target = folder / path.stem
        folder.mkdir(exist_ok=True)
        with open(folder / "lock", "w") as lock:
            # Parallel test processes build each program once.
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not target.exists():
                self._build(recipe, path, target)
        return target

    def _build(self, recipe: list[str], source: Path, target: Path) -> None:
        fresh = target.with_suffix(".new")
        zig = zig_cache()
        done = subprocess.run(
            [*recipe, "-o", str(fresh), str(source)],
            env=os.environ
            | {"ZIG_GLOBAL_CACHE_DIR": zig, "ZIG_LOCAL_CACHE_DIR": zig, "CGO_ENABLED": "0"},
            capture_output=True, text=True, check=False, timeout=_TIME_LIMIT_S,
        )  # fmt: skip
        assert done.returncode == 0, f"{' '.join(recipe)}\n{done.stderr}"
        fresh.replace(target)

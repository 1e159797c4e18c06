"""``nanvix run`` on source files: compiled on the host or run by an engine in the guest."""

import os
import sys
from pathlib import Path

import pytest
from support.guest import Guest
from support.host import cache_directory, tool_path, zig_cache

CACHE = {
    "XDG_CACHE_HOME": str(cache_directory() / "languages"),
    "ZIG_GLOBAL_CACHE_DIR": zig_cache(),
}
"""Kept between sessions; zig builds its C library in the place the other tests build it in."""

C = """
#include <math.h>
#include <stdio.h>
#include "number.h"
int main(int argc, char **argv)
{
    printf("%s %s %d %.3f\\n", argv[0], argv[1], NUMBER, sqrt(argc));
    return NUMBER;
}
"""
CXX = """
#include <cstdio>
struct Error { int code; };
int main(int argc, char **argv)
{
    try {
        throw Error{argc};
    } catch (Error &error) {
        std::printf("%s caught %d\\n", argv[0], error.code);
    }
    return std::fopen("number.h", "a") ? 1 : 4;
}
"""
RUST = """
fn main() {
    println!("{:?} {}", std::env::args().collect::<Vec<_>>(), include_str!("number.h"));
    std::process::exit(5);
}
"""
GO = """
package main

import "os"

func main() {
	println(os.Args[0], os.Args[1])
	os.Exit(6)
}
"""
NUMBER = "#define NUMBER 3"

CASES = [
    pytest.param(tool, name, text, expected, id=name)
    for tool, name, text, expected in [
        ("cc", "sub/it.c", C, (3, b"sub/it an-argument 3 1.414\n", b"")),
        ("g++", "it.cpp", CXX, (4, b"it caught 2\n", b"")),
        ("rustc", "it.rs", RUST, (5, b'["it", "an-argument"] #define NUMBER 3\n', b"")),
        ("go", "./it.go", GO, (6, b"", b"./it an-argument\n")),
        ("node", "it.js", "console.log(__filename.split('/').pop(), process.argv[2])",
         (0, b"it.js an-argument\n", b"")),
        ("node", "it.mjs", "import fs from 'fs'; console.log(fs.readFileSync('number.h', 'utf8'))",
         (0, NUMBER.encode() + b"\n", b"")),
        ("lua5.4", "it.lua", "print(arg[0], arg[1]) os.exit(7)",
         (7, b"it.lua\tan-argument\n", b"")),
        ("perl", "it.pl", 'print "$0 @ARGV\\n"; open F, "number.h" or die; print <F>, "\\n"',
         (0, b"it.pl an-argument\n" + NUMBER.encode() + b"\n", b"")),
        ("dash", "it.sh", 'echo "$0 $1"; ls number.h; exit 8',
         (8, b"it.sh an-argument\nnumber.h\n", b"")),
        ("dash", "line.sh", '#!/bin/sh -eu\necho "$0 $1"; false; echo never',
         (1, b"line.sh an-argument\n", b"")),
        ("dash", "env.sh", '#!/usr/bin/env -S sh -u\necho "$0"; exit 9', (9, b"env.sh\n", b"")),
        ("lua5.4", "other.pl", "#!/usr/bin/env lua5.4\nprint(_VERSION)", (0, b"Lua 5.4\n", b"")),
        ("python3", "python.sh", "#!/usr/bin/env python3\nimport sys; print(sys.argv)",
         (0, b"['python.sh', 'an-argument']\n", b"")),
    ]
]  # fmt: skip


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "sub").mkdir()
    for folder in (tmp_path, tmp_path / "sub"):
        (folder / "number.h").write_text(NUMBER)
    return tmp_path


@pytest.mark.parametrize(("tool", "name", "text", "expected"), CASES)
def test_source_file(
    guest: Guest, place: Path, tool: str, name: str, text: str, expected: object
) -> None:
    """It sees its arguments, its own name and, read-only, the directory it lies in."""
    path = tool_path(tool)
    if path is None:
        pytest.skip(f"{tool} is not installed")
    (place / name).write_text(text)
    search = f"{os.path.dirname(path)}:/usr/bin:/bin"
    assert guest([name, "an-argument"], cwd=place, env=CACHE | {"PATH": search}) == expected


def test_nothing_but_ziglang(guest: Guest, place: Path) -> None:
    """Without a compiler on the PATH the one from PyPI, which builds nanvix's kernel, does."""
    (place / "it.c").write_text(C)
    ran = guest(["it.c", "x"], cwd=place, env=CACHE | {"PATH": "/nowhere"}, limit=110)
    assert ran == (3, b"it x 3 1.414\n", b"")


def test_a_program_with_such_a_name(guest: Guest, tmp_path: Path) -> None:
    """What is a program already is run as it is, whatever it is called."""
    script = tmp_path / "tool.c"
    script.write_text("#!/bin/sh\necho $0\n")
    script.chmod(0o755)
    assert guest(["./tool.c"], cwd=tmp_path) == (0, b"./tool.c\n", b"")


@pytest.mark.parametrize(
    ("name", "missing"),
    [("it.rs", "Rust compiler"), ("it.go", "Go"), ("it.js", "Node.js"), ("it.lua", "Lua"),
     ("it.pl", "Perl"), ("it.sh", "shell")],
)  # fmt: skip
def test_nothing_installed(nanvix_run: "Run", tmp_path: Path, name: str, missing: str) -> None:
    (tmp_path / name).touch()
    code, out, err = nanvix_run(name, {"PATH": "/nowhere"})
    assert (code, out) == (127, b"")
    assert err.startswith(f"nanvix: {tmp_path / name}: no {missing} found: install ".encode())
    assert err.count(b"\n") == 1


@pytest.mark.requires("cc")
def test_an_error_in_the_source(nanvix_run: "Run", tmp_path: Path) -> None:
    (tmp_path / "wrong.c").write_text("int main(void) { return missing; }\n")
    code, out, err = nanvix_run("wrong.c", {})
    assert (code, out) == (126, b"")
    assert b"wrong.c:1:25: error: " in err
    assert err.endswith(b"wrong.c: cc could not compile it (exit code 1)\n")


def test_no_such_file(nanvix_run: "Run") -> None:
    assert nanvix_run("nothing.c", {})[0] == 127
    assert nanvix_run("./nothing.c", {})[0] == 127


class Run:
    """``nanvix run NAME`` on the emulator, from the test's directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def __call__(self, name: str, env: dict[str, str]) -> tuple[int, bytes, bytes]:
        return Guest("emu")([name], cwd=self._directory, env=CACHE | env)


@pytest.fixture
def nanvix_run(tmp_path: Path) -> Run:
    assert os.path.isabs(sys.executable)
    return Run(tmp_path)

"""Large runtimes and compilers: Go, Node.js, Perl, Rust, gcc, g++, tcc and make."""

from pathlib import Path

import pytest
from support.guest import Same
from support.toolchain import PROGRAMS, Toolchain

GO = sorted(PROGRAMS.glob("go/*.go"))
NODE = sorted(PROGRAMS.glob("node/*.js"))
PERL = sorted(PROGRAMS.glob("perl/*.pl"))
MAKE = {path.name: path.read_text() for path in PROGRAMS.glob("make/*")}
INPUT = b"The cat and the dog.\nA cat!\n"


def by_name(paths: list[Path]) -> list[object]:
    return [pytest.param(path, id=path.stem) for path in paths]


@pytest.mark.requires("go")
@pytest.mark.parametrize("source", by_name(GO))
def test_go(same: Same, compiled: Toolchain, source: Path) -> None:
    """A static binary; through a shell, so that it is shown the commands it calls."""
    program = compiled(f"go/{source.name}", "go")
    same(["sh", "-c", "./program"], files={"program": program.read_bytes()})


@pytest.mark.requires("rustc")
def test_rust(same: Same, compiled: Toolchain) -> None:
    program = compiled("rust/system.rs", "rust")
    same(["sh", "-c", "./program"], files={"program": program.read_bytes()})


@pytest.mark.requires("node")
@pytest.mark.parametrize("script", by_name(NODE))
def test_node(same: Same, script: Path) -> None:
    same(["node", script.name], files={script.name: script.read_text()}, input=INPUT)


@pytest.mark.requires("node")
@pytest.mark.parametrize(
    "statement",
    ["console.log(1 + 1)", "process.exit(7)", "null.x", "process.abort()"],
)
def test_node_statement(same: Same, statement: str) -> None:
    same(["node", "-e", statement])


@pytest.mark.requires("perl")
@pytest.mark.parametrize("script", by_name(PERL))
def test_perl(same: Same, script: Path) -> None:
    same(["perl", script.name], files={script.name: script.read_text()}, input=INPUT)


@pytest.mark.requires("gcc")
def test_gcc(same: Same) -> None:
    """Compiles, links, runs the result; what it leaves is the same file, byte for byte."""
    files = {"hello.c": (PROGRAMS / "hello.c").read_text()}
    same(["sh", "-c", "gcc -O1 -o hello hello.c && ./hello a b"], files=files)
    wrong = {"wrong.c": "int main(void) { return missing; }\n"}
    same(["gcc", "-c", "wrong.c"], files=wrong)


@pytest.mark.requires("g++")
def test_gxx(same: Same) -> None:
    files = {"shapes.cc": (PROGRAMS / "c++" / "shapes.cc").read_text()}
    same(["sh", "-c", "g++ -std=c++17 -o shapes shapes.cc && ./shapes"], files=files)


@pytest.mark.requires("tcc")
def test_tcc(same: Same) -> None:
    """To a file, and straight into memory that is written and then executed."""
    files = MAKE | {"limits.h": "#define MOST 3\n"}
    script = "tcc -o words main.c words.c && ./words one three four && tcc -run main.c words.c a bb"
    same(["sh", "-c", script], files=files)


@pytest.mark.requires("make", "gcc")
def test_make(same: Same) -> None:
    """What is up to date is not made again; jobs at once; what it made is removed."""
    same(["sh", "-c", "make && make; rm words.o; make -j3; ls; make clean"], files=MAKE)

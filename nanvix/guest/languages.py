"""Which compiler or engine runs a source file: one table, by the file's ending.

Tools are looked up on the user's PATH, in the order of the table. What is compiled is compiled on
the host, as the user would, and kept (:mod:`nanvix.guest.compiled`); an engine runs in the guest.
"""

from __future__ import annotations

import os
import sys

from nanvix.named import NamedTuple

_ZIG = (sys.executable, "-m", "ziglang")


class Compiler(NamedTuple):
    """How to compile one file. Commands run in the directory of the source."""

    program: tuple[str, ...]
    """What starts it: a name to be looked up, and arguments that always follow it."""
    version: tuple[str, ...]
    """Arguments, to the bare program, that make it tell which version it is."""
    command: tuple[str, ...]
    """Its other arguments. ``{source}``, ``{output}`` and ``{dependencies}``, a file to write the
    names of all files read to, as make wants them, are replaced; ``$NAME`` by that variable's
    words."""
    reads: tuple[str, ...] = ()
    """Environment variables, besides those of ``command``, that decide what comes out."""
    sets: tuple[str, ...] = ()
    """``NAME=VALUE`` it is given."""
    list_files: tuple[str, ...] = ()
    """Arguments that make it print the files it reads, for one that writes no such list."""


class Language(NamedTuple):
    """A way from a source file to a program: a compiler or an engine."""

    name: str
    advice: str
    """What to install where no tool is found."""
    compilers: tuple[Compiler, ...] = ()
    chosen_by: str = ""
    """The environment variable that names another compiler, as make's does."""
    engines: tuple[str, ...] = ()


def _c(*program: str, plus: bool = False) -> Compiler:
    return Compiler(
        program,
        ("-m", "ziglang", "version") if program[1:] else ("--version",),
        (
            "-O1", "-g", "-pthread", "-MD", "-MF", "{dependencies}", "-o", "{output}",
            "$CXXFLAGS" if plus else "$CFLAGS", "{source}", "$LDFLAGS", "$LDLIBS", "-lm",
        ),
        reads=("CPATH", "CPLUS_INCLUDE_PATH" if plus else "C_INCLUDE_PATH", "LIBRARY_PATH"),
    )  # fmt: skip


_C = Language(
    "C compiler",
    "gcc, clang or tcc, or 'pip install ziglang'",
    (
        _c("cc"), _c("gcc"), _c("clang"), _c("tcc"),
        _c(*_ZIG, "cc", "-target", "x86_64-linux-musl", "-fno-sanitize=undefined"),
    ),
    chosen_by="CC",
)  # fmt: skip
_CXX = Language(
    "C++ compiler",
    "g++ or clang++, or 'pip install ziglang'",
    (
        _c("c++", plus=True), _c("g++", plus=True), _c("clang++", plus=True),
        _c(*_ZIG, "c++", "-target", "x86_64-linux-musl", "-fno-sanitize=undefined", plus=True),
    ),
    chosen_by="CXX",
)  # fmt: skip
_RUST = Language(
    "Rust compiler",
    "rustc (the package rustc, or rustup)",
    (
        Compiler(
            ("rustc",),
            ("-vV",),
            (
                "-O", "-g", "--edition=2021", "--emit=link={output},dep-info={dependencies}",
                "{source}",
            ),
            reads=("RUSTC_BOOTSTRAP",),
        ),
    ),
)  # fmt: skip
_GO_FILES = (
    "{{if not .Standard}}{{$folder := .Dir}}"
    "{{range .GoFiles}}{{$folder}}/{{.}}\n{{end}}{{range .EmbedFiles}}{{$folder}}/{{.}}\n{{end}}"
    "{{with .Module}}{{.GoMod}}\n{{end}}{{end}}"
)
_GO = Language(
    "Go",
    "it (the package golang-go)",
    (
        Compiler(
            ("go",),
            ("version",),
            ("build", "-o", "{output}", "{source}"),
            reads=("GOFLAGS", "GOOS", "GOARCH", "GOAMD64", "GO111MODULE", "GOWORK", "GOEXPERIMENT"),
            sets=("CGO_ENABLED=0",),
            list_files=("list", "-deps", "-f", _GO_FILES, "{source}"),
        ),
    ),
)
_NODE = Language("Node.js", "it (the package nodejs)", engines=("node", "nodejs"))

LANGUAGES: dict[str, Language] = {
    ".c": _C,
    ".cc": _CXX,
    ".cpp": _CXX,
    ".cxx": _CXX,
    ".rs": _RUST,
    ".go": _GO,
    ".js": _NODE,
    ".mjs": _NODE,
    ".cjs": _NODE,
    ".java": Language("Java", "it (the package default-jdk-headless)", engines=("java",)),
    ".lua": Language("Lua", "it (the package lua5.4)", engines=("lua5.4", "lua", "lua5.3")),
    ".pl": Language("Perl", "it (the package perl)", engines=("perl",)),
    ".sh": Language("shell", "dash or bash", engines=("sh", "bash")),
}
"""By a file's ending. ``.py`` is not here: Python files are run by nanvix's own interpreter."""


def language_of(name: str) -> Language | None:
    """The language of a file called ``name``, or None."""
    return LANGUAGES.get(os.path.splitext(name)[1])

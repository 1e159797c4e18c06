"""Large runtimes, and compilers that run in the guest."""

import subprocess
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from catalog.program import Content, Program, text
from support.toolchain import PROGRAMS as SOURCE_DIRECTORY
from support.toolchain import Toolchain

INPUT = b"The cat and the dog.\nA cat!\n"
SOURCES = {
    name: text(f"make/{name}") for name in ("Makefile", "main.c", "words.c", "words.h")
} | {"limits.h": "#define MOST 3\n"}  # fmt: skip


class Built(Mapping[str, Content]):
    """One file, which is made when somebody looks at it."""

    def __init__(self, name: str, make: Callable[[], bytes]) -> None:
        self._name, self._make = name, make

    def __getitem__(self, name: str) -> bytes:
        if name != self._name:
            raise KeyError(name)
        return self._make()

    def __iter__(self) -> Iterator[str]:
        return iter((self._name,))

    def __len__(self) -> int:
        return 1


@cache
def java_class(source: str) -> bytes:
    """The one class of ``tests/programs/SOURCE``, for Java 11 and later."""
    with TemporaryDirectory() as made:
        command = ["javac", "--release", "11", "-d", made, str(SOURCE_DIRECTORY / source)]
        subprocess.run(command, check=True, capture_output=True)
        (found,) = Path(made).iterdir()
        return found.read_bytes()


def compiled(
    name: str, shows: str, source: str, tool: str, *version: str, traces_differ: str = ""
) -> Program:
    """A program compiled on the host. A shell starts it: so it is shown the commands it calls."""
    kind = source.partition("/")[0]
    built = Built("program", lambda: Toolchain()(source, kind).read_bytes())
    return Program(
        name, shows, ("sh", "-c", "./program"), built, requires=(tool,),
        version=(tool, *version), traces_differ=traces_differ,
    )  # fmt: skip


def engine(name: str, shows: str, source: str) -> Program:
    """A script for node or perl."""
    tool, _, script = source.partition("/")
    return Program(
        name, shows, (tool, script), {script: text(source)}, INPUT, requires=(tool,),
        version=(tool, "--version"),
    )  # fmt: skip


_RDTSC = (
    "the runtime seeds its scheduler with rdtsc, which this host cannot forbid, nor nanvix record"
)

PROGRAMS: tuple[Program, ...] = (
    compiled("Go: goroutines", "channels, select, timers, preemption, a busy collector, a panic",
             "go/concurrency.go", "go", "version", traces_differ=_RDTSC),
    compiled("Go: children", "os/exec, pipes, signals, files, a crash", "go/children.go",
             "go", "version", traces_differ=_RDTSC),
    compiled("Go: web", "net/http: a server and its clients on loopback", "go/web.go",
             "go", "version", traces_differ=_RDTSC),
    compiled("Rust", "threads, channels, std::process, std::net, files", "rust/system.rs",
             "rustc", "--version"),
    engine("Node.js: language", "promises, streams, zlib, crypto, WebAssembly, hot loops",
           "node/language.js"),
    engine("Node.js: workers", "worker_threads, shared memory, Atomics, channels",
           "node/workers.js"),
    engine("Node.js: system", "fs, child_process, fork with messages, signals, stdin",
           "node/system.js"),
    engine("Node.js: web", "http server and client, TCP, a UNIX socket, UDP", "node/web.js"),
    Program(
        "Java", "threads, the collector, files and mappings, sockets, a child, a deep stack",
        ("java", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", ".", "Main"),
        Built("Main.class", lambda: java_class("java/System.java")), INPUT,
        options=("--memory", "1G"), requires=("java", "javac"), version=("java", "-version"),
    ),
    engine("Perl: processes", "fork, pipes, exec, signals, alarms, sockets, select",
           "perl/processes.pl"),
    engine("Perl: text", "regular expressions, sorting, file tests, directories", "perl/text.pl"),
    Program(
        "gcc", "compiles and links a program, which then runs",
        ("sh", "-c", "gcc -O1 -o hello hello.c && ./hello a b"), {"hello.c": text("hello.c")},
        requires=("gcc",), version=("gcc", "--version"),
    ),
    Program(
        "g++", "templates, exceptions and destructors, compiled and run",
        ("sh", "-c", "g++ -std=c++17 -o shapes shapes.cc && ./shapes"),
        {"shapes.cc": text("c++/shapes.cc")}, requires=("g++",), version=("g++", "--version"),
    ),
    Program(
        "gcc: OpenMP", "loops, tasks, barriers and locks among four threads, compiled and run",
        ("sh", "-c", "gcc -O1 -fopenmp -o parallel parallel.c && ./parallel; rm parallel"),
        {"parallel.c": text("catalog/parallel.c")}, requires=("gcc",),
        version=("gcc", "--version"),
    ),
    Program(
        "tcc", "to a file, and straight into memory that is written and then executed",
        ("sh", "-c",
         "tcc -o words main.c words.c && ./words one three four && tcc -run main.c words.c a bb"),
        SOURCES, requires=("tcc",), version=("tcc", "--version"),
    ),
    Program(
        "make and gcc", "two objects at once, dependencies, what is up to date, a clean",
        ("sh", "-c", "rm limits.h; make && make; rm words.o; make -j3; ls; make clean"), SOURCES,
        requires=("make", "gcc"), version=("make", "--version"),
    ),
)  # fmt: skip

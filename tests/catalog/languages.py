"""Languages other than Python, and databases with a language of their own."""

from catalog.program import Program, text
from catalog.shell import script

PROGRAMS: tuple[Program, ...] = (
    script(
        "sqlite3", "sqlite.sh", "import, windows, JSON, full text, WAL, a backup, a damaged file",
        "sqlite3 --version", requires=("sqlite3",),
    ),
    Program(
        "Lua", "closures, coroutines, patterns, files, a child process",
        ("lua5.4", "lua.lua"), {"lua.lua": text("catalog/lua.lua")},
        requires=("lua5.4",), version=("lua5.4", "-v"),
    ),
    Program(
        "Tcl", "sockets, pipes, timers, coroutines, big numbers, a child that fails",
        ("tclsh", "tcl.tcl"), {"tcl.tcl": text("catalog/tcl.tcl")}, requires=("tclsh",),
    ),
    Program(
        "LuaJIT", "loops compiled while they run, calls into C, coroutines, a child process",
        ("luajit", "jit.lua"), {"jit.lua": text("catalog/jit.lua")},
        requires=("luajit",), version=("luajit", "-v"),
    ),
    Program(
        "Ruby", "threads, fibers, a forked child, sockets, JSON, signals, big numbers",
        ("ruby", "workers.rb"), {"workers.rb": text("catalog/workers.rb")},
        requires=("ruby",), version=("ruby", "--version"),
    ),
    Program(
        "PHP", "generators, fibers, a forked child, sockets, processes, signals, locks",
        ("php", "fibers.php"), {"fibers.php": text("catalog/fibers.php")},
        requires=("php",), version=("php", "--version"),
    ),
    Program(
        "Erlang", "its just-in-time compiler, a ring of 1,000 processes, a crash, tables, ports",
        ("sh", "-c", 'erl -noshell +S 1:1 -eval "$(grep -v ^% ring.erl)"'),
        {"ring.erl": text("catalog/ring.erl")}, requires=("erl",),
        version=("sh", "-c", "ls -d /usr/lib/erlang/erts-*"),
        traces_differ="its compiler asks the processor itself, and emits AVX where KVM shows some",
    ),
)  # fmt: skip

"""CPython and its standard library, by the interpreter that runs the tests."""

import sys
from typing import Any

from catalog.program import Program, text


def script(path: str, shows: str, **more: Any) -> Program:
    """A script of ``tests/programs``."""
    name = path.rpartition("/")[2]
    return Program(
        f"Python: {name.removesuffix('.py')}", shows, (sys.executable, name), {name: text(path)},
        version=(sys.executable, "--version"), **more,
    )  # fmt: skip


PROGRAMS = (
    script("catalog/threads.py", "threading: locks, events, timers, a pool of threads"),
    script("catalog/queues.py", "queue, conditions, barriers, semaphores, a daemon thread"),
    script("catalog/children.py", "subprocess: pipes, timeouts, signals, a shell, fork"),
    script("catalog/exchange.py", "multiprocessing: Process, Queue, Pipe, Pool, Manager, Listener"),
    script("catalog/pools.py", "shared_memory, ProcessPoolExecutor, barriers across processes"),
    script("catalog/servers.py", "asyncio echo server, socketserver, http.server, urllib"),
    script("catalog/handlers.py", "signal handlers, timers, sigwait, a wakeup descriptor"),
    script("catalog/walks.py", "pathlib, tempfile, shutil, filecmp, os.walk, archives"),
    script("catalog/database.py", "sqlite3 in memory and in files"),
    script("catalog/wal.py", "sqlite3 with a write-ahead log and two processes"),
    script("catalog/hashes.py", "ssl, hashlib, hmac, secrets"),
    script("catalog/matrix.py", "numpy: a matrix product, a linear system, a mapped file"),
    script(
        "catalog/wheel.py", "venv, and pip that installs a local wheel into it, offline",
        env={"PYTHONDONTWRITEBYTECODE": "1"}, limit=300.0,
    ),
)  # fmt: skip

"""A debugger on a program of tests/programs, its output in a pipe."""

import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.gdb import Gdb

from nanvix.abi.layout import PAGE_SIZE
from nanvix.debug.debugger import Debugger
from nanvix.snapshot.dirty import populated
from nanvix.snapshot.pages import ZERO
from nanvix.trace.recording import Recording

Start = Callable[..., Debugger]


@pytest.fixture
def gdb(backend: str, tmp_path: Path) -> Gdb:
    """``gdb(program, command, ...)`` on either backend."""
    return Gdb(tmp_path, backend)


@pytest.fixture
def traveller(tmp_path: Path) -> Gdb:
    """The same on the emulator, for what needs a past or sees every access."""
    return Gdb(tmp_path, "emu")


@pytest.fixture
def debug(request: pytest.FixtureRequest) -> Iterator[Start]:
    """``debug([program])`` starts a debugger that is closed after the test; ``output(it)``
    is what its guest has written so far."""
    opened: list[tuple[Debugger, list[int]]] = []

    def start(argv: list[Any] | Recording, **options: Any) -> Debugger:
        ends = list(os.pipe())
        os.set_blocking(ends[0], False)
        null = os.open(os.devnull, os.O_RDONLY)
        options.setdefault("stdio", (null, ends[1], ends[1]))
        options.setdefault("seed", bytes(32))
        program = argv if isinstance(argv, Recording) else [str(part) for part in argv]
        debugger = Debugger(program, **options)
        debugger.output = lambda: _read(ends[0])  # type: ignore[attr-defined]
        opened.append((debugger, [*ends, null]))
        return debugger

    yield start
    for debugger, descriptors in opened:
        debugger.close()
        for fd in descriptors:
            os.close(fd)


def _read(fd: int) -> bytes:
    try:
        return os.read(fd, 1 << 16)
    except BlockingIOError:
        return b""


def digest(debugger: Debugger) -> tuple[Any, ...]:
    """Everything that makes a moment: registers, virtual time, all of memory."""
    memory = debugger.machine.memory
    content = hashlib.sha256()
    for start, end in populated(memory):
        for at in range(start, end, PAGE_SIZE):
            page = bytes(memory.view[at : at + PAGE_SIZE])
            if page != ZERO:
                content.update(b"%d" % at + page)
    state = debugger.cpu()
    return (
        state.rip,
        state.rflags,
        tuple(state.gpr.values()),
        state.cr3,
        state.tsc,
        content.digest(),
    )

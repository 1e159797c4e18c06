"""From a command line to a screen: checks first what can be checked without one."""

from __future__ import annotations

import gc
import os
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from nanvix.errors import UsageError
from nanvix.named import NamedTuple
from nanvix.tui.session import Session

if TYPE_CHECKING:
    from collections.abc import Sequence
    from socket import socket

    from nanvix.debug.capsule import Capsule
    from nanvix.debug.debugger import Debugger
    from nanvix.debug.present import Present
    from nanvix.tui.app import DebugApp
    from nanvix.tui.session import Start
    from nanvix.tui.store import Store


_PROGRAMS = (b"\x7fELF", b"#!")


class Options(NamedTuple):
    """``first``: commands to begin with. ``gdb``: HOST:PORT for a gdb beside the screen. ``batch``:
    there is no screen, only the commands. ``record``: a guest on KVM is left alone and its run is
    kept."""

    first: tuple[str, ...] = ()
    backend: str = "emu"
    gdb: str | None = None
    batch: bool = False
    record: bool = False


class _Guest(NamedTuple):
    """How it is started, what it is called, and what else is known of it."""

    start: Start
    title: str
    capsule: Capsule | None = None


def start(argv: Sequence[str], settings: dict[str, Any], options: Options) -> int:
    """Show the debugger until the user leaves; ``argv`` is a program with its arguments, or one
    recording, saved machine or bug capsule. Raises a NanvixError if it cannot start."""
    if options.record and (options.backend != "kvm" or options.gdb is not None):
        raise UsageError(
            "--record is for --backend kvm, without gdb: on the emulator every run is kept"
        )
    with ExitStack() as stack:
        # Nothing made up to the first view is garbage: the application collects from then on.
        gc.disable()
        stack.callback(gc.enable)
        listener = _listen(options) if options.gdb is not None else None
        if listener is not None:
            stack.enter_context(listener)
        guest = _opened(argv, options, stack) or _program(argv, settings, options)
        # The guest starts while the screen is made: C code runs beside Python's.
        session = Session(guest.start, listener)
        stack.callback(session.close)
        session.begin()
        make, store = _application(options, guest)
        app = make(
            session,
            guest.title,
            store=store,
            first=options.first,
            gdb=listener,
            capsule=guest.capsule,
        )
        app.run(headless=options.batch)
        return app.return_value or app.return_code or 0


def _application(options: Options, guest: _Guest) -> tuple[type[DebugApp], Store | None]:
    if options.batch:
        from nanvix.tui.batch import BatchApp

        return BatchApp, None
    from nanvix.tui.app import DebugApp
    from nanvix.tui.store import Store

    return DebugApp, None if guest.capsule else Store(guest.title)


def _listen(options: Options) -> socket:
    from nanvix.debug.gdb.listening import listen, parse_address

    return listen(*parse_address(options.gdb or ""))


def _opened(argv: Sequence[str], options: Options, stack: ExitStack) -> _Guest | None:
    """A guest out of a file; None if it is a program."""
    if len(argv) != 1 or _is_program(argv[0]):
        return None
    from nanvix.debug.capsule import is_capsule
    from nanvix.snapshot.file import is_saved
    from nanvix.trace.recording import is_recording

    path = argv[0]
    kinds = (("recording", is_recording), ("bug capsule", is_capsule), ("saved machine", is_saved))
    kind = next((name for name, test in kinds if test(path)), None)
    if kind is not None and options.backend != "emu":
        raise UsageError(f"a {kind} is debugged on the emulator, not on {options.backend}")
    if kind == "recording":
        from nanvix.trace.recording import load

        recording = load(path)
        return _Guest(lambda _: _debugger(recording), " ".join(recording.header.argv))
    if kind == "bug capsule":
        from nanvix.debug.capsule import load as load_capsule

        capsule = load_capsule(path)
        title = " ".join(capsule.recording.header.argv)
        return _Guest(lambda _: _debugger(capsule.recording), title, capsule)
    if kind == "saved machine":
        from nanvix.snapshot.state import Saved

        saved = stack.enter_context(Saved(path))
        return _Guest(lambda stdio: _debugger(saved, stdio=stdio), " ".join(saved.argv))
    return None


def _is_program(path: str) -> bool:
    """Whether a look at its beginning is enough to know that it is none of ours."""
    if not os.path.isfile(path):
        return True
    try:
        with open(path, "rb") as file:
            return file.read(4).startswith(_PROGRAMS)
    except OSError:
        return True


def _program(argv: Sequence[str], settings: dict[str, Any], options: Options) -> _Guest:
    from nanvix.guest.launch import prepare

    launch = prepare(argv, settings["env"], settings["directory"], settings["mounts"])
    make = _debugger
    if options.backend == "kvm":
        from nanvix.kvm.availability import require

        require()
        make = _kept if options.record else _stopping
    return _Guest(lambda stdio: make(argv, stdio=stdio, **settings), launch.program)


def _debugger(*arguments: Any, **options: Any) -> Debugger | Present:
    from nanvix.debug.debugger import Debugger

    return Debugger(*arguments, **options)


def _kept(*arguments: Any, **options: Any) -> Debugger | Present:
    from nanvix.debug.kept import Kept

    return Kept(*arguments, **options)


def _stopping(*arguments: Any, **options: Any) -> Debugger | Present:
    from nanvix.debug.stopping import Stopping

    return Stopping(*arguments, **options)

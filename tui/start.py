"""From a command line to a screen: checks first what can be checked without one."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nanvix.errors import UsageError

if TYPE_CHECKING:
    from socket import socket

    from nanvix.debug.debugger import Debugger
    from nanvix.debug.present import Present
    from nanvix.tui.session import Start


def start(
    argv: Sequence[str],
    settings: dict[str, Any],
    first: tuple[str, ...],
    backend: str = "emu",
    gdb: str | None = None,
) -> int:
    """Show the debugger until the user leaves; ``argv`` is a program with its arguments, or one
    recording or saved machine. Raises a NanvixError if it cannot start."""
    listener = _listen(gdb) if gdb is not None else None
    kind = _kind(argv)
    if kind and backend != "emu":
        raise UsageError(f"a {kind} is debugged on the emulator, not on {backend}")
    if kind == "recording":
        from nanvix.trace.recording import load

        recording = load(argv[0])
        title = " ".join(recording.header.argv)
        return _show(lambda _: _debugger(recording), title, first, listener)
    if kind == "saved machine":
        from nanvix.snapshot.state import Saved

        with Saved(argv[0]) as saved:
            return _show(
                lambda stdio: _debugger(saved, stdio=stdio), " ".join(saved.argv), first, listener
            )

    from nanvix.guest.launch import prepare

    launch = prepare(argv, settings["env"], settings["directory"], settings["mounts"])
    if backend == "kvm":
        if listener is not None:
            raise UsageError("--gdb needs the emulator: use --backend emu")
        from nanvix.kvm.availability import require

        require()
        return _show(lambda stdio: _present(argv, stdio=stdio, **settings), launch.program, first)
    return _show(
        lambda stdio: _debugger(argv, stdio=stdio, **settings), launch.program, first, listener
    )


def _listen(address: str) -> "socket":
    from nanvix.debug.gdb.server import listen, parse_address

    return listen(*parse_address(address))


def _kind(argv: Sequence[str]) -> str:
    """What a single file is, if it is no program."""
    from nanvix.snapshot.file import is_saved
    from nanvix.trace.recording import is_recording

    if len(argv) != 1:
        return ""
    if is_recording(argv[0]):
        return "recording"
    return "saved machine" if is_saved(argv[0]) else ""


def _debugger(*arguments: Any, **options: Any) -> "Debugger":
    from nanvix.debug.debugger import Debugger

    return Debugger(*arguments, **options)


def _present(*arguments: Any, **options: Any) -> "Present":
    from nanvix.debug.present import Present

    return Present(*arguments, **options)


def _show(start: "Start", program: str, first: tuple[str, ...], gdb: "socket | None" = None) -> int:
    from nanvix.tui.app import DebugApp
    from nanvix.tui.store import Store

    app = DebugApp(start, program, store=Store(program), first=first, gdb=gdb)
    app.run()
    return app.return_code or 0

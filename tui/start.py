"""From a command line to a screen: checks first what can be checked without one."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nanvix.debug.debugger import Debugger


def start(argv: Sequence[str], settings: dict[str, Any], first: tuple[str, ...]) -> int:
    """Show the debugger until the user leaves; ``argv`` is a program with its arguments, or one
    recording. Raises a NanvixError if it cannot start."""
    from nanvix.trace.recording import is_recording

    if len(argv) == 1 and is_recording(argv[0]):
        from nanvix.trace.recording import load

        recording = load(argv[0])
        return _show(lambda _: _debugger(recording), " ".join(recording.header.argv), first)

    from nanvix.guest.launch import prepare

    launch = prepare(argv, settings["env"], settings["directory"], settings["mounts"])
    return _show(lambda stdio: _debugger(argv, stdio=stdio, **settings), launch.program, first)


def _debugger(*arguments: Any, **options: Any) -> "Debugger":
    from nanvix.debug.debugger import Debugger

    return Debugger(*arguments, **options)


def _show(
    start: "Callable[[tuple[int, int, int]], Debugger]", program: str, first: tuple[str, ...]
) -> int:
    from nanvix.tui.app import DebugApp
    from nanvix.tui.store import Store

    app = DebugApp(start, program, store=Store(program), first=first)
    app.run()
    return app.return_code or 0

"""From a command line to a screen: checks first what can be checked without one."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nanvix.debug.debugger import Debugger


def start(argv: Sequence[str], settings: dict[str, Any], first: tuple[str, ...]) -> int:
    """Show the debugger until the user leaves. Raises a NanvixError if the guest cannot start."""
    from nanvix.guest.launch import prepare
    from nanvix.tui.app import DebugApp
    from nanvix.tui.store import Store

    launch = prepare(argv, settings["env"], settings["directory"], settings["mounts"])

    def debugger(stdio: tuple[int, int, int]) -> "Debugger":
        from nanvix.debug.debugger import Debugger

        return Debugger(argv, stdio=stdio, **settings)

    app = DebugApp(debugger, argv[0], store=Store(launch.program), first=first)
    app.run()
    return app.return_code or 0

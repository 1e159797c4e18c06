"""``nanvix run --gdb HOST:PORT``: the program waits at its first instruction for a gdb."""

import sys
from typing import Any

from nanvix.errors import UsageError
from nanvix.result import exit_code

_KILLED = 137
"""128 + SIGKILL: gdb has ended the guest."""
_LACKING = {"travel": "watchpoints for reads and no way back"}
"""What gdb misses, by nanvix.debug.present.Present.lacks."""


def serve(options: Any, argv: list[str], settings: dict[str, Any], stdio: Any) -> int:
    """Listen, say where, serve; the exit code is the guest's."""
    from nanvix.debug.debugger import Debugger
    from nanvix.debug.gdb.listening import listen, parse_address
    from nanvix.debug.gdb.server import Server
    from nanvix.debug.trapping import Trapping

    start = Trapping if options.backend == "kvm" else Debugger
    for name in ("json", "trace", "max_instructions", "timeout"):
        if getattr(options, name):
            raise UsageError(f"--gdb and --{name.replace('_', '-')} do not go together")
    host, port = parse_address(options.gdb)
    with listen(host, port) as listener, start(argv, stdio=stdio, **settings) as debugger:
        host, port = listener.getsockname()[:2]
        print(f"nanvix: waiting for gdb: target remote {host}:{port}", file=sys.stderr, flush=True)
        for what, why in debugger.lacks.items() if isinstance(debugger, Trapping) else ():
            print(f"nanvix: no {_LACKING[what]} here: {why}", file=sys.stderr)
        Server(debugger).serve(listener)
        outcome = debugger.outcome
        return _KILLED if outcome is None else exit_code(outcome.reason, outcome.status)

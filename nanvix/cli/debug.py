"""``nanvix debug``: a program in the debugger, on the screen."""

import os
import sys

from nanvix.cli.options import PROGRAM, command, sandbox_options, seed
from nanvix.cli.parser import Parser
from nanvix.errors import UsageError


def main(arguments: list[str]) -> int:
    """Debug; 0 at the end, whatever the guest did, 1 if a script's command could not be done, or
    125 to 127."""
    parser = Parser(
        prog="nanvix debug",
        description="Run a program under the debugger, or go on with a recording, a saved machine "
        "or a bug capsule: step, look, go back. ? shows all keys.",
    )
    parser.add_argument(
        "--break", dest="breaks", action="append", default=[], metavar="WHERE",
        help="set a breakpoint: symbol, address, file:line (may be repeated)",
    )  # fmt: skip
    parser.add_argument(
        "--backend", choices=("emu", "kvm"), default="emu",
        help="emu (default): step and go back in time; kvm: run at full speed, pause and look",
    )  # fmt: skip
    parser.add_argument(
        "--script",
        metavar="FILE",
        help="commands to begin with, one a line; without a terminal they are all there is",
    )
    parser.add_argument(
        "--gdb", metavar="HOST:PORT", help="let a gdb share the session (loopback only)"
    )
    parser.add_argument(
        "--record", action="store_true",
        help="on KVM: leave the guest alone and keep its run, for bug capsules and the way back",
    )  # fmt: skip
    parser.add_argument("--seed", type=seed, metavar="N", help="fix what is random and the date")
    parser.add(*PROGRAM)
    options = parser.parse_args(arguments)
    argv = command(options, "nanvix debug")
    settings = sandbox_options(options) | {"seed": options.seed}
    first = (*(f"break {where}" for where in options.breaks), *_script(options.script))
    batch = not (os.isatty(0) and os.isatty(1))
    if batch and options.script is None:
        raise UsageError("nanvix debug needs a terminal, or --script FILE with all it is to do")

    from nanvix.tui.start import Options, start

    chosen = Options(first, options.backend, options.gdb, batch, options.record)
    return start(argv, settings, chosen)


def _script(path: str | None) -> list[str]:
    if path is None:
        return []
    try:
        with sys.stdin if path == "-" else open(path, encoding="utf-8") as file:
            lines = [line.strip() for line in file]
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    except ValueError as error:
        raise UsageError(f"{path}: {error}") from None
    return [line.removeprefix(":") for line in lines if line and not line.startswith("#")]

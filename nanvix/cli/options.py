"""Options that verbs share, and a parser that fails as the rest of nanvix does."""

import argparse
from typing import Any, NoReturn

from nanvix.abi.layout import MEMORY_DEFAULT
from nanvix.errors import UsageError

_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


class _Formatter(argparse.HelpFormatter):
    """Of a fixed width: asking for the terminal's would import shutil, at every start."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=32, width=96)


class Parser(argparse.ArgumentParser):
    """Reports a mistake as a UsageError: one line and our own exit code."""

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_abbrev=False, formatter_class=_Formatter, **options)

    def error(self, message: str) -> NoReturn:
        """Called by argparse for every mistake."""
        raise UsageError(f"{message} (try '{self.prog} --help')")


def add_program(parser: Parser) -> None:
    """What to run and how: for every verb that starts a guest."""
    parser.add_argument(
        "--memory", type=size, default=MEMORY_DEFAULT, metavar="SIZE",
        help="guest memory, such as 512M or 2G (default: 256M)",
    )  # fmt: skip
    parser.add_argument(
        "--timeout", type=seconds, metavar="S", help="end the guest after S seconds of wall time"
    )
    parser.add_argument(
        "-e", "--env", action="append", default=[], metavar="K=V",
        help="set an environment variable (K alone: take the host's)",
    )  # fmt: skip
    parser.add_argument("-w", "--workdir", metavar="DIR", help="the guest's working directory")
    parser.add_argument(
        "-v", "--volume", action="append", default=[], metavar="HOST[:GUEST][:ro|rw]",
        help="show a host file or directory to the guest, writable unless it says ro",
    )  # fmt: skip
    parser.add_argument(
        "--net", choices=("none", "loopback", "host"),
        help="none, the guest's own loopback (default), or the host's as far as --allow grants it",
    )  # fmt: skip
    parser.add_argument(
        "--allow", action="append", default=[], metavar="HOST[:PORT]",
        help="let the guest reach a name, address or network (or any); implies --net host",
    )  # fmt: skip
    parser.add_argument(
        "-p", "--publish", action="append", default=[], metavar="[ADDR:]PORT:GUESTPORT",
        help="lead a port of the host (on 127.0.0.1) into the guest; implies --net host",
    )  # fmt: skip
    # One positional that takes all the rest: nothing behind PROGRAM is an option of ours.
    parser.add_argument(
        "command", nargs=argparse.REMAINDER, metavar="PROGRAM [ARGS...]",
        help="an ELF program, a script with a '#!' line, or a source file (.py, .c, .js, ...)",
    )  # fmt: skip


def add_saving(parser: Parser) -> None:
    """When to save the machine: for nanvix.cli.save."""
    parser.add_argument(
        "--save", metavar="FILE",
        help="on SIGUSR2 save the machine for 'nanvix resume' and end",
    )  # fmt: skip
    parser.add_argument(
        "--save-after", type=seconds, metavar="S", help="with --save: after S seconds too"
    )


def sandbox_options(options: argparse.Namespace) -> dict[str, Any]:
    """Keyword arguments for a Sandbox from what :func:`add_program` added."""
    from nanvix.guest.mounts import parse_mount

    return {
        "memory": options.memory,
        "timeout": options.timeout,
        "env": _environment(options.env),
        "directory": options.workdir,
        "net": options.net,
        "allow": options.allow,
        "ports": options.publish,
        "mounts": [parse_mount(text) for text in options.volume],
    }


def command(options: argparse.Namespace, parser: Parser) -> list[str]:
    """The guest's argv, with the ``--`` that may precede it removed."""
    argv: list[str] = options.command
    if argv[:1] == ["--"]:
        argv = argv[1:]
    if not argv:
        parser.error("no PROGRAM given")
    return argv


def size(text: str) -> int:
    """Bytes from ``256M``, ``1G``, ``1GiB``, ``65536``."""
    number = text.upper().removesuffix("B").removesuffix("I")
    unit = number[-1:] if number[-1:] in _UNITS else ""
    try:
        value = int(float(number.removesuffix(unit)) * _UNITS[unit])
    except (ValueError, OverflowError):
        value = -1
    if value <= 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a size such as 256M or 1G")
    return value


def seconds(text: str) -> float:
    """A length of time above 0."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds above 0")
    return value


def count(text: str) -> int:
    """A whole number above 0, of instructions."""
    try:
        value = int(text)
    except ValueError:
        value = 0
    if not 0 < value < 1 << 63:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of instructions above 0")
    return value


def seed(text: str) -> int:
    """A whole number, decimal or as in ``0xbeef``."""
    try:
        return int(text, 0)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None


def _environment(assignments: list[str]) -> dict[str, str]:
    from os import environ

    variables = {}
    for text in assignments:
        name, equals, value = text.partition("=")
        if not name:
            raise UsageError(f"-e {text}: expected NAME=VALUE")
        if equals:
            variables[name] = value
        elif name in environ:
            variables[name] = environ[name]
    return variables

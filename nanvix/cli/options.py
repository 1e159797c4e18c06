"""Options that verbs share, as tables; and how a plain command line is read without a parser.

Importing argparse and what it stands on takes as long as starting a guest. So ``nanvix run`` reads
a command line by its table alone, and only one that is not plain (a mistake, ``--help``, options
written together) goes to a parser made of the same table (nanvix.cli.parser).
"""

from __future__ import annotations

from nanvix.abi.layout import MEMORY_DEFAULT
from nanvix.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentTypeError, Namespace
    from collections.abc import Callable, Iterable
    from typing import Any

    Option = tuple[tuple[str, ...], dict[str, Any]]
    """The arguments of argparse's ``add_argument``: names, and what else there is to say."""

_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
_REST = "..."
"""argparse.REMAINDER: the one positional takes all the rest."""


def size(text: str) -> int:
    """Bytes from ``256M``, ``1G``, ``1GiB``, ``65536``."""
    number = text.upper().removesuffix("B").removesuffix("I")
    unit = number[-1:] if number[-1:] in _UNITS else ""
    try:
        value = int(float(number.removesuffix(unit)) * _UNITS[unit])
    except (ValueError, OverflowError):
        value = -1
    if value <= 0:
        raise _wrong(f"{text!r} is not a size such as 256M or 1G")
    return value


def seconds(text: str) -> float:
    """A length of time above 0."""
    return _above_zero(text, float, float("inf"), "seconds")


def count(text: str) -> int:
    """A whole number above 0, of instructions."""
    return int(_above_zero(text, int, 1 << 63, "instructions"))


def _above_zero(text: str, read: Callable[[str], float], limit: float, what: str) -> float:
    try:
        value = read(text)
    except ValueError:
        value = 0
    if not 0 < value < limit:
        raise _wrong(f"{text!r} is not a number of {what} above 0")
    return value


def seed(text: str) -> int:
    """A whole number, decimal or as in ``0xbeef``."""
    try:
        return int(text, 0)
    except ValueError:
        raise _wrong(f"{text!r} is not a whole number") from None


def _wrong(text: str) -> ArgumentTypeError:
    from argparse import ArgumentTypeError

    return ArgumentTypeError(text)


def option(*names: str, **about: Any) -> Option:
    """A row of a table."""
    return names, about


PROGRAM = (
    option(
        "--memory", type=size, default=MEMORY_DEFAULT, metavar="SIZE",
        help="guest memory, such as 512M or 2G (default: 256M)",
    ),
    option(
        "--timeout", type=seconds, metavar="S", help="end the guest after S seconds of wall time"
    ),
    option(
        "-e", "--env", action="append", default=[], metavar="K=V",
        help="set an environment variable (K alone: take the host's)",
    ),
    option("-w", "--workdir", metavar="DIR", help="the guest's working directory"),
    option(
        "-v", "--volume", action="append", default=[], metavar="HOST[:GUEST][:ro|rw]",
        help="show a host file or directory to the guest, writable unless it says ro",
    ),
    option(
        "--net", choices=("none", "loopback", "host"),
        help="none, the guest's own loopback (default), or the host's as far as --allow grants it",
    ),
    option(
        "--allow", action="append", default=[], metavar="HOST[:PORT]",
        help="let the guest reach a name, address or network (or any); implies --net host",
    ),
    option(
        "-p", "--publish", action="append", default=[], metavar="[ADDR:]PORT:GUESTPORT",
        help="lead a port of the host (on 127.0.0.1) into the guest; implies --net host",
    ),
    # One positional that takes all the rest: nothing behind PROGRAM is an option of ours.
    option(
        "command", nargs=_REST, metavar="PROGRAM [ARGS...]",
        help="an ELF program, a script with a '#!' line, or a source file (.py, .c, .js, ...)",
    ),
)  # fmt: skip
"""What to run and how: for every verb that starts a guest."""

SAVING = (
    option(
        "--save", metavar="FILE", help="on SIGUSR2 save the machine for 'nanvix resume' and end"
    ),
    option("--save-after", type=seconds, metavar="S", help="with --save: after S seconds too"),
)
"""When to save the machine: for nanvix.cli.save."""


class Options:
    """What a command line says, as argparse's Namespace has it."""

    def __init__(self, values: dict[str, Any]) -> None:
        self.__dict__.update(values)

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...


def read_plain(table: Iterable[Option], words: list[str]) -> Options | None:
    """What ``words`` say if every option is written out, with its value as the next word or behind
    ``=``, and the rest follows; None for what a parser has to look at."""
    values: dict[str, Any] = {}
    known: dict[str, tuple[str, dict[str, Any]]] = {}
    rest = ""
    for names, about in table:
        field = names[-1].lstrip("-").replace("-", "_")
        switch = about.get("action") == "store_true"
        values[field] = about.get("default", False if switch else None)
        if about.get("nargs") == _REST:
            rest = field
        known.update(dict.fromkeys(names, (field, about)))
    place = 0
    while place < len(words) and (words[place].startswith("-") or not rest):
        name, equals, value = words[place].partition("=")
        if name not in known or name == rest or (equals and not name.startswith("--")):
            return None
        field, about = known[name]
        action = about.get("action")
        place += 1
        if action == "store_true":
            if equals:
                return None
            values[field] = True
            continue
        if not equals:
            if place == len(words) or words[place].startswith("-"):
                return None
            value = words[place]
            place += 1
        try:
            read = about["type"](value) if "type" in about else value
        except Exception:  # whatever it is, the parser comes upon it too, and says it
            return None
        if "choices" in about and read not in about["choices"]:
            return None
        values[field] = [*values[field], read] if action == "append" else read
    if rest:
        values[rest] = words[place:]
    return Options(values)


def sandbox_options(options: Namespace | Options) -> dict[str, Any]:
    """Keyword arguments for a Sandbox from what the table PROGRAM reads."""
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


def command(options: Namespace | Options, verb: str) -> list[str]:
    """The guest's argv, with the ``--`` that may precede it removed."""
    argv: list[str] = options.command
    if argv[:1] == ["--"]:
        argv = argv[1:]
    if not argv:
        raise UsageError(f"no PROGRAM given (try '{verb} --help')")
    return argv


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

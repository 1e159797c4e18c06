"""``nanvix run``: one program in one micro-VM, its exit code passed through."""

from __future__ import annotations

import os
import sys
from errno import EDQUOT, EFBIG, EIO, ENOSPC

from nanvix.cli.options import (
    PROGRAM,
    SAVING,
    command,
    count,
    option,
    read_plain,
    sandbox_options,
    seed,
)
from nanvix.cli.signals import Relay
from nanvix.errors import NanvixError, UsageError
from nanvix.result import STOPPED
from nanvix.sandbox import Sandbox
from nanvix.settings import BACKENDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from typing import IO, Any

    from nanvix.assembly import Stdio
    from nanvix.result import Result


_VERB = "nanvix run"
_OPTIONS = (
    option(
        "--backend", choices=BACKENDS, default="auto", help="auto: KVM where it works, else emu"
    ),
    option(
        "--max-instructions", type=count, metavar="N",
        help="end the guest after N instructions (on the emulator)",
    ),
    option(
        "--seed", type=seed, metavar="N",
        help="fix what is random and the date: on emu, the same N gives the same run",
    ),
    option(
        "--record", metavar="FILE", help="record all that enters the guest, for 'nanvix replay'"
    ),
    option(
        "--portable", action="store_true",
        help="keep programs to the CPU both backends have, so that a saved machine can move",
    ),
    *SAVING,
    option("--json", metavar="FILE", help="write what the run took; - for stdout"),
    option("--trace", metavar="FILE", help="write every event as JSON Lines"),
    option(
        "--verbose", action="store_true", help="the kernel's log and where the time went, on stderr"
    ),
    option(
        "--gdb", metavar="HOST:PORT",
        help="wait for gdb there before the first instruction (loopback only)",
    ),
    *PROGRAM,
)  # fmt: skip


def main(arguments: list[str]) -> int:
    """Run; the exit code is the guest's, 128 + signal, 124 at a limit, or 125 to 127."""
    options = read_plain(_OPTIONS, arguments) or _parsed(arguments)
    stdio = standard_streams()
    if options.gdb:
        from nanvix.cli.gdb import serve

        settings = sandbox_options(options) | {"seed": options.seed}
        settings.pop("timeout")
        return serve(options, command(options, _VERB), settings, stdio)
    try:
        result = _run(options, command(options, _VERB), stdio)
    except NanvixError as error:
        if options.json:
            write_json(
                options.json,
                {"exit_code": error.exit_code, "reason": "error", "detail": str(error)},
            )
        raise
    report(result)
    if options.verbose:
        _print_phases(result)
    if options.json:
        write_json(options.json, result.to_dict())
    return result.exit_code


def _parsed(arguments: list[str]) -> Namespace:
    from nanvix.cli.parser import Parser

    parser = Parser(prog=_VERB, description="Run a program in a micro-VM of its own.")
    parser.add(*_OPTIONS)
    return parser.parse_args(arguments)


def report(result: Result) -> None:
    """Say on stderr why the guest did not end by itself, with the crash report if it crashed."""
    if result.reason == "exit":
        return
    if result.crash is not None:
        from nanvix.guest.symbols import symboliser
        from nanvix.machine.crash import render

        symbolise = symboliser(result.program, result.crash.name)
        print(render(result.crash, symbolise), file=sys.stderr)
    if result.reason != "signal" and result.reason not in STOPPED:
        detail = f": {result.detail}" if result.detail else ""
        print(f"nanvix: {_MEANING.get(result.reason, result.reason)}{detail}", file=sys.stderr)


_OF_WRITING = (ENOSPC, EDQUOT, EFBIG, EIO)

_MEANING = {
    "saved": "the machine was saved",
    "timeout": "the guest was ended by --timeout",
    "budget": "the guest was ended by --max-instructions",
    "panic": "the guest kernel panicked",
    "shutdown": "the guest kernel crashed",
    "error": "the machine cannot go on",
    "diverged": "the replay differs from the recording",
}


def _run(options: Any, argv: list[str], stdio: Stdio) -> Result:
    settings = sandbox_options(options)
    settings.update(
        backend=options.backend,
        max_instructions=options.max_instructions,
        seed=options.seed,
        record=options.record,
        portable=options.portable,
    )
    if options.verbose:
        settings["log"] = _log
    if not options.trace:
        return _guarded(Sandbox(**settings), options, argv, stdio)
    with _Output(options.trace) as file:
        from nanvix.trace.jsonl import JsonLines

        settings["events"] = JsonLines(file)
        return _guarded(Sandbox(**settings), options, argv, stdio)


def _guarded(sandbox: Sandbox, options: Any, argv: list[str], stdio: Stdio) -> Result:
    sandbox.unavailable = lambda reason: _on_emulator(reason, options.verbose)
    if options.save is None and options.save_after is None:
        with Relay(sandbox):
            result = sandbox.run(argv, stdio=stdio)
        if result.exit_code:
            from nanvix.cli.advice import advise

            advise(sandbox, argv, result)
        return result
    from nanvix.cli.save import Saving

    with Saving(sandbox, options), Relay(sandbox):
        return sandbox.run(argv, stdio=stdio)


def _on_emulator(reason: str, always: bool) -> None:
    from nanvix.cli.advice import on_emulator

    on_emulator(reason, always=always)


def standard_streams() -> Stdio:
    """Descriptors 0, 1, 2; of those that are closed the number is taken.

    Otherwise the next file we open, such as the guest's memory, would become its stdin.
    """

    def checked(fd: int) -> int | None:
        try:
            os.fstat(fd)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
            return None
        return fd

    return checked(0), checked(1), checked(2)


def _log(level: int, line: str) -> None:
    print(f"nanvix: guest: {line}", file=sys.stderr)


def _print_phases(result: Result) -> None:
    print(f"nanvix: {result.backend}, {result.exits} exits", file=sys.stderr)
    for name, seconds in result.phases.items():
        print(f"nanvix: {name:>8} {seconds * 1e3:9.2f} ms", file=sys.stderr)
    print(f"nanvix: {'total':>8} {result.wall_time * 1e3:9.2f} ms", file=sys.stderr)


def write_json(path: str, data: dict[str, Any]) -> None:
    """Write ``data`` to a file, or to stdout for ``-``."""
    import json

    text = json.dumps(data, indent=2) + "\n"
    if path == "-":
        print(text, end="", flush=True)
    else:
        with _Output(path) as file:
            file.write(text)


class _Output:
    """A file being written, in a ``with``: what goes wrong with it then is said as if it had gone
    wrong at first."""

    def __init__(self, path: str) -> None:
        self._path = path

    def __enter__(self) -> IO[str]:
        try:
            self._file = open(self._path, "w", encoding="utf-8")
        except OSError as error:
            raise self._said(error) from None
        return self._file

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        try:
            self._file.close()
        except OSError as last:
            raise self._said(last) from None
        if isinstance(error, OSError) and error.errno in _OF_WRITING and error.filename is None:
            raise self._said(error) from None

    def _said(self, error: OSError) -> UsageError:
        reason = (error.strerror or str(error)).lower()
        return UsageError(f"cannot write {self._path}: {reason}")

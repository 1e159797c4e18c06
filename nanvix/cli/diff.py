"""``nanvix diff``: the same program on both backends, and where they first part."""

import os
import sys
from typing import TYPE_CHECKING, Any

from nanvix.cli.options import PROGRAM, command, sandbox_options
from nanvix.cli.parser import Parser
from nanvix.cli.run import report, standard_streams
from nanvix.cli.signals import Relay
from nanvix.result import STOPPED
from nanvix.sandbox import Sandbox
from nanvix.settings import COMMON_CPU
from nanvix.trace.diff import first_difference, render
from nanvix.trace.normalise import Collector, Course

if TYPE_CHECKING:
    from nanvix.result import Result

_SEED = bytes(range(32))
_DATE_NS = 1_700_000_000_000_000_000
"""Two independent runs start with the same randomness on the same day, and their threads take turns
where they wait: only the backend differs."""
_LEFT, _RIGHT = "kvm", "emu"


def main(arguments: list[str]) -> int:
    """Compare; 0 when the runs agree, 1 when they differ, 125 and above as for run."""
    parser = Parser(
        prog="nanvix diff",
        description="Run a program on KVM, replay that run on the emulator, and show the first "
        "event that differs.",
    )
    way = parser.add_mutually_exclusive_group()
    way.add_argument("--record", metavar="FILE", help="keep the recording, for 'nanvix debug'")
    way.add_argument(
        "--independent", action="store_true",
        help="run the program twice instead, each time with its own clock and the host's files as "
        "they are then; both read the same standard input, the second's output is shown",
    )  # fmt: skip
    way.add_argument(
        "--instructions", action="store_true",
        help="run it twice and compare the registers after every instruction",
    )  # fmt: skip
    parser.add(*PROGRAM)
    options = parser.parse_args(arguments)
    argv = command(options, "nanvix diff")
    settings = sandbox_options(options)
    if not options.independent and not options.instructions:
        return _recorded(argv, settings, options.record)
    settings["env"] = COMMON_CPU | settings["env"]
    data = None if os.isatty(0) else sys.stdin.buffer.read()
    if options.instructions:
        return _by_instruction(argv, settings, data or b"")
    return _independent(argv, settings, data)


def _recorded(argv: list[str], settings: dict[str, Any], keep: str | None) -> int:
    """One run, with the host's clock and files and the user's input, and its replay."""
    from tempfile import TemporaryDirectory

    from nanvix.replay import load
    from nanvix.replay.compare import compare

    course = Course()
    with TemporaryDirectory(prefix="nanvix-") as directory:
        path = keep or f"{directory}/recording"
        sandbox = Sandbox(backend=_LEFT, record=path, events=course, **settings)
        with Relay(sandbox):
            result = sandbox.run(argv, stdio=standard_streams())
        report(result)
        if result.reason in STOPPED:
            return result.exit_code
        found = compare(load(path), course)
    if found.difference is not None:
        print(render(found.difference, _LEFT, _RIGHT))
    if not found.equal:
        if found.replayed.detail:
            print(f"the replay: {found.replayed.detail}")
        return 1
    note = ", as far as they were kept" if found.partial else ""
    print(f"no difference in {found.events} events{note}", file=sys.stderr)
    return 0


def _independent(argv: list[str], settings: dict[str, Any], data: bytes | None) -> int:
    """Two runs."""
    left, left_steps = traced(_LEFT, argv, settings, data)
    if left.reason in STOPPED:
        return left.exit_code
    right, right_steps = traced(_RIGHT, argv, settings, data)
    if right.reason in STOPPED:
        return right.exit_code
    sys.stdout.buffer.write(right.stdout or b"")
    sys.stdout.flush()
    sys.stderr.buffer.write(right.stderr or b"")

    difference = first_difference(left_steps, right_steps)
    if difference is not None:
        print(render(difference, _LEFT, _RIGHT))
    differs = difference is not None
    for name in ("reason", "exit_code", "stdout", "stderr"):
        ours, theirs = getattr(left, name), getattr(right, name)
        if ours != theirs:
            differs = True
            print(f"{name} differs: {_LEFT} {_short(ours)}, {_RIGHT} {_short(theirs)}")
    if differs:
        return 1
    note = ", as far as they were kept" if left_steps.truncated else ""
    print(f"no difference in {left_steps.count} events{note}", file=sys.stderr)
    return 0


def _by_instruction(argv: list[str], settings: dict[str, Any], data: bytes) -> int:
    """As :func:`main`, with the registers after every instruction."""
    from nanvix.debug.disassembly import decode
    from nanvix.debug.flags import undefined
    from nanvix.debug.symbols import code_in_file
    from nanvix.trace.steps import Compared, Steps, render

    settings |= {"seed": _SEED, "realtime_ns": _DATE_NS, "steady": True, "steps": _way()}
    first = Steps()
    sandbox = Sandbox(backend=_LEFT, events=first, **settings)
    with Relay(sandbox):
        left = sandbox.run(argv, input=data, capture=True)
    if left.reason in STOPPED:
        return left.exit_code

    def read(address: int, size: int) -> bytes:
        # Of a process that has ended by now, what its file holds.
        return sandbox.read_code(address, size) or code_in_file(left.program, address, size)

    second = Compared(first, read, undefined, lambda: sandbox.stop("difference"))
    sandbox = Sandbox(backend=_RIGHT, events=second, **settings)
    with Relay(sandbox):
        right = sandbox.run(argv, input=data, capture=True)
    if right.reason in STOPPED:
        return right.exit_code
    departure = second.departure
    if departure is not None:
        item = decode(departure.code, departure.rip)
        print(render(departure, _LEFT, _RIGHT, item.text if item else "?"))
        return 1
    sys.stdout.buffer.write(right.stdout or b"")
    sys.stdout.flush()
    sys.stderr.buffer.write(right.stderr or b"")
    missing = second.missing()
    if missing is not None:
        print(f"thread {missing[0]} goes on after {missing[1]} instructions only on {_LEFT}")
        return 1
    if (left.reason, left.exit_code) != (right.reason, right.exit_code):
        print(f"{_LEFT} ends by {left.reason} {left.exit_code}, {_RIGHT} by {right.reason}")
        return 1
    note = ", as far as they were kept" if first.truncated else ""
    print(f"no difference in {second.count} instructions{note}", file=sys.stderr)
    return 0


def _way() -> str:
    """Who steps: the host where its KVM can, else the guest itself. Both runs go the same way."""
    from nanvix.kvm.findings import findings

    able = findings().capabilities()
    return "host" if able.single_step_user and able.single_step_kernel else "guest"


def traced(
    backend: str, argv: list[str], settings: dict[str, Any], data: bytes | None
) -> "tuple[Result, Collector]":
    """Run ``argv`` so that only the backend makes a difference; ``settings`` are the Sandbox's."""
    steps = Collector()
    sandbox = Sandbox(
        backend=backend, seed=_SEED, realtime_ns=_DATE_NS, steady=True, events=steps, **settings
    )
    with Relay(sandbox):
        return sandbox.run(argv, input=data or b"", capture=True), steps


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."

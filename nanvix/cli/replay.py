"""``nanvix replay``: run a recording again, on the emulator and without the host."""

import sys

from nanvix.cli.parser import Parser
from nanvix.cli.run import report, standard_streams, write_json


def main(arguments: list[str]) -> int:
    """Replay; the exit code is the guest's, 125 where the recording cannot be replayed."""
    from nanvix.replay import check_program, load, replay

    parser = Parser(
        prog="nanvix replay",
        description="Run again what 'nanvix run --record FILE' has recorded: the same output, the "
        "same end. The host's files, clock and input are not touched.",
    )
    parser.add_argument("--json", metavar="FILE", help="write what the run took; - for stdout")
    parser.add_argument("file", metavar="FILE", help="the recording")
    parser.add_argument(
        "program", metavar="PROGRAM", nargs="?", help="refuse a recording of any other program"
    )
    options = parser.parse_args(arguments)
    _, *output = standard_streams()
    recording = load(options.file)
    if options.program is not None:
        check_program(recording, options.program)
    sys.stdout.flush()
    result = replay(recording, output=(output[0], output[1]))
    report(result)
    if result.reason != "diverged" and result.detail:
        print(f"nanvix: {result.detail}", file=sys.stderr)
    if options.json:
        write_json(options.json, result.to_dict())
    return result.exit_code

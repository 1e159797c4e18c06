"""``nanvix resume``: go on with a machine that has been saved."""

from nanvix.cli.options import SAVING, count, seconds
from nanvix.cli.parser import Parser
from nanvix.cli.run import report, standard_streams, write_json
from nanvix.cli.save import Saving
from nanvix.cli.signals import Relay
from nanvix.sandbox import Sandbox
from nanvix.settings import BACKENDS


def main(arguments: list[str]) -> int:
    """Run on; the exit code is the guest's, 125 where the file cannot be used."""
    parser = Parser(
        prog="nanvix resume",
        description="Go on with a machine that --save or Sandbox.save has saved. The guest may do "
        "what the file says, down to the directories it sees: use only files you trust.",
    )
    parser.add_argument(
        "--backend", choices=BACKENDS, default="auto", help="auto: KVM where it works, else emu"
    )
    parser.add_argument(
        "--timeout", type=seconds, metavar="S", help="end the guest after S seconds of wall time"
    )
    parser.add_argument(
        "--max-instructions", type=count, metavar="N",
        help="end the guest after N instructions since it booted (on the emulator)",
    )  # fmt: skip
    parser.add(*SAVING)
    parser.add_argument("--json", metavar="FILE", help="write what the run took; - for stdout")
    parser.add_argument("file", metavar="FILE", help="the saved machine")
    options = parser.parse_args(arguments)
    stdio = standard_streams()
    sandbox = Sandbox(
        backend=options.backend, timeout=options.timeout, max_instructions=options.max_instructions
    )
    with Saving(sandbox, options), Relay(sandbox):
        result = sandbox.resume(options.file, stdio=stdio)
    report(result)
    if options.json:
        write_json(options.json, result.to_dict())
    return result.exit_code

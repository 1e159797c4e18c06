"""``nanvix conformance``: the cases natively and on both backends, as a matrix."""

import sys

from nanvix.cli.parser import Parser
from nanvix.conformance import suite
from nanvix.conformance.kernel_table import implemented
from nanvix.conformance.matrix import compare, plain, render
from nanvix.conformance.runs import NATIVE, PLACES, Said
from nanvix.conformance.status import DOCUMENT
from nanvix.conformance.status import render as render_status


def main(arguments: list[str]) -> int:
    """Run, compare, report; 0 when every case does the same everywhere, 1 when one does not."""
    backends = [place for place in PLACES if place != NATIVE]
    parser = Parser(
        prog="nanvix conformance",
        description="Run the conformance cases of this checkout natively and in guests, and "
        "compare what they say.",
    )
    parser.add_argument("--family", action="append", help="only this family; may be repeated")
    parser.add_argument("--backend", choices=backends, help="only this backend")
    parser.add_argument("--json", action="store_true", help="print plain facts for machines")
    parser.add_argument(
        "--write-docs", action="store_true", help="write docs/syscalls.md anew, run nothing"
    )
    options = parser.parse_args(arguments)
    families = suite.families()
    present = implemented()
    if options.write_docs:
        every = [case for family in families for case in suite.cases(family)]
        DOCUMENT.write_text(render_status(present, every), encoding="utf-8")
        return 0
    unknown = set(options.family or ()) - set(families)
    if unknown:
        parser.error(f"no family {', '.join(sorted(unknown))}: there are {', '.join(families)}")
    places = [options.backend] if options.backend else backends
    rows = [compare(family, places, present, _tell) for family in options.family or families]
    if options.json:
        import json

        print(json.dumps(plain(rows), indent=2))
    else:
        print(render(rows, places))
    return 1 if any(row.failed for row in rows) else 0


def _tell(case: suite.Case, place: str, native: Said, ours: Said) -> None:
    print(
        f"{case.family}/{case.name} natively:\n{native}\non {place}:\n{ours}\n",
        file=sys.stderr, flush=True,
    )  # fmt: skip

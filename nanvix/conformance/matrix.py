"""The matrix of families and places: how many cases do the same, which do not."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from nanvix.conformance.runs import MISSING, NATIVE, Said, run
from nanvix.conformance.status import why_different
from nanvix.conformance.suite import Case, build, cases


class Row(NamedTuple):
    """One family: its cases, and by place the names of those that are not as natively.

    ``excused`` of them are known to differ; ``wrong`` cases already fail natively.
    """

    family: str
    cases: list[Case]
    wrong: list[str]
    differing: dict[str, list[str]]
    excused: dict[str, list[str]]

    @property
    def failed(self) -> bool:
        """Whether anything happened that nobody expected."""
        return bool(self.wrong) or any(self.differing.values())

    def calls(self) -> set[str]:
        """Calls the family's cases are about."""
        return {call for case in self.cases for call in case.calls}


def compare(
    family: str,
    places: Iterable[str],
    present: frozenset[str],
    tell: Callable[[Case, str, Said, Said], None],
) -> Row:
    """Run a family natively and at ``places``; ``tell`` hears of every unexpected difference."""
    found = cases(family)
    program = build(family)
    native = run(program, NATIVE)
    wrong = [case.name for case in found if native.get(case.name, MISSING).end != "exit 0"]
    row = Row(family, found, wrong, {}, {})
    for place in places:
        said = run(program, place)
        row.differing[place], row.excused[place] = [], []
        for case in found:
            ours, theirs = said.get(case.name, MISSING), native.get(case.name, MISSING)
            if ours == theirs:
                continue
            if why_different(case, present):
                row.excused[place].append(case.name)
            else:
                row.differing[place].append(case.name)
                tell(case, place, theirs, ours)
    return row


def render(rows: list[Row], places: list[str]) -> str:
    """The matrix as text: cases that agree, of all; a note where known differences are left out."""
    lines = [f"{'family':<16}{'calls':>6}{'native':>9}" + "".join(f"{p:>9}" for p in places)]
    for row in rows:
        total = len(row.cases)
        cells = [f"{total - len(row.wrong)}/{total}"]
        cells += [
            f"{total - len(row.differing[place]) - len(row.excused[place])}/{total}"
            for place in places
        ]
        lines.append(
            f"{row.family:<16}{len(row.calls()):>6}" + "".join(f"{cell:>9}" for cell in cells)
        )
    total = sum(len(row.cases) for row in rows)
    calls = set().union(*(row.calls() for row in rows))
    good = [total - sum(len(row.wrong) for row in rows)]
    good += [
        total - sum(len(row.differing[p]) + len(row.excused[p]) for row in rows) for p in places
    ]
    lines.append(f"{'all':<16}{len(calls):>6}" + "".join(f"{f'{n}/{total}':>9}" for n in good))
    for row in rows:
        lines += [f"{row.family}/{name}: fails natively" for name in row.wrong]
        for place in places:
            lines += [f"{row.family}/{name}: differs on {place}" for name in row.differing[place]]
            if row.excused[place]:
                names = ", ".join(row.excused[place])
                lines.append(f"{row.family}: known differences on {place}: {names}")
    return "\n".join(lines)


def plain(rows: list[Row]) -> list[dict[str, Any]]:
    """The matrix as plain values for JSON."""
    return [
        {
            "family": row.family,
            "cases": [case.name for case in row.cases],
            "calls": sorted(row.calls()),
            "fails_natively": row.wrong,
            "differs": row.differing,
            "known_differences": row.excused,
        }
        for row in rows
    ]

"""All cases, run on one backend; their events as text, for a machine that only has the other.

    python tests/differential/suite.py kvm [NAME...]

prints a JSON line for every case: its name and either every step with the events among them, or,
where stepping is excused (differential.excuses), the events alone and a digest of memory.
"""

import json
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import NamedTuple

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from differential import case_exceptions, case_paging, case_rings
from differential.assembly import assemble
from differential.excuses import ALL, excused
from differential.specimen import Case, Event, observe, walk

CASES = (*case_exceptions.CASES, *case_rings.CASES, *case_paging.CASES)


class Seen(NamedTuple):
    """What a case did: ``events``, ``memory`` (a digest), ``steps``; None: not looked at."""

    events: list[Event] | None
    memory: str
    steps: list[Event] | None


@cache
def codes() -> dict[str, tuple[bytes, bytes]]:
    """The code and the entry of each case, by name."""
    found = assemble({c.name: c.text for c in CASES} | {f"> {c.name}": c.entry for c in CASES})
    return {case.name: (found[case.name], found[f"> {case.name}"]) for case in CASES}


def see(backend: str, case: Case, stepping: bool = True, events: bool = True) -> Seen:
    """Run a case, once for the events and once for the steps."""
    code, entry = codes()[case.name]
    found, memory = observe(backend, case, code, entry) if events else (None, "")
    return Seen(found, memory, walk(backend, case, code, entry) if stepping else None)


def dump(backend: str, names: Iterable[str]) -> None:
    """Print what the cases do."""
    wanted = set(names)
    for case in CASES:
        if not wanted or case.name in wanted:
            stepping = ALL[0] not in excused(case.name, (), stepping=True)
            seen = see(backend, case, stepping, events=not stepping)
            print(json.dumps([case.name, seen]), flush=True)


def load(text: str) -> dict[str, Seen]:
    """What :func:`dump` has printed, by name."""
    found = {}
    for line in text.splitlines():
        name, (events, memory, steps) = json.loads(line)
        found[name] = Seen(_events(events), memory, _events(steps))
    return found


def _events(rows: list[tuple[str, dict[str, int], dict[str, int]]] | None) -> list[Event] | None:
    return None if rows is None else [Event(*row) for row in rows]


if __name__ == "__main__":
    dump(sys.argv[1], sys.argv[2:])

"""All cases, run on one backend; their events as text, for a machine that only has the other.

    python tests/differential/suite.py kvm [NAME...]

prints a JSON line for every case: its name, the events, a digest of memory, and every step between
the events (null where this host's KVM cannot step).
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
from differential.specimen import Case, Event, observe, walk

CASES = (*case_exceptions.CASES, *case_rings.CASES, *case_paging.CASES)


class Seen(NamedTuple):
    """What a case did: ``events``, ``memory`` (a digest), ``steps`` (None: not to be had)."""

    events: list[Event]
    memory: str
    steps: list[Event] | None


@cache
def codes() -> dict[str, tuple[bytes, bytes]]:
    """The code and the entry of each case, by name."""
    found = assemble({c.name: c.text for c in CASES} | {f"> {c.name}": c.entry for c in CASES})
    return {case.name: (found[case.name], found[f"> {case.name}"]) for case in CASES}


def see(backend: str, case: Case, stepping: bool = True) -> Seen:
    """Run a case."""
    code, entry = codes()[case.name]
    events, memory = observe(backend, case, code, entry)
    return Seen(events, memory, walk(backend, case, code, entry) if stepping else None)


def dump(backend: str, names: Iterable[str]) -> None:
    """Print what the cases do."""
    wanted = set(names)
    for case in CASES:
        if not wanted or case.name in wanted:
            print(json.dumps([case.name, see(backend, case)]), flush=True)


def load(text: str) -> dict[str, Seen]:
    """What :func:`dump` has printed, by name."""
    found = {}
    for line in text.splitlines():
        name, (events, memory, steps) = json.loads(line)
        found[name] = Seen(_events(events), memory, None if steps is None else _events(steps))
    return found


def _events(rows: list[tuple[str, dict[str, int], dict[str, int]]]) -> list[Event]:
    return [Event(*row) for row in rows]


if __name__ == "__main__":
    dump(sys.argv[1], sys.argv[2:])

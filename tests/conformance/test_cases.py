"""Every conformance case says in a guest what it says on the host's own Linux."""

import fcntl
import json
import os
from collections.abc import Callable

import pytest

from nanvix.conformance.kernel_table import implemented
from nanvix.conformance.runs import MISSING, NATIVE, Said, run
from nanvix.conformance.status import why_different
from nanvix.conformance.suite import Case, build, cases, families

CASES = [case for family in families() for case in cases(family)]

Outcomes = Callable[[str, str], dict[str, Said]]


@pytest.fixture(scope="session")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Outcomes:
    """``outcomes(family, place)``: each program runs once per place, also with parallel workers,
    which have a directory each in one of the session's."""
    session = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        session = session.parent
    shared = session / "conformance"
    shared.mkdir(exist_ok=True)

    def look_up(family: str, place: str) -> dict[str, Said]:
        with open(shared / f"{family}.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            kept = shared / f"{family}.{place}.json"
            if not kept.exists():
                kept.write_text(json.dumps(run(build(family), place)))
            found = json.loads(kept.read_text())
        return {name: Said(tuple(lines), end) for name, (lines, end) in found.items()}

    return look_up


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.family}-{case.name}")
def test_case(case: Case, backend: str, outcomes: Outcomes) -> None:
    native = outcomes(case.family, NATIVE).get(case.name, MISSING)
    guest = outcomes(case.family, backend).get(case.name, MISSING)
    assert native.end == "exit 0", f"the case itself is wrong:\n{native}"
    reason = why_different(case, implemented())
    if reason is None:
        assert guest == native, f"natively:\n{native}\nin the guest:\n{guest}"
    else:
        assert guest != native, f"no longer differs, although {reason}"
        pytest.xfail(reason)


def test_names_are_unique() -> None:
    assert len({(case.family, case.name) for case in CASES}) == len(CASES)


def test_there_are_many() -> None:
    assert len(CASES) >= 400


@pytest.mark.parametrize("family", families())
def test_the_program_has_the_cases_the_text_has(family: str, outcomes: Outcomes) -> None:
    assert list(outcomes(family, NATIVE)) == [case.name for case in cases(family)]

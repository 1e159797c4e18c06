"""Every program of the catalog does the same natively, on KVM and on the emulator."""

import json
from pathlib import Path

import pytest
from catalog.document import DOCUMENT, EQUAL, complaints, read
from catalog.program import Program
from catalog.table import GROUPS, PROGRAMS
from support.guest import Same, fill
from support.host import kvm_trouble

from nanvix.cli.diff import COMMON_CPU, traced
from nanvix.cli.options import Parser, add_program, sandbox_options
from nanvix.trace.diff import first_difference, render

EACH = pytest.mark.parametrize(
    "program",
    [
        pytest.param(
            program, id=program.name,
            marks=[pytest.mark.requires(*program.requires), pytest.mark.timeout(3 * program.limit)],
        )
        for program in PROGRAMS
    ],
)  # fmt: skip


@EACH
def test_same_as_natively(
    same: Same, program: Program, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    report = tmp_path / "report"
    found = note(request, program, same.guest.backend, EQUAL)
    same(
        program.argv, files=program.files, input=program.input, env=program.env,
        options=["--json", report, *program.options], limit=program.limit,
    )  # fmt: skip
    found[3] = len(json.loads(report.read_text())["syscalls"])


@EACH
@pytest.mark.skipif(kvm_trouble() is not None, reason=str(kvm_trouble()))
def test_traces(program: Program, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """What ``nanvix diff`` does, but that both runs find the same files."""
    note(request, program, "traces", program.traces_differ or EQUAL)
    if program.traces_differ:
        return
    here = tmp_path / "work"
    here.mkdir()
    parser = Parser()
    add_program(parser)
    mount = ["-v", f"{here}:{here}:rw", "-w", str(here)]
    options = [*mount, "--timeout", str(program.limit), *program.options]
    settings = sandbox_options(parser.parse_args([*options, *program.argv]))
    settings["env"] = COMMON_CPU | settings["env"] | dict(program.env)
    results, steps = [], []
    for backend in ("kvm", "emu"):
        fill(here, program.files)
        result, collector = traced(backend, list(program.argv), settings, program.input)
        results.append((result.reason, result.exit_code, result.stdout, result.stderr))
        steps.append(collector)
    difference = first_difference(*steps)
    assert difference is None, render(difference, "kvm", "emu")
    assert results[0] == results[1]


def note(
    request: pytest.FixtureRequest, program: Program, check: str, verdict: str
) -> list[object]:
    """What this test finds if it passes: the fields of a Finding, still to be completed."""
    found = [program.name, check, verdict, 0]
    request.node.user_properties.append(("catalog", found))
    return found


def test_the_document_is_up_to_date() -> None:
    """``pytest tests/catalog --catalog docs/catalog.md`` writes it."""
    assert complaints(read(DOCUMENT), GROUPS) == []


def test_names_are_unique() -> None:
    names = [program.name for program in PROGRAMS]
    assert len(names) == len(set(names))

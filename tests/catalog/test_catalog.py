"""Every program of the catalog does the same natively, on KVM and on the emulator."""

import json
from pathlib import Path

import pytest
from catalog.document import DOCUMENT, EQUAL, complaints, read
from catalog.program import Program
from catalog.table import GROUPS, PROGRAMS
from support.guest import Ran, Same, fill, tree
from support.host import kvm_trouble

from nanvix.cli.options import PROGRAM, sandbox_options
from nanvix.cli.parser import Parser
from nanvix.replay import load
from nanvix.replay.compare import compare
from nanvix.sandbox import Sandbox
from nanvix.trace.diff import render
from nanvix.trace.normalise import Course

BACKENDS = ("kvm", "emu")


def is_replayed(program: Program) -> bool:
    """Then the replay shows that it does on the emulator what it does natively."""
    return not program.traces_differ and kvm_trouble() is None


def row(program: Program, backend: str) -> object:
    """A test's parameters."""
    limit = pytest.mark.timeout(8 * program.limit)
    marks = [pytest.mark.requires(*program.requires), limit]
    return pytest.param(program, backend, id=f"{backend}-{program.name}", marks=marks)


@pytest.mark.parametrize(
    ("program", "backend"),
    [
        row(program, backend)
        for program in PROGRAMS
        for backend in BACKENDS
        if backend == "kvm" or not is_replayed(program)
    ],
    indirect=["backend"],
)
def test_same_as_natively(
    same: Same, program: Program, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """On KVM twice, the second time recorded; and what was recorded is replayed on the emulator."""
    report = tmp_path / "report"
    found = note(request, program, same.guest.backend, EQUAL)
    if program.traces_differ:
        note(request, program, "traces", program.traces_differ)
    ran = same(
        program.argv, files=program.files, input=program.input, env=program.env,
        options=["--json", report, *program.options], limit=program.limit,
    )  # fmt: skip
    found[3] = len(json.loads(report.read_text())["syscalls"])
    if is_replayed(program):
        note(request, program, "traces", EQUAL)
        note(request, program, "emu", EQUAL)
        replays(program, ran, same.directory, tmp_path / "recording")


def replays(program: Program, expected: Ran, here: Path, file: Path) -> None:
    """A recorded run does the same, and its replay on the emulator too, event by event. That is
    what ``nanvix diff`` does: both get the same input, the host's clock and inode numbers
    included."""
    left = tree(here)
    parser = Parser()
    parser.add(*PROGRAM)
    mount = ["-v", f"{here}:{here}:rw", "-w", str(here)]
    options = [*mount, "--timeout", str(program.limit), *program.options]
    fill(here, program.files)
    settings = sandbox_options(parser.parse_args([*options, *program.argv]))
    settings["env"] = settings["env"] | dict(program.env)
    course = Course()
    result = Sandbox(backend="kvm", record=str(file), events=course, **settings).run(
        list(program.argv), input=program.input or b"", capture=True
    )
    ran = Ran(result.exit_code, result.stdout or b"", result.stderr or b"")
    assert (ran, tree(here)) == (expected, left), f"natively:\n{expected}\nrecorded:\n{ran}"
    compared = compare(load(str(file)), course, timeout=4 * program.limit)
    difference = compared.difference
    shown = "" if difference is None else render(difference, *BACKENDS)
    assert compared.equal, f"{compared.replayed.detail}\n{shown}"
    file.unlink()
    assert compared.replayed.exit_code == ran.code and not compared.partial


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

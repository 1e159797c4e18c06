"""Every program of the catalog does the same natively, on KVM and on the emulator."""

import json
from pathlib import Path

import pytest
from catalog.document import DOCUMENT, EQUAL, complaints, read
from catalog.program import Program
from catalog.table import GROUPS, PROGRAMS
from support.guest import Guest, Ran, Same, fill, tree
from support.host import kvm_trouble

from nanvix.cli.options import Parser, add_program, sandbox_options
from nanvix.replay import load
from nanvix.replay.compare import compare
from nanvix.sandbox import Sandbox
from nanvix.settings import COMMON_CPU
from nanvix.trace.diff import render
from nanvix.trace.normalise import Course

BACKENDS = ("kvm", "emu")


def row(program: Program, *more: str) -> object:
    """A test's parameters."""
    limit = pytest.mark.timeout(4 * program.limit)
    marks = [pytest.mark.requires(*program.requires), limit]
    return pytest.param(program, *more, id="-".join((*more, program.name)), marks=marks)


def is_replayed(program: Program) -> bool:
    """Then the replay shows that it does on the emulator what it does natively."""
    return not program.traces_differ and kvm_trouble() is None


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
    report = tmp_path / "report"
    found = note(request, program, same.guest.backend, EQUAL)
    if program.traces_differ:
        note(request, program, "traces", program.traces_differ)
    same(
        program.argv, files=program.files, input=program.input, env=program.env,
        options=["--json", report, *program.options], limit=program.limit,
    )  # fmt: skip
    found[3] = len(json.loads(report.read_text())["syscalls"])


@pytest.mark.parametrize("program", [row(p) for p in PROGRAMS if is_replayed(p)])
def test_replayed(program: Program, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """A run on KVM does what a native one does, and its replay on the emulator does the same,
    event by event. That is what ``nanvix diff`` does: both get the same input, the host's clock
    and inode numbers included."""
    note(request, program, "traces", EQUAL)
    found = note(request, program, "emu", EQUAL)
    here, file = tmp_path / "work", tmp_path / "recording"
    expected = Same(Guest("emu"), tmp_path).natively(
        program.argv, files=program.files, env=COMMON_CPU | dict(program.env),
        input=program.input, limit=program.limit,
    )  # fmt: skip
    parser = Parser()
    add_program(parser)
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
    assert (ran, tree(here)) == expected, f"natively:\n{expected[0]}\non kvm:\n{ran}"
    compared = compare(load(str(file)), course, timeout=program.limit)
    if compared.difference is not None:
        pytest.fail(render(compared.difference, *BACKENDS))
    assert compared.equal, compared.replayed.detail
    assert compared.replayed.exit_code == ran.code and not compared.partial
    found[3] = len(compared.replayed.syscalls)


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

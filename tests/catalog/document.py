"""docs/catalog.md: read, brought up to date with what a test run found, and written."""

import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from catalog.program import Program
from support.host import ENVIRONMENT, ROOT, tool_path

DOCUMENT = ROOT / "docs" / "catalog.md"
CHECKS = ("kvm", "emu", "traces")
NOT_RUN = "not run"
EQUAL = "equal"

_HEADER = "| Program | Version | Shows | KVM | emu | Traces | Calls |"
_RULE = "|---|---|---|---|---|---|---|"
_INTRODUCTION = """\
# Catalog

Programs nobody wrote for nanvix, and that run in it as they do natively. Each line is a test: the
program runs on this host and in a guest on KVM, twice, once recorded; stdout, stderr, exit code and
the files it leaves are equal, byte for byte. The recorded run is replayed on the emulator.

- **KVM**: whether they were.
- **emu**: whether the replay asked of the host what the run had asked for, byte for byte and in the
  same order: what it writes to streams and files is part of that. Where there is no replay, whether
  stdout, stderr, exit code and files of a run on the emulator were equal.
- **Traces**: whether the run and the replay agree event by event, in order: every system call of
  every thread with its arguments and result, every signal, exit and request to the host
  ([what is compared](traces.md)). `nanvix diff` does the same. Where there is no replay, why.
- **Calls**: how many different system calls the program and its children made.

This file is written by the tests (`pytest tests/catalog --catalog docs/catalog.md`; of a part of
them with `-k`, which leaves the other lines alone), and a test fails when a program is missing here
or no longer there.
"""


class Row(NamedTuple):
    """A line of the document."""

    name: str
    version: str
    shows: str
    kvm: str = NOT_RUN
    emu: str = NOT_RUN
    traces: str = NOT_RUN
    calls: str = ""

    def line(self) -> str:
        """The row in Markdown."""
        return "| " + " | ".join(cell.replace("|", "\\|") for cell in self) + " |"


class Finding(NamedTuple):
    """What one test found out about a program."""

    name: str
    check: str
    verdict: str
    calls: int = 0


def read(document: Path) -> dict[str, list[Row]]:
    """The rows of a document by group; nothing where it does not exist."""
    groups: dict[str, list[Row]] = {}
    if not document.exists():
        return groups
    rows: list[Row] = []
    for line in document.read_text().splitlines():
        if line.startswith("## "):
            rows = groups.setdefault(line[3:], [])
        elif line.startswith("| ") and line != _HEADER:
            cells = re.split(r"(?<!\\)\|", line)[1:-1]
            rows.append(Row(*(cell.strip().replace("\\|", "|") for cell in cells)))
    return groups


def update(
    old: Mapping[str, Sequence[Row]],
    table: Mapping[str, Sequence[Program]],
    findings: Sequence[Finding],
) -> dict[str, list[Row]]:
    """The rows of ``table``: what was found now, and what ``old`` says of the rest.

    A program of which nothing at all is known is left out.
    """
    known = {row.name: row for rows in old.values() for row in rows}
    by_name: dict[str, list[Finding]] = {}
    for finding in findings:
        by_name.setdefault(finding.name, []).append(finding)
    return {
        group: [
            _row(program, known.get(program.name), by_name.get(program.name, []))
            for program in programs
            if program.name in known or program.name in by_name
        ]
        for group, programs in table.items()
    }


def _row(program: Program, old: Row | None, findings: Sequence[Finding]) -> Row:
    row = old or Row(program.name, "", "")
    row = row._replace(shows=program.shows)
    if findings:
        row = row._replace(version=_version(program))
    for finding in findings:
        row = row._replace(**{finding.check: finding.verdict})
        if finding.calls:
            row = row._replace(calls=str(finding.calls))
    return row


def write(document: Path, groups: Mapping[str, Sequence[Row]]) -> None:
    """Write the document anew."""
    parts = [_INTRODUCTION.rstrip()]
    for group, rows in groups.items():
        parts += ["", f"## {group}", "", _HEADER, _RULE, *(row.line() for row in rows)]
    document.write_text("\n".join(parts) + "\n")


def complaints(
    groups: Mapping[str, Sequence[Row]], table: Mapping[str, Sequence[Program]]
) -> list[str]:
    """What makes a document stale: a program too few or too many."""
    listed = {(group, row.name, row.shows) for group, rows in groups.items() for row in rows}
    there = {(group, p.name, p.shows) for group, programs in table.items() for p in programs}
    found = [f"{name}: not in the document" for _, name, _ in sorted(there - listed)]
    found += [f"{name}: only in the document" for _, name, _ in sorted(listed - there)]
    return found


def _version(program: Program) -> str:
    """The first line that the program's version command prints, or nothing."""
    if not program.version:
        return ""
    tool, *arguments = program.version
    done = subprocess.run(
        [tool_path(tool) or tool, *arguments],
        env=ENVIRONMENT, capture_output=True, text=True, check=False, timeout=30,
    )  # fmt: skip
    lines = (done.stdout or done.stderr).strip().splitlines()
    numbers = re.search(r"\d+(\.\w+)+\S*", lines[0]) if lines else None
    return numbers[0].rstrip(',;)"') if numbers else ""

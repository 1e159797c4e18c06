"""The cases of ``tests/conformance/cases``: where they are, what they are called, what they cover.

One C file is one family. Cases are found in the text, so that listing them needs no compiler:
``CASE(name, "calls it is about")`` at the start of a line.
"""

import importlib
import re
import sys
from pathlib import Path
from typing import NamedTuple

from nanvix.abi.syscalls import SYSCALLS
from nanvix.errors import UsageError

ROOT = Path(__file__).resolve().parents[2]
CASES = ROOT / "tests" / "conformance" / "cases"

_CASE = re.compile(r'^CASE\((\w+), "([^"]*)"\)', re.MULTILINE)


class Case(NamedTuple):
    """``calls`` are names of system calls."""

    family: str
    name: str
    calls: tuple[str, ...]


def families() -> list[str]:
    """Names of all families. Raises UsageError outside a checkout."""
    names = sorted(path.stem for path in CASES.glob("*.c"))
    if not names:
        raise UsageError(
            "the conformance cases are part of a checkout: run this in a clone of the project, "
            "installed with `pip install -e '.[test]'`"
        )
    return names


def cases(family: str) -> list[Case]:
    """The cases of a family in the order of its file. Raises ValueError for an unknown call."""
    text = (CASES / f"{family}.c").read_text(encoding="utf-8")
    found = [Case(family, name, tuple(calls.split())) for name, calls in _CASE.findall(text)]
    known = set(SYSCALLS.values())
    for case in found:
        unknown = set(case.calls) - known
        if unknown:
            raise ValueError(f"{family}/{case.name}: no system calls: {', '.join(sorted(unknown))}")
    return found


def build(family: str) -> Path:
    """The family's program, compiled as the tests compile theirs, once.

    Raises UsageError where the compiler is not installed.
    """
    sys.path.insert(0, str(ROOT / "tests"))
    try:
        toolchain = importlib.import_module("support.toolchain")
        program: Path = toolchain.Toolchain()(CASES / f"{family}.c")
    except ModuleNotFoundError as error:
        raise UsageError(
            f"cases are compiled with what the tests use, and {error.name} is missing: "
            "`pip install -e '.[test]'`"
        ) from None
    finally:
        sys.path.remove(str(ROOT / "tests"))
    return program

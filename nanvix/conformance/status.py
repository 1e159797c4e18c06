"""``docs/syscalls.md``: every system call, what the kernel makes of it, how many cases say so."""

from collections import Counter
from collections.abc import Iterable

from nanvix.abi.syscalls import SYSCALLS
from nanvix.conformance.notes import DIFFERENCES, PARTIAL
from nanvix.conformance.suite import ROOT, Case

DOCUMENT = ROOT / "docs" / "syscalls.md"

IMPLEMENTED, IN_PART, MISSING = "implemented", "partial", "ENOSYS"

_HEAD = """\
# System calls

Of the {total} system calls of Linux on x86-64 the kernel has {present}; {partial} of them lack
something, which is named here. All others return `ENOSYS`. *Cases* counts the conformance cases
(`tests/conformance/`) that are about a call: each does the same natively and in a guest on both
backends.

This file is made from the built kernel's own table and the cases: `nanvix conformance --write-docs`
writes it, and a test fails when it is stale.

| Nr | Call | Status | Cases | What is missing |
|---:|---|---|---:|---|
"""
_DIFFERENCES = """
## Cases that differ

{count} of {total} cases are known to say something else in a guest; a test fails when one of them
no longer does.

| Case | Why |
|---|---|
"""


def status(call: str, present: frozenset[str]) -> str:
    """One of :data:`IMPLEMENTED`, :data:`IN_PART`, :data:`MISSING`."""
    if call not in present:
        return MISSING
    return IN_PART if call in PARTIAL else IMPLEMENTED


def why_different(case: Case, present: frozenset[str]) -> str | None:
    """Why a case may not do the same in a guest, or None where it must."""
    missing = [call for call in case.calls if call not in present]
    if missing:
        return f"the kernel has no {', '.join(missing)}"
    return DIFFERENCES.get(f"{case.family}/{case.name}")


def render(present: frozenset[str], cases: Iterable[Case]) -> str:
    """The document. Raises ValueError for a note about something that does not exist."""
    cases = list(cases)
    counts = Counter(call for case in cases for call in case.calls)
    known = {f"{case.family}/{case.name}" for case in cases}
    astray = (set(PARTIAL) - present) | (set(DIFFERENCES) - known)
    if astray:
        raise ValueError(f"notes about what does not exist: {', '.join(sorted(astray))}")
    lines = [
        f"| {number} | `{call}` | {status(call, present)} | {counts[call]} "
        f"| {PARTIAL.get(call, '')} |"
        for number, call in sorted(SYSCALLS.items())
    ]
    text = _HEAD.format(
        total=len(SYSCALLS), present=len(present), partial=len(PARTIAL)
    ) + "\n".join(lines)
    reasons = [(case, why_different(case, present)) for case in cases]
    differing = [
        f"| `{case.family}/{case.name}` | {reason} |" for case, reason in reasons if reason
    ]
    if differing:
        text += "\n" + _DIFFERENCES.format(count=len(differing), total=len(cases))
        text += "\n".join(differing)
    return text + "\n"

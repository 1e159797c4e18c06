"""``docs/syscalls.md`` is what the kernel's table and the cases say today."""

from nanvix.conformance.kernel_table import implemented
from nanvix.conformance.status import DOCUMENT, render
from nanvix.conformance.suite import cases, families


def test_it_is_not_stale() -> None:
    every = [case for family in families() for case in cases(family)]
    assert DOCUMENT.read_text() == render(implemented(), every), (
        "write it anew: nanvix conformance --write-docs"
    )


def test_two_hundred_calls_are_there() -> None:
    assert len(implemented()) >= 200

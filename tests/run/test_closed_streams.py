"""Standard streams that are closed or full: nothing lands elsewhere, no traceback."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from support.guest import NANVIX, Guest, Ran, execute, host_environment


def with_closed(closed: str, command: Sequence[object], input: bytes | None = None) -> Ran:
    """Run a command by a shell that closes streams first, such as ``<&- 2>&-``."""
    argv = ["sh", "-c", f'exec "$@" {closed}', "sh", *map(str, command)]
    ran = execute(argv, input=input, env=host_environment(), limit=60)
    assert b"Traceback" not in ran.err and b"internal error" not in ran.err, ran
    return ran


@pytest.mark.parametrize("closed", ["2>&-", "<&- 2>&-"])
def test_an_error_is_not_told_on_stdout(guest: Guest, closed: str) -> None:
    assert with_closed(closed, guest.command(["no-such-program"])) == (127, b"", b"")
    assert with_closed(closed, guest.command(["sh", "-c", "echo out; exit 3"])) == (
        3,
        b"out\n",
        b"",
    )


@pytest.mark.parametrize("verb", [["--version"], ["--help"], ["run", "--help"], ["replay"]])
def test_nobody_listens(verb: list[str]) -> None:
    code = 125 if verb == ["replay"] else 0
    assert with_closed("<&- >&- 2>&-", [*NANVIX, *verb]) == (code, b"", b"")


def test_input_that_is_closed_is_empty_to_both_runs_of_a_comparison() -> None:
    ran = with_closed("<&-", [*NANVIX, "diff", "--independent", "no-such-program"])
    assert (ran.code, ran.out) == (127, b"")


def test_a_replay(tmp_path: Path) -> None:
    """What it prints goes to no file that was opened in the place of a closed stream."""
    file = tmp_path / "recording"
    command = Guest("emu").command(["sh", "-c", "echo out; echo err >&2"], ["--record", file])
    assert execute(command, env=host_environment()) == (0, b"out\n", b"err\n")
    before, again = file.read_bytes(), [*NANVIX, "replay", file]
    assert with_closed(">&-", again) == (0, b"", b"err\n")
    assert with_closed("2>&-", again) == (0, b"out\n", b"")
    assert with_closed("<&- >&- 2>&-", again) == (0, b"", b"")
    full = with_closed(">/dev/full", again)
    assert (full.code, full.err) == (125, b"nanvix: no space left on device\n"), full
    assert file.read_bytes() == before

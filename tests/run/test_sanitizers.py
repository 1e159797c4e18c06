"""gcc's sanitizers: terabytes of shadow memory, threads that are listed and traced at the end."""

import pytest
from support.guest import Same
from support.toolchain import PROGRAMS, Toolchain

FLAGS = ("-g", "-O1", "-w")


@pytest.mark.requires("gcc", "bash")
def test_what_is_wrong_is_found(same: Same, compiled: Toolchain) -> None:
    """Errors of memory, leaks, undefined behaviour, races; nothing where nothing is wrong."""
    memory = compiled("sanitizers/wrong.c", "dynamic", (*FLAGS, "-fsanitize=address,undefined"))
    race = compiled("sanitizers/race.c", "dynamic", (*FLAGS, "-fsanitize=thread"))
    ran = same(
        ["bash", "all.sh"],
        files={
            "all.sh": (PROGRAMS / "sanitizers" / "all.sh").read_text(),
            "wrong": memory.read_bytes(),
            "race": race.read_bytes(),
        },
    )
    said = ran.out.decode()
    for found in ("leaked", "heap-buffer-overflow", "signed integer overflow", "data race"):
        assert found in said
    assert "none: exit 0\nleak: exit 1\n" in said

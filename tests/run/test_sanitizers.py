"""gcc's sanitizers: terabytes of shadow memory, threads that are listed and traced at the end."""

from typing import TYPE_CHECKING

import pytest
from support.guest import Same
from support.host import kvm_trouble
from support.toolchain import PROGRAMS, Toolchain

if TYPE_CHECKING:
    from conftest import Nanvix

FLAGS = ("-g", "-O1", "-w")
MEMORY = (*FLAGS, "-fsanitize=address,undefined")


@pytest.mark.requires("gcc", "bash")
def test_what_is_wrong_is_found(same: Same, compiled: Toolchain) -> None:
    """Errors of memory, leaks, undefined behaviour, races; nothing where nothing is wrong."""
    memory = compiled("sanitizers/wrong.c", "dynamic", MEMORY)
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


@pytest.mark.requires("gcc")
@pytest.mark.skipif(kvm_trouble() is not None, reason=str(kvm_trouble()))
def test_a_leak_is_found_again_in_the_replay(nanvix: "Nanvix", compiled: Toolchain) -> None:
    """Who traces a thread sees no registers, when recorded, that other processors do not have."""
    ran = nanvix("diff", compiled("sanitizers/wrong.c", "dynamic", MEMORY), "leak")
    assert b"10 byte(s) leaked" in ran.err
    assert b"no difference in" in ran.err

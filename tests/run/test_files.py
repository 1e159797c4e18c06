"""Files through system calls: on a directory of the host and in memory, as natively."""

import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.guest import Same
from support.since import since
from support.toolchain import Toolchain

ON_DISK = "."
RECENT = since("calls on files")
ATTRIBUTES = {"attributes of users": (rb"xattr .*", b"xattr")}


@pytest.fixture(params=["disk", "memory"])
def directory(request: pytest.FixtureRequest) -> Iterator[str]:
    """The shared directory, or one that each kernel keeps in memory of its own."""
    if request.param == "disk":
        yield ON_DISK
        return
    path = Path("/dev/shm", f"nanvix-test-{uuid.uuid4()}")
    yield str(path)
    shutil.rmtree(path, ignore_errors=True)


@pytest.mark.parametrize(
    "family",
    ["locks", *(pytest.param(name, marks=RECENT) for name in ("splice", "names", "space"))],
)
def test_family(same: Same, compiled: Toolchain, family: str, directory: str) -> None:
    """What every call says, and what it leaves behind."""
    assert same([compiled(f"files/{family}.c"), directory]).code == 0


@pytest.mark.parametrize("seed", range(1, 5))
def test_random_program(same: Same, compiled: Toolchain, seed: int, directory: str) -> None:
    """Thousands of calls by chance, and after each the same answer and the same files."""
    same([compiled("files/dice.c"), directory, str(seed)], blur=ATTRIBUTES)

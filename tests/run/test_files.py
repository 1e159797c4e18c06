"""Files through system calls: on a directory of the host and in memory, as natively."""

import shutil
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.guest import Guest, Same
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


LEASE = """
import fcntl, signal, time
open("/proc/sys/fs/lease-break-time", "w").write("1")
signal.signal(signal.SIGIO, signal.SIG_IGN)
open("f", "w").close()
held = open("f")
fcntl.fcntl(held, fcntl.F_SETLEASE, fcntl.F_RDLCK)
start = time.monotonic()
open("f", "w").close()
print(0.9 < time.monotonic() - start < 10, fcntl.fcntl(held, fcntl.F_GETLEASE) == fcntl.F_UNLCK)
"""


def test_a_lease_ends_with_its_time(guest: Guest) -> None:
    """A holder that does not answer keeps nobody for ever."""
    ran = guest([sys.executable, "-c", LEASE], options=["-w", "/tmp"])
    assert ran.out == b"True True\n", ran


@pytest.mark.requires("fio")
def test_asynchronous_requests_of_libaio(guest: Guest, tmp_path: Path) -> None:
    """Written, read back and found to be what was written, eight requests at a time."""
    job = tmp_path / "job"
    job.write_text(
        "[mixed]\nioengine=libaio\nthread=1\nrw=randrw\nsize=128k\nbs=4k\niodepth=8\n"
        "filename=/tmp/data\nverify=crc32c\n"
    )
    ran = guest(["fio", "--minimal", job], options=["-v", f"{tmp_path}:ro"])
    assert (ran.code, ran.out.split(b";")[2:5]) == (0, [b"mixed", b"0", b"0"]), ran

"""A guest kernel that sends anything: only errno comes back, only the export changes."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.host_files import HostFiles, descriptors

from nanvix.abi.channel import OPS
from nanvix.macro.fs import Export

SECRET = b"known \x13 to \x37 the \x59 host"
FS_OPS = sorted(name for name in OPS if name.startswith("FS_"))

numbers = st.one_of(
    st.integers(0, 12),
    st.integers(0, 2**64 - 1),
    st.sampled_from([0o7777, 2**31, 2**32 - 1, 2**63 - 1, 2**63, 2**64 - 4096, 2**64 - 1]),
)
names = st.sampled_from(
    [b"f", b"d", b"l", b"out", b"fifo", b"d/g", b"l/secret", b"out/secret", b"new", b"new2", b"..",
     b"../outside/secret", b".", b"/etc/passwd", b"", b"d/../..", b"n" * 255, b"n" * 256,
     b"a/" * 16 + b"a", b"\0", b"f\0", b"\xff\xfe"]
)  # fmt: skip
inputs = st.lists(st.one_of(names, st.binary(max_size=5000)), max_size=4)
outputs = st.lists(st.sampled_from([0, 1, 7, 32, 56, 111, 112, 113, 300, 4096, 40_000]), max_size=5)
calls = st.tuples(st.sampled_from(FS_OPS), st.lists(numbers, max_size=6), inputs, outputs)


@pytest.fixture(scope="module")
def outside() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        path = Path(name)
        (path / "secret").write_bytes(SECRET)
        yield path


def state(directory: Path) -> list[tuple[str, int, int, int, bytes]]:
    """Everything a call could change there; not the access time, which this reading moves."""
    found = []
    for path in sorted(directory.iterdir()):
        stat = path.stat()
        found.append((path.name, stat.st_mode, stat.st_ino, stat.st_ctime_ns, path.read_bytes()))
    return found


def build(path: Path, outside: Path) -> None:
    (path / "d").mkdir()
    (path / "f").write_bytes(b"file")
    (path / "d/g").write_bytes(b"g" * 9000)
    (path / "l").symlink_to("d")
    (path / "out").symlink_to(outside)
    os.mkfifo(path / "fifo")


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(script=st.lists(calls, max_size=25))
def test_any_calls(
    outside: Path, script: list[tuple[str, list[int], list[bytes], list[int]]]
) -> None:
    before, open_before = state(outside), descriptors()
    with tempfile.TemporaryDirectory() as writable, tempfile.TemporaryDirectory() as fixed:
        build(Path(writable), outside)
        build(Path(fixed), outside)
        fixed_before = Path(fixed).stat().st_mtime_ns, (Path(fixed) / "f").stat().st_ctime_ns
        with HostFiles(Path(writable), Export(fixed, True)) as files:
            for root in (1, 2):
                for name in (b"f", b"d/g", b"l", b"out", b"fifo"):
                    files.walk(root, name)
            for op, arg, ins, sizes in script:
                outs = [bytearray(size) for size in sizes]
                files.call(op, *arg, ins=ins, outs=outs)
                assert SECRET not in b"".join(outs)
        assert (Path(fixed).stat().st_mtime_ns, (Path(fixed) / "f").stat().st_ctime_ns) == (
            fixed_before
        )
        os.chmod(writable, 0o700)
    assert state(outside) == before
    assert descriptors() == open_before

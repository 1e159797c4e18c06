"""Reading and writing regular files of the host."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.host import ROOT
from support.host_files import HostFiles


def test_scattered_reads(tmp_path: Path) -> None:
    data = bytes(range(256)) * 40
    (tmp_path / "f").write_bytes(data)
    with HostFiles(tmp_path) as files:
        node = files.find("f").node
        parts = [bytearray(size) for size in (4096, 0, 10, 4096)]
        assert files.call("FS_READ", node, 100, outs=parts).result == 8202
        assert b"".join(parts) == data[100 : 100 + 8202]
        assert files.read(node, len(data) - 3) == data[-3:]
        assert files.read(node, len(data)) == b"" == files.read(node, 2**62)
        assert files.call("FS_READ", node).result == 0


def test_gathered_writes(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"0123456789")
    with HostFiles(tmp_path) as files:
        node = files.find("f").node
        answer = files.call("FS_WRITE", node, 8, ins=[b"ab", b"", b"cd"])
        host = (tmp_path / "f").stat()
        assert answer == (4, [12, host.st_mtime_ns, 8, 0, 0, 0, 0])
        assert (tmp_path / "f").read_bytes() == b"01234567abcd"
        assert files.write(node, b"far", 1 << 20).out[0] == (1 << 20) + 3
        assert files.read(node, 12, 5) == bytes(5)


def test_appending_tells_where(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"12345")
    with HostFiles(tmp_path) as files:
        node = files.find("f").node
        assert files.write(node, b"67", offset=1, append=1).out[:3:2] == [7, 5]
        with (tmp_path / "f").open("ab") as other:
            other.write(b"host")
        assert files.write(node, b"8", append=1).out[:3:2] == [12, 11]
        assert files.write(node, b"", append=1).out[:3:2] == [12, 12]
        assert files.write(node, b"X", offset=0).out[2] == 0
        assert files.write(node, b"9", append=1).out[2] == 12
        assert (tmp_path / "f").read_bytes() == b"X234567host89"


def test_both_sides_see_changes_at_once(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"one")
    with HostFiles(tmp_path) as files:
        node = files.find("f").node
        assert files.read(node) == b"one"
        (tmp_path / "f").write_bytes(b"three")
        assert files.read(node) == b"three"
        assert files.attr("FS_GETATTR", node).size == 5


def test_what_has_no_content(tmp_path: Path) -> None:
    (tmp_path / "l").symlink_to("nowhere")
    with HostFiles(tmp_path) as files:
        link = files.find("l").node
        assert files.error("FS_READ", 1) == files.error("FS_WRITE", 1, ins=[b"x"]) == "EISDIR"
        assert files.error("FS_READ", link) == files.error("FS_WRITE", link, ins=[b"x"]) == "EINVAL"
        files.list(1)
        assert files.error("FS_READ", 1) == "EISDIR"


def test_offsets_out_of_range(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"one")
    with HostFiles(tmp_path) as files:
        node = files.find("f").node
        for offset in (2**63, 2**64 - 1):
            assert files.error("FS_READ", node, offset) == "EINVAL"
            assert files.error("FS_WRITE", node, offset, ins=[b"x"]) == "EINVAL"
        assert files.error("FS_WRITE", node, 2**63 - 1, ins=[b"x"]) in ("EFBIG", "EINVAL")
        assert (tmp_path / "f").read_bytes() == b"one"


@pytest.mark.parametrize("data_only", [0, 1])
def test_fsync(tmp_path: Path, data_only: int) -> None:
    (tmp_path / "f").write_bytes(b"one")
    (tmp_path / "l").symlink_to("f")
    with HostFiles(tmp_path) as files:
        for node in (1, files.find("f").node):
            assert files.error("FS_FSYNC", node, data_only) == ""
        assert files.error("FS_FSYNC", files.find("l").node, data_only) == "EINVAL"


FULL = """
import resource, sys
from pathlib import Path
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
from support.host_files import HostFiles
with HostFiles(Path(sys.argv[1])) as files:
    node = files.attr("FS_CREATE", 1, 0o600, 1, ins=[b"f"]).node
    assert files.write(node, bytes(1500)).result == 1000
    assert files.error("FS_WRITE", node, 1000, ins=[b"x"]) == "EFBIG"
    assert files.error("FS_WRITE", node, 0, 1, ins=[b"x"]) == "EFBIG"
    assert files.error("FS_SETATTR", node, 4, 0, 2000) == "EFBIG"
"""


def test_a_file_size_limit_is_an_error_and_no_signal(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-B", "-c", FULL, tmp_path],
        env={"PYTHONPATH": f"{ROOT}:{ROOT}/tests"}, timeout=60, check=False,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_no_space_is_enospc(tmp_path: Path) -> None:
    if os.geteuid():
        pytest.skip("mounting a small file system needs root")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", tmp_path], check=False,
        capture_output=True,
    )  # fmt: skip
    if mounted.returncode:
        pytest.skip("cannot mount here")
    try:
        with HostFiles(tmp_path) as files:
            node = files.attr("FS_CREATE", 1, 0o600, 1, ins=[b"f"]).node
            assert files.write(node, bytes(64 << 10)).result == 16 << 10
            assert files.error("FS_WRITE", node, 16 << 10, ins=[bytes(4096)]) == "ENOSPC"
    finally:
        subprocess.run(["umount", tmp_path], check=True)

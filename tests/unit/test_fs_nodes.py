"""The life of nodes: forgetting, limits, and what stays open when."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.host import ROOT
from support.host_files import HostFiles, descriptors

from nanvix.errors import NanvixError
from nanvix.macro.fs import Export, FileService


def test_a_forgotten_node_is_stale_and_its_number_is_not_used_again(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"1")
    with HostFiles(tmp_path) as files:
        node = files.find("f").node
        assert files.read(node) == b"1"
        before = len(descriptors())
        assert files.error("FS_FORGET", node) == ""
        assert len(descriptors()) == before - 2
        for op in ("FS_READ", "FS_GETATTR", "FS_FORGET", "FS_READLINK", "FS_STATFS", "FS_FSYNC"):
            assert files.error(op, node) == "ESTALE"
        assert files.find("f").node > node


def test_roots_stay(tmp_path: Path) -> None:
    with HostFiles(tmp_path) as files:
        assert files.error("FS_FORGET", 1) == ""
        assert files.attr("FS_GETATTR", 1).node == 1
        for unknown in (0, 2, 2**63, 2**64 - 1):
            assert files.error("FS_GETATTR", unknown) == "ESTALE"


def test_an_unlinked_file_lives_on(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"still here")
    with HostFiles(tmp_path) as files:
        node = files.find("f").node
        (tmp_path / "f").unlink()
        assert files.read(node) == b"still here"
        files.write(node, b"STILL")
        assert files.read(node) == b"STILL here"
        assert files.attr("FS_GETATTR", node).nlink == 0


def test_a_file_that_moves_is_the_same_node(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"1")
    with HostFiles(tmp_path) as files:
        node = files.find("f").node
        (tmp_path / "f").rename(tmp_path / "g")
        (tmp_path / "f").write_bytes(b"2")
        assert files.find("g").node == node and files.read(node) == b"1"
        assert files.find("f").node != node


def test_more_files_than_are_kept_open(tmp_path: Path) -> None:
    with HostFiles(tmp_path) as files:
        nodes = [
            files.attr("FS_CREATE", 1, 0o644, 1, ins=[b"%d" % number]).node for number in range(600)
        ]
        for number, node in enumerate(nodes):
            files.write(node, b"%d" % number)
        for number, node in reversed(list(enumerate(nodes))):
            assert files.read(node) == b"%d" % number
        assert len(descriptors()) < 600 + 300


def test_nothing_stays_open(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "f").write_bytes(b"1")
    before = descriptors()
    files = HostFiles(tmp_path, Export(str(tmp_path / "f")))
    node = files.attr("FS_CREATE", files.find("d").node, 0o600, ins=[b"new"]).node
    files.read(node)
    files.list(1)
    files.service.close()
    files.service.close()
    assert descriptors() == before
    assert files.error("FS_GETATTR", 1) == "ESTALE"


@pytest.mark.parametrize("path", ["missing", "fifo", "/dev/null", "/proc", "/proc/self/maps"])
def test_what_cannot_be_exported(tmp_path: Path, path: str) -> None:
    os.mkfifo(tmp_path / "fifo")
    before = descriptors()
    with pytest.raises(OSError, match=path) as caught:
        FileService([Export(str(tmp_path)), Export(os.path.join(tmp_path, path))])
    assert caught.value.filename == os.path.join(tmp_path, path)
    assert descriptors() == before


LIMITED = """
import os, resource, sys
from pathlib import Path
resource.setrlimit(resource.RLIMIT_NOFILE, (128, 128))
from support.host_files import HostFiles, descriptors
files = HostFiles(Path(sys.argv[1]))
nodes = []
while not (failed := files.walk(1, b"f%d" % len(nodes))[1]):
    nodes.append(files.find("f%d" % len(nodes)).node)
assert failed == "ENFILE", failed
assert 16 <= len(nodes) < 128, len(nodes)
for name in (b"FS_CREATE", b"FS_MKDIR"):
    assert files.error(name.decode(), 1, 0o700, ins=[b"new"]) == "ENFILE"
assert not os.path.exists(sys.argv[1] + "/new")
for node in nodes:                       # I/O works on every one of them all the same
    assert files.read(node) == b"x" and files.write(node, b"y").result == 1
assert files.find("f0").node == nodes[0]  # and so do walks to what is known
hog = []
try:
    while True: hog.append(os.open("/", os.O_RDONLY))
except OSError: pass
assert files.read(nodes[-1]) == b"y"
assert files.error("FS_FORGET", nodes[0]) == ""
assert files.read(nodes[1]) == b"y"
for fd in hog: os.close(fd)
for node in nodes[1:]:
    assert files.error("FS_FORGET", node) == ""
assert files.find("f150").node > nodes[-1]
files.service.close()
assert len(descriptors()) <= 4, descriptors()
"""


def test_running_out_of_descriptors_is_enfile(tmp_path: Path) -> None:
    for number in range(200):
        (tmp_path / f"f{number}").write_bytes(b"x")
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, tmp_path],
        env={"PYTHONPATH": f"{ROOT}:{ROOT}/tests"}, timeout=60, check=False,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


RAISED = """
import resource, sys
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard))
from nanvix.macro.fs import Export, FileService
FileService([Export(sys.argv[1])]).close()
soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
assert soft == min(hard, 65536 + 512) if hard >= 0 else soft == 65536 + 512
"""


def test_the_soft_limit_is_raised(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", RAISED, tmp_path],
        env={"PYTHONPATH": str(ROOT)}, timeout=60, check=False, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_a_saved_machine_has_no_kernel_interfaces() -> None:
    """Whatever its file says the guest had walked to."""
    status = os.stat("/proc")
    known = [status.st_dev, status.st_ino]
    with HostFiles(Export("/", True)) as files:
        nodes = files.service.nodes
        before = descriptors()
        with pytest.raises(NanvixError, match="a kernel interface"):
            nodes.load(nodes.save() | {"nodes": [[9, 1, "proc", known]]})
        assert descriptors() == before

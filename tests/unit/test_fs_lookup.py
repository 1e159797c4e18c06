"""Walking from an export's root to nodes, and what a node says of itself."""

import gc
import os
import stat
import weakref
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from support.host_files import Attr, HostFiles

from nanvix.abi.channel import ATTR
from nanvix.macro.fs import Export, linux

DAY = 86_400 * 10**9


@pytest.fixture
def files(tmp_path: Path) -> Iterator[HostFiles]:
    (tmp_path / "a/b/c").mkdir(parents=True)
    (tmp_path / "a/b/c/deep").write_bytes(b"down here")
    (tmp_path / "top").write_bytes(b"x" * 10_000)
    (tmp_path / "link").symlink_to("a/b")
    with HostFiles(tmp_path) as files:
        yield files


def test_a_walk_tells_all_it_passes(files: HostFiles) -> None:
    attrs, failed, content = files.walk(1, b"a/b/c/deep")
    assert failed == "" and content == b""
    assert [stat.S_ISDIR(attr.mode) for attr in attrs] == [True, True, True, False]
    assert len({attr.node for attr in attrs}) == 4 and 1 not in {attr.node for attr in attrs}


def test_attributes_are_those_of_stat(files: HostFiles, tmp_path: Path) -> None:
    path = tmp_path / "top"
    path.chmod(0o640)
    os.utime(path, ns=(3 * DAY + 7, -DAY - 5))
    attr, host = files.find("top"), path.stat()
    assert attr == files.attr("FS_GETATTR", attr.node)
    assert (attr.size, attr.mode, attr.nlink) == (10_000, stat.S_IFREG | 0o640, 1)
    assert (attr.atime, attr.mtime) == (3 * DAY + 7, -DAY - 5)
    assert (attr.uid, attr.gid) == (host.st_uid, host.st_gid)
    assert (attr.blocks, attr.blksize, attr.ctime) == (
        host.st_blocks, host.st_blksize, host.st_ctime_ns,
    )  # fmt: skip


def test_a_node_keeps_its_number(files: HostFiles, tmp_path: Path) -> None:
    node = files.find("top").node
    os.link(tmp_path / "top", tmp_path / "a/other")
    assert files.find("a/other").node == node == files.find("top").node
    assert files.find("top").nlink == 2


def test_a_missing_component_ends_the_walk(files: HostFiles) -> None:
    assert [len(part) for part in files.walk(1, b"a/nothing/c")] == [1, len("ENOENT"), 0]
    assert files.walk(1, b"nothing")[:2] == ([], "ENOENT")
    assert files.walk(1, b"top/under")[1] == "ENOTDIR"
    assert files.walk(1, b"a/" + b"n" * 256)[1] == "ENAMETOOLONG"


def test_a_symbolic_link_ends_the_walk(files: HostFiles) -> None:
    attrs, failed, _ = files.walk(1, b"link/c/deep")
    assert failed == "" and [stat.S_ISLNK(attr.mode) for attr in attrs] == [True]
    assert files.readlink(attrs[0].node) == b"a/b"
    assert files.readlink(attrs[0].node, 2) == b"a/"
    assert files.error("FS_READLINK", 1) == "EINVAL"
    assert files.error("FS_WALK", attrs[0].node, ins=[b"c"]) == ""
    assert files.walk(attrs[0].node, b"c")[:2] == ([], "ENOTDIR")


def test_the_room_for_records_bounds_the_walk(files: HostFiles) -> None:
    attrs, failed, content = files.walk(1, b"a/b/c/deep", content=100, records=2)
    assert (len(attrs), failed, content) == (2, "", b"")
    assert files.error("FS_WALK", 1, ins=[b"a"], size=ATTR.size - 1) == "EINVAL"


def test_a_walk_brings_content(files: HostFiles, tmp_path: Path) -> None:
    assert files.walk(1, b"a/b/c/deep", content=100)[2] == b"down here"
    assert files.walk(1, b"top", content=4096)[2] == b"x" * 4096
    assert files.walk(1, b"a/b", content=100)[2] == b""
    assert files.walk(1, b"link", content=100)[2] == b"a/b"
    assert files.walk(1, b"link", content=2)[2] == b""
    out, first, second = bytearray(ATTR.size), bytearray(4096), bytearray(8192)
    answer = files.call("FS_WALK", 1, ins=[b"top"], outs=[out, first, second])
    assert answer == (1, [0, 10_000, 0, 0, 0, 0, 0])
    assert first + second == b"x" * 10_000 + bytes(4096 + 8192 - 10_000)


def test_who_only_asks_is_given_programs(files: HostFiles, tmp_path: Path) -> None:
    out, page = bytearray(ATTR.size), bytearray(10_000)
    assert files.call("FS_WALK", 1, 1, ins=[b"top"], outs=[out, page])[1][1] == 0
    (tmp_path / "top").chmod(0o755)
    assert files.call("FS_WALK", 1, 1, ins=[b"top"], outs=[out, page])[1][1] == 10_000


def test_attributes_of_several_nodes(files: HostFiles) -> None:
    nodes = [attr.node for attr in files.walk(1, b"a/b/c/deep")[0]]
    assert nodes == list(range(nodes[0], nodes[0] + 4))
    for room, told in ((1, 1), (3, 3), (9, 4)):
        out = bytearray(ATTR.size * room + 8)
        assert files.call("FS_GETATTR", nodes[0], outs=[out])[0] == told
        found = [Attr(*ATTR.codec.unpack_from(out, at * ATTR.size)) for at in range(told)]
        assert [attr.node for attr in found] == nodes[:told]
        assert stat.S_ISREG(found[-1].mode) == (told == 4)
    assert files.error("FS_GETATTR", nodes[-1] + 1) == "ESTALE"


def test_sixteen_components_at_most(files: HostFiles, tmp_path: Path) -> None:
    (tmp_path / "/".join("d" * 17)).mkdir(parents=True)
    assert len(files.walk(1, b"/".join([b"d"] * 16))[0]) == 16
    assert files.error("FS_WALK", 1, ins=[b"/".join([b"d"] * 17)]) == "EINVAL"


def test_an_export_can_be_one_file(tmp_path: Path) -> None:
    (tmp_path / "program").write_bytes(b"\x7fELF")
    (tmp_path / "alias").symlink_to("program")
    with HostFiles(tmp_path / "program", tmp_path / "alias") as files:
        for root in (1, 2):
            assert files.attr("FS_GETATTR", root).node == root
            assert files.read(root) == b"\x7fELF"
            assert files.walk(root, b"x")[:2] == ([], "ENOTDIR")


def test_exports_have_their_own_nodes_and_rights(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"1")
    with HostFiles(tmp_path, Export(str(tmp_path), True, True)) as files:
        writable, fixed = files.find("f", 1), files.find("f", 2)
        assert writable.ino == fixed.ino and writable.node != fixed.node
        assert writable.access & 2 and not fixed.access & 2


def test_access_is_what_this_process_may_do(files: HostFiles, tmp_path: Path) -> None:
    path = tmp_path / "top"
    for mode in (0o755, 0o644, 0o000, 0o200):
        path.chmod(mode)
        may = sum(bit for bit in (4, 2, 1) if os.access(path, bit))
        assert files.find("top").access == may, oct(mode)
    assert files.find("a").access == 7
    assert files.find("link").access == 7


def test_statfs(files: HostFiles, tmp_path: Path) -> None:
    host, found = os.statvfs(tmp_path), files.statfs(files.find("top").node)
    assert (found["bsize"], found["blocks"]) == (host.f_frsize, host.f_blocks)
    assert (found["files"], found["namelen"]) == (host.f_files, host.f_namemax)
    assert files.error("FS_STATFS", 1, size=8) == "EINVAL"


def test_times_beyond_the_abi_are_clamped(files: HostFiles, tmp_path: Path) -> None:
    far = 2**34
    os.utime(tmp_path / "top", (far, far))
    if (tmp_path / "top").stat().st_mtime_ns < 2**63:
        pytest.skip("this file system has no times beyond 2262")
    assert files.find("top").mtime == 2**63 - 1


def test_failures_hold_nothing(tmp_path: Path) -> None:
    """No cycle of exception and frame keeps alive what the callers had, such as guest memory."""

    class Guest:
        pass

    def fail() -> weakref.ref[Guest]:
        guest = Guest()
        with suppress(FileNotFoundError):
            linux.look(directory, b"missing")
        return weakref.ref(guest)

    directory = os.open(tmp_path, os.O_PATH)
    gc.disable()
    try:
        assert fail()() is None
    finally:
        gc.enable()
        os.close(directory)

"""What a guest can change on a writable export."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.host_files import HostFiles

from nanvix.abi.channel import SET_ATIME, SET_MODE, SET_MTIME, SET_OWNER, SET_SIZE

ALL32 = 2**32 - 1


@pytest.fixture
def files(tmp_path: Path) -> Iterator[HostFiles]:
    (tmp_path / "d").mkdir()
    (tmp_path / "f").write_bytes(b"content")
    with HostFiles(tmp_path) as files:
        yield files


def give_away(path: Path, uid: int, gid: int) -> None:
    try:
        os.chown(path, uid, gid)
    except PermissionError:
        pytest.skip("changing owners is not permitted here")


def test_create(files: HostFiles, tmp_path: Path) -> None:
    attr = files.attr("FS_CREATE", 1, 0o666, 1, ins=[b"new"])
    assert attr.mode == stat.S_IFREG | 0o666, "the guest's umask counts, not the host's"
    assert files.find("new").node == attr.node
    files.write(attr.node, b"hello")
    assert (tmp_path / "new").read_bytes() == b"hello"
    assert files.error("FS_CREATE", 1, 0o666, 1, ins=[b"new"]) == "EEXIST"
    again = files.attr("FS_CREATE", 1, 0o600, 0, ins=[b"new"])
    assert (again.node, again.size, again.mode & 0o777) == (attr.node, 5, 0o666)


def test_create_finds_what_is_there_whatever_it_is(files: HostFiles, tmp_path: Path) -> None:
    (tmp_path / "l").symlink_to("made-through-the-link")
    assert stat.S_ISLNK(files.attr("FS_CREATE", 1, 0o600, ins=[b"l"]).mode)
    assert stat.S_ISDIR(files.attr("FS_CREATE", 1, 0o600, ins=[b"d"]).mode)
    assert files.error("FS_CREATE", 1, 0o600, 1, ins=[b"l"]) == "EEXIST"
    assert sorted(os.listdir(tmp_path)) == ["d", "f", "l"]


def test_a_created_file_can_be_written_whatever_its_mode(files: HostFiles, tmp_path: Path) -> None:
    node = files.attr("FS_CREATE", 1, 0o400, 1, ins=[b"object"]).node
    files.write(node, b"packed")
    assert (tmp_path / "object").read_bytes() == b"packed"


def test_mkdir_and_rmdir(files: HostFiles, tmp_path: Path) -> None:
    attr = files.attr("FS_MKDIR", 1, 0o1777, ins=[b"tmp"])
    assert attr.mode == stat.S_IFDIR | 0o1777 == (tmp_path / "tmp").stat().st_mode
    assert files.error("FS_MKDIR", 1, 0o700, ins=[b"tmp"]) == "EEXIST"
    files.attr("FS_CREATE", attr.node, 0o600, 1, ins=[b"x"])
    assert files.error("FS_RMDIR", 1, ins=[b"tmp"]) == "ENOTEMPTY"
    assert files.error("FS_UNLINK", 1, ins=[b"tmp"]) in ("EISDIR", "EPERM")
    assert files.error("FS_RMDIR", attr.node, ins=[b"x"]) == "ENOTDIR"
    assert files.error("FS_UNLINK", attr.node, ins=[b"x"]) == ""
    assert files.error("FS_RMDIR", 1, ins=[b"tmp"]) == ""
    assert files.error("FS_CREATE", attr.node, 0o600, 1, ins=[b"x"]) == "ENOENT"


@pytest.mark.parametrize("kind", [stat.S_IFIFO, stat.S_IFSOCK])
def test_mknod(files: HostFiles, tmp_path: Path, kind: int) -> None:
    """A name on the host, with exactly the permissions asked for."""
    attr = files.attr("FS_MKNOD", 1, kind | 0o6666, ins=[b"p"])
    assert attr.mode == kind | 0o666 == (tmp_path / "p").stat().st_mode
    assert (attr.access, attr.nlink) == (6, 1)
    assert files.find("p").node == attr.node
    assert files.attr("FS_LINK", attr.node, 1, ins=[b"second"]).nlink == 2
    assert files.attr("FS_SETATTR", attr.node, SET_MODE, 0o640).mode == kind | 0o640
    assert files.error("FS_RENAME", 1, 1, ins=[b"p", b"moved"]) == ""
    assert files.error("FS_UNLINK", 1, ins=[b"moved"]) == ""
    assert (tmp_path / "second").stat().st_mode == kind | 0o640


def test_mkdir_keeps_an_inherited_group(files: HostFiles, tmp_path: Path) -> None:
    give_away(tmp_path / "d", -1, 1234)
    (tmp_path / "d").chmod(0o2777)
    attr = files.attr("FS_MKDIR", files.find("d").node, 0o777, ins=[b"sub"])
    assert (attr.mode & 0o7777, attr.gid) == (0o2777, 1234)


def test_symlink(files: HostFiles, tmp_path: Path) -> None:
    target = b"../../etc/\xff passwd"
    attr = files.attr("FS_SYMLINK", 1, ins=[b"l", target])
    assert stat.S_ISLNK(attr.mode) and attr.size == len(target)
    assert os.readlink(os.fsencode(tmp_path / "l")) == target == files.readlink(attr.node)
    assert files.error("FS_SYMLINK", 1, ins=[b"l", b"x"]) == "EEXIST"
    assert files.error("FS_SYMLINK", 1, ins=[b"m", b""]) == "ENOENT"
    assert files.error("FS_SYMLINK", 1, ins=[b"m", b"a\0b"]) == "EINVAL"
    assert files.error("FS_SYMLINK", 1, ins=[b"m", b"t" * 4096]) == "ENAMETOOLONG"
    assert files.error("FS_SYMLINK", 1, ins=[b"m"]) == "EINVAL"


def test_link(files: HostFiles, tmp_path: Path) -> None:
    node, directory = files.find("f").node, files.find("d").node
    attr = files.attr("FS_LINK", node, directory, ins=[b"hard"])
    assert (attr.node, attr.nlink) == (node, 2)
    assert (tmp_path / "d/hard").samefile(tmp_path / "f")
    assert files.error("FS_LINK", node, directory, ins=[b"hard"]) == "EEXIST"
    assert files.error("FS_LINK", directory, 1, ins=[b"dir"]) == "EPERM"


def test_linking_a_symbolic_link_links_the_link(files: HostFiles, tmp_path: Path) -> None:
    (tmp_path / "l").symlink_to("f")
    node = files.find("l").node
    assert files.attr("FS_LINK", node, 1, ins=[b"m"]).node == node
    assert os.readlink(tmp_path / "m") == "f" and (tmp_path / "f").stat().st_nlink == 1


def test_rename(files: HostFiles, tmp_path: Path) -> None:
    node, directory = files.find("f").node, files.find("d").node
    assert files.error("FS_RENAME", 1, directory, ins=[b"f", b"g"]) == ""
    assert files.find("d/g").node == node
    (tmp_path / "h").write_bytes(b"other")
    assert files.error("FS_RENAME", 1, directory, 1, ins=[b"h", b"g"]) == "EEXIST"
    assert files.error("FS_RENAME", 1, directory, 2, ins=[b"h", b"g"]) == ""
    assert (tmp_path / "h").read_bytes() == b"content"
    assert files.error("FS_RENAME", 1, 1, ins=[b"none", b"h"]) == "ENOENT"
    assert files.error("FS_RENAME", 1, directory, ins=[b"d", b"in-itself"]) == "EINVAL"
    assert files.error("FS_RENAME", directory, 1, ins=[b"g", b"h"]) == ""
    assert (tmp_path / "h").read_bytes() == b"other"
    for flags in (3, 4, 8, 2**64 - 1):
        assert files.error("FS_RENAME", 1, 1, flags, ins=[b"h", b"i"]) == "EINVAL"


def test_names_stay_within_one_export(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    (tmp_path / "one/f").write_bytes(b"1")
    with HostFiles(tmp_path / "one", tmp_path / "two") as files:
        assert files.error("FS_RENAME", 1, 2, ins=[b"f", b"f"]) == "EXDEV"
        assert files.error("FS_LINK", files.find("f").node, 2, ins=[b"f"]) == "EXDEV"
        assert os.listdir(tmp_path / "two") == []


def test_setattr_mode_and_size(files: HostFiles, tmp_path: Path) -> None:
    node = files.find("f").node
    attr = files.attr("FS_SETATTR", node, SET_MODE | SET_SIZE, 0o604, 3)
    assert (attr.mode & 0o7777, attr.size) == (0o604, 3)
    assert (tmp_path / "f").read_bytes() == b"con"
    assert files.attr("FS_SETATTR", node, SET_SIZE, 0, 5).size == 5
    assert (tmp_path / "f").read_bytes() == b"con\0\0"
    assert files.attr("FS_SETATTR", node, 0).size == 5
    assert files.error("FS_SETATTR", node, SET_SIZE, 0, 2**63) == "EINVAL"
    assert files.error("FS_SETATTR", 1, SET_SIZE, 0, 0) == "EISDIR"
    assert files.error("FS_SETATTR", node, 1 << 5) == "EINVAL"
    assert files.error("FS_SETATTR", node, SET_SIZE | SET_OWNER) == "EINVAL"


def test_access_follows_a_change_of_mode(files: HostFiles) -> None:
    node = files.find("f").node
    assert not files.attr("FS_SETATTR", node, SET_MODE, 0o644).access & 1
    assert files.attr("FS_SETATTR", node, SET_MODE, 0o755).access & 1


def test_setattr_times(files: HostFiles, tmp_path: Path) -> None:
    node = files.find("f").node
    both = files.attr("FS_SETATTR", node, SET_ATIME | SET_MTIME, 0, 0, 10**18 + 1, 10**18 + 2)
    assert (both.atime, both.mtime) == (10**18 + 1, 10**18 + 2)
    one = files.attr("FS_SETATTR", node, SET_MTIME, 0, 0, 0, 2**64 - 5)
    assert (one.atime, one.mtime) == (10**18 + 1, -5)
    other = files.attr("FS_SETATTR", node, SET_ATIME, 0, 0, 77, 99)
    assert (other.atime, other.mtime) == (77, -5)
    assert files.attr("FS_SETATTR", 1, SET_MTIME, 0, 0, 0, 42).mtime == 42
    for extreme in (2**63, 2**63 - 1):
        files.attr("FS_SETATTR", node, SET_ATIME | SET_MTIME, 0, 0, extreme, extreme)


def test_attributes_of_a_link_are_its_own(files: HostFiles, tmp_path: Path) -> None:
    (tmp_path / "l").symlink_to("f")
    before = (tmp_path / "f").stat()
    node = files.find("l").node
    assert files.attr("FS_SETATTR", node, SET_MTIME, 0, 0, 0, 42).mtime == 42
    assert files.error("FS_SETATTR", node, SET_MODE, 0o777) in ("", "ENOTSUP")
    assert files.error("FS_SETATTR", node, SET_SIZE, 0, 0) == "EINVAL"
    assert (tmp_path / "f").stat() == before


def test_setattr_owner(files: HostFiles, tmp_path: Path) -> None:
    give_away(tmp_path / "f", 7, 7)
    node = files.find("f").node
    attr = files.attr("FS_SETATTR", node, SET_OWNER | SET_MODE, 0o640 | 12 << 32, 34)
    assert (attr.uid, attr.gid, attr.mode & 0o7777) == (12, 34, 0o640)
    attr = files.attr("FS_SETATTR", node, SET_OWNER, ALL32 << 32, 56)
    assert (attr.uid, attr.gid) == (12, 56)
    attr = files.attr("FS_SETATTR", node, SET_OWNER, 78 << 32, ALL32)
    assert (attr.uid, attr.gid) == (78, 56)
    (tmp_path / "l").symlink_to("f")
    link = files.attr("FS_SETATTR", files.find("l").node, SET_OWNER, 1 << 32, 1)
    assert (link.uid, (tmp_path / "f").stat().st_uid) == (1, 78)


def test_nothing_is_made_without_room_for_the_answer(files: HostFiles, tmp_path: Path) -> None:
    for op in ("FS_CREATE", "FS_MKDIR"):
        assert files.error(op, 1, 0o700, ins=[b"new"], size=8) == "EINVAL"
    assert files.error("FS_SYMLINK", 1, ins=[b"new", b"x"], size=8) == "EINVAL"
    assert files.error("FS_LINK", files.find("f").node, 1, ins=[b"new"], size=8) == "EINVAL"
    assert files.error("FS_SETATTR", files.find("f").node, SET_SIZE, size=8) == "EINVAL"
    assert sorted(os.listdir(tmp_path)) == ["d", "f"]
    assert (tmp_path / "f").read_bytes() == b"content"

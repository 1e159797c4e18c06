"""No way out of an export, no way to change a read-only one, no way into special files."""

import contextlib
import os
import socket
import stat
import threading
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from support.host_files import HostFiles
from support.patience import LIMIT_S

from nanvix.abi.channel import ATTR, SET_MODE, SET_SIZE
from nanvix.macro.fs import Export, linux

SECRET = b"secret of the host"


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/secret").write_bytes(SECRET)
    return tmp_path / "outside"


@pytest.fixture
def files(tmp_path: Path, outside: Path) -> Iterator[HostFiles]:
    export = tmp_path / "export"
    (export / "d").mkdir(parents=True)
    (export / "f").write_bytes(b"inside")
    (export / "shadow").symlink_to("/etc/shadow")
    (export / "absolute").symlink_to(outside)
    (export / "relative").symlink_to("../outside")
    (export / "magic").symlink_to("/proc/self/fd/0")
    with HostFiles(export) as files:
        yield files


@pytest.mark.parametrize("link", [b"shadow", b"absolute", b"relative", b"magic"])
def test_links_are_not_followed(files: HostFiles, outside: Path, link: bytes) -> None:
    attrs, failed, content = files.walk(1, link, content=4096)
    assert [stat.S_ISLNK(attr.mode) for attr in attrs] == [True]
    # The link's own text comes along: the guest's kernel follows it in its own name space.
    target = os.fsencode(os.readlink(outside.parent / "export" / os.fsdecode(link)))
    assert (failed, content) == ("", target)
    attrs, failed, content = files.walk(1, link + b"/secret", content=4096)
    assert len(attrs) == 1 and content == target
    node = attrs[0].node
    assert files.walk(node, b"secret", content=4096)[:2] == ([], "ENOTDIR")
    assert files.error("FS_READ", node) == "EINVAL"
    assert files.error("FS_WRITE", node, ins=[b"x"]) == "EINVAL"
    assert files.error("FS_SETATTR", node, SET_SIZE) == "EINVAL"
    assert files.error("FS_SETATTR", node, SET_MODE, 0o777) in ("", "ENOTSUP")
    for op in ("FS_READDIR", "FS_CREATE", "FS_MKDIR", "FS_UNLINK", "FS_RMDIR"):
        assert files.error(op, node, ins=[b"secret"]) == "ENOTDIR"
    assert files.error("FS_RENAME", node, 1, ins=[b"secret", b"mine"]) == "ENOTDIR"
    assert files.error("FS_LINK", files.find("f").node, node, ins=[b"hard"]) == "ENOTDIR"
    assert os.listdir(outside) == ["secret"]


BAD_NAMES = [b"", b".", b"..", b"/", b"/etc", b"a/b", b"../outside", b"a/", b"\0", b"f\0g", b"./f"]
NAMED = {
    "FS_CREATE": (1, 0o600),
    "FS_MKDIR": (1, 0o700),
    "FS_MKNOD": (1, stat.S_IFIFO | 0o600),
    "FS_UNLINK": (1,),
    "FS_RMDIR": (1,),
}


@pytest.mark.parametrize("name", BAD_NAMES)
def test_what_is_no_name(files: HostFiles, name: bytes) -> None:
    for op, arg in NAMED.items():
        assert files.error(op, *arg, ins=[name]) == "EINVAL"
    node = files.find("f").node
    assert files.error("FS_LINK", node, 1, ins=[name]) == "EINVAL"
    assert files.error("FS_SYMLINK", 1, ins=[name, b"target"]) == "EINVAL"
    assert files.error("FS_RENAME", 1, 1, ins=[name, b"new"]) == "EINVAL"
    assert files.error("FS_RENAME", 1, 1, 2, ins=[b"f", name]) == "EINVAL"


@pytest.mark.parametrize(
    "path",
    [b"", b"..", b".", b"d/..", b"d/../../outside", b"/etc/shadow", b"d//f", b"d/", b"f\0", b"\0",
     b"d/./f", b"/".join([b"d"] * 17)],
)  # fmt: skip
def test_what_is_no_path(files: HostFiles, path: bytes) -> None:
    assert files.error("FS_WALK", 1, ins=[path]) == "EINVAL"


def test_too_long_and_too_many(files: HostFiles) -> None:
    assert files.error("FS_WALK", 1, ins=[b"n" * 4097]) == "ENAMETOOLONG"
    for op, arg in NAMED.items():
        assert files.error(op, *arg, ins=[b"n" * 256]) == "ENAMETOOLONG"
        assert files.error(op, *arg, ins=[b"n" * 5000]) == "ENAMETOOLONG"
        assert files.error(op, *arg) == files.error(op, *arg, ins=[b"a", b"b"]) == "EINVAL"


def changes_of(node: int, directory: int) -> list[tuple[str, tuple[int, ...], list[bytes]]]:
    return [
        ("FS_SETATTR", (node, 0), []),
        ("FS_SETATTR", (node, SET_SIZE), []),
        ("FS_SETATTR", (node, 1 << 40), []),
        ("FS_WRITE", (node, 0), [b"x"]),
        ("FS_WRITE", (node, 2**64 - 1), []),
        ("FS_WRITE", (node, 0, 1), [b"x"]),
        ("FS_CREATE", (directory, 0o600), [b"f"]),
        ("FS_CREATE", (directory, 0o600, 1), [b"new"]),
        ("FS_MKDIR", (directory, 0o700), [b"new"]),
        ("FS_MKNOD", (directory, stat.S_IFSOCK | 0o700), [b"new"]),
        ("FS_SYMLINK", (directory,), [b"new", b"target"]),
        ("FS_LINK", (node, directory), [b"new"]),
        ("FS_UNLINK", (directory,), [b"f"]),
        ("FS_RMDIR", (directory,), [b"d"]),
        ("FS_RENAME", (directory, directory), [b"f", b"g"]),
        ("FS_RENAME", (directory, directory, 2), [b"f", b"d"]),
        ("FS_RENAME", (directory, directory), [b"..", b""]),
    ]


def test_a_read_only_export_is_not_changed(tmp_path: Path) -> None:
    fixed, free = tmp_path / "fixed", tmp_path / "free"
    for path in (fixed, free):
        (path / "d").mkdir(parents=True)
        (path / "f").write_bytes(b"as it was")
    before = [(path, path.lstat().st_ctime_ns) for path in (fixed, fixed / "d", fixed / "f")]
    with HostFiles(Export(str(fixed), True), free, Export(str(fixed / "f"), True)) as files:
        for node in (files.find("f").node, files.find("d").node, 3):
            for op, arg, ins in changes_of(node, 1):
                assert files.error(op, *arg, ins=ins) == "EROFS", op
        # Not by way of an export that may be changed either.
        assert files.error("FS_LINK", files.find("f").node, 2, ins=[b"mine"]) == "EXDEV"
        assert files.error("FS_RENAME", 1, 2, ins=[b"f", b"mine"]) == "EROFS"
        assert files.error("FS_RENAME", 2, 1, ins=[b"f", b"mine"]) == "EROFS"
        assert files.error("FS_FSYNC", files.find("f").node) == ""
        assert all(not files.find(name).access & 2 for name in ("f", "d"))
    assert before == [(path, path.lstat().st_ctime_ns) for path, _ in before]
    assert (fixed / "f").read_bytes() == b"as it was"


def test_special_files_can_only_be_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "fifo", 0o666)
    names = ["fifo", "socket"]
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as end, HostFiles(tmp_path) as files:
        end.bind("socket")
        with contextlib.suppress(PermissionError):
            os.mknod("device", stat.S_IFCHR | 0o666, os.makedev(1, 5))
            os.mknod("disk", stat.S_IFBLK | 0o666, os.makedev(7, 0))
            names += ["device", "disk"]
        for name in names:
            host = (tmp_path / name).lstat()
            device = name in ("device", "disk")
            attrs, failed, content = files.walk(1, name.encode(), content=4096)
            assert (failed, content, attrs[0].access) == ("", b"", 0 if device else 6)
            assert (attrs[0].mode, attrs[0].rdev) == (host.st_mode, host.st_rdev)
            node = attrs[0].node
            for op in ("FS_READ", "FS_WRITE", "FS_FSYNC", "FS_SETATTR"):
                assert files.error(op, node, SET_SIZE) == "EACCES", (op, name)
            if device:
                assert files.error("FS_LINK", node, 1, ins=[b"hard"]) == "EPERM"
                assert files.error("FS_SETATTR", node, SET_MODE, 0o777) == "EACCES"
            assert files.error("FS_READDIR", node) == "ENOTDIR"
            assert files.error("FS_CREATE", 1, 0o600, 1, ins=[name.encode()]) == "EEXIST"
            assert files.error("FS_MKNOD", 1, stat.S_IFIFO | 0o600, ins=[name.encode()]) == "EEXIST"


@pytest.mark.parametrize(
    "kind", [stat.S_IFCHR, stat.S_IFBLK, stat.S_IFREG, stat.S_IFDIR, 0, 1 << 20]
)
def test_only_fifos_and_sockets_can_be_made(files: HostFiles, kind: int) -> None:
    """Whatever a guest kernel asks for, with privilege or without."""
    assert files.error("FS_MKNOD", 1, kind | 0o600, ins=[b"new"]) == "EPERM"
    assert files.walk(1, b"new")[1] == "ENOENT"


def test_fifos_are_not_made_through_links(files: HostFiles, outside: Path) -> None:
    for name in (b"absolute", b"relative", b"magic", b"shadow"):
        assert files.error("FS_MKNOD", 1, stat.S_IFIFO | 0o600, ins=[name]) == "EEXIST"
        node = files.find(name.decode()).node
        assert files.error("FS_MKNOD", node, stat.S_IFIFO | 0o600, ins=[b"new"]) == "ENOTDIR"
    assert os.listdir(outside) == ["secret"]


def test_pseudo_file_systems_are_not_shown() -> None:
    with HostFiles(Export("/", True)) as files:
        assert files.walk(1, b"proc/self/mem")[:2] == ([], "EACCES")
        if os.path.ismount("/sys"):
            assert files.walk(1, b"sys/kernel")[:2] == ([], "EACCES")
        assert files.walk(1, b"etc/passwd")[1] == ""


def test_set_id_bits_do_not_reach_files(tmp_path: Path) -> None:
    with HostFiles(tmp_path) as files:
        node = files.attr("FS_CREATE", 1, 0o6755, 1, ins=[b"f"]).node
        assert (tmp_path / "f").stat().st_mode & 0o7777 == 0o755
        assert files.attr("FS_SETATTR", node, SET_MODE, 0o7711).mode & 0o7777 == 0o1711
        assert files.attr("FS_MKDIR", 1, 0o6755, ins=[b"d"]).mode & 0o4000 == 0


def test_a_directory_that_moved_away_leads_nowhere_else(
    files: HostFiles, tmp_path: Path, outside: Path
) -> None:
    node = files.find("d").node
    (tmp_path / "export/d").rename(outside / "d")
    assert files.list(node) == []
    assert files.error("FS_WALK", node, ins=[b".."]) == "EINVAL"
    assert files.walk(node, b"secret")[1] == "ENOENT"


def test_a_directory_swapped_for_a_link(tmp_path: Path, outside: Path) -> None:
    """While the host keeps exchanging a directory and a link that leads out."""
    export = tmp_path / "export"
    (export / "x").mkdir(parents=True)
    (export / "x/secret").write_bytes(b"mine")
    (export / "y").symlink_to(outside)
    stop = threading.Event()

    def swap() -> None:
        directory = os.open(export, os.O_PATH)
        while not stop.is_set():
            linux.rename(directory, b"x", directory, b"y", 2)
        os.close(directory)

    swapper = threading.Thread(target=swap)
    swapper.start()
    seen = set()
    try:
        with HostFiles(export) as files:
            end, limit = time.monotonic() + 2, time.monotonic() + LIMIT_S
            for number in count():
                attrs, failed, content = files.walk(1, b"x/secret", content=64)
                assert content in (b"", b"mine")
                seen.add((len(attrs), failed))
                name = b"%d" % number
                for attr in attrs[:1]:
                    files.call("FS_CREATE", attr.node, 0o600, 1, ins=[name], outs=[bytearray(112)])
                    files.call("FS_UNLINK", attr.node, ins=[b"secret" if number % 2 else name])
                    files.call("FS_RENAME", attr.node, attr.node, ins=[b"secret", b"secret"])
                if time.monotonic() > (end if len(seen) > 1 else limit):
                    break
    finally:
        stop.set()
        swapper.join()
    assert (outside / "secret").read_bytes() == SECRET
    assert os.listdir(outside) == ["secret"]
    assert len(seen) > 1, "the race was never met"


def test_an_entry_replaced_after_the_walk_is_not_what_is_opened(
    files: HostFiles, tmp_path: Path
) -> None:
    node = files.find("f").node
    (tmp_path / "export/f").unlink()
    (tmp_path / "export/f").symlink_to("../outside/secret")
    assert files.read(node) == b"inside"
    files.write(node, b"INSIDE")
    assert (tmp_path / "outside/secret").read_bytes() == SECRET
    out = bytearray(ATTR.size)
    assert files.call("FS_CREATE", 1, 0o600, 0, ins=[b"f"], outs=[out]).result == 0
    assert stat.S_ISLNK(files.find("f").mode)

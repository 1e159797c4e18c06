"""Listing directories in pieces."""

import os
import socket
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from support.host_files import HostFiles

from nanvix.abi.channel import DIRENT

Listed = Callable[[Path], HostFiles]


@pytest.fixture(params=["host's order", "by name", "by name, in parts"])
def listed(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Listed:
    """Makes a service that lists in one of the orders."""
    if request.param == "by name, in parts":
        monkeypatch.setattr("nanvix.macro.fs.ordered.AT_ONCE", 7)
    return lambda path: HostFiles(path, steady=request.param != "host's order")


def test_everything_is_listed_once_in_any_piece(tmp_path: Path, listed: Listed) -> None:
    names = {b"n" * (1 + number % 200) + b"%d" % number for number in range(700)}
    for name in names:
        os.close(os.open(os.fsencode(tmp_path) + b"/" + name, os.O_CREAT | os.O_WRONLY))
    with listed(tmp_path) as files:
        for size in (DIRENT.size + 208, 1000, 4096, 1 << 20):
            found = files.list(1, size)
            assert len(found) == 700 and {entry.name for entry in found} == names
        assert len({entry.ino for entry in found}) == 700


def test_types(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "directory").mkdir()
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to("file")
    os.mkfifo(tmp_path / "fifo")
    with socket.socket(socket.AF_UNIX) as end, HostFiles(tmp_path) as files:
        monkeypatch.chdir(tmp_path)
        end.bind("socket")
        found = {entry.name.decode(): entry for entry in files.list(1)}
        assert set(found) == {"directory", "file", "link", "fifo", "socket"}
        for name, entry in found.items():
            host = (tmp_path / name).lstat()
            assert entry.type == stat.S_IFMT(host.st_mode) >> 12
            assert entry.ino == files.find(name).ino


def test_names_are_bytes(tmp_path: Path) -> None:
    name = bytes(range(128, 256)) + b"\n\x01 "
    os.close(os.open(os.fsencode(tmp_path) + b"/" + name, os.O_CREAT | os.O_WRONLY))
    with HostFiles(tmp_path) as files:
        assert [entry.name for entry in files.list(1)] == [name]
        assert len(files.walk(1, name)[0]) == 1


def test_cookies_survive_changes_and_other_listings(tmp_path: Path, listed: Listed) -> None:
    for number in range(100):
        (tmp_path / f"f{number:03}").touch()
    (tmp_path / "other").mkdir()
    (tmp_path / "other/entry").touch()
    with listed(tmp_path) as files:
        other = files.find("other").node
        first = files.list_once(1, 0, [1000])
        assert 0 < len(first) < 50
        for entry in first:
            (tmp_path / entry.name.decode()).unlink()
        files.list(1)
        assert [entry.name for entry in files.list(other)] == [b"entry"]
        rest, cookie = [], first[-1].cookie
        while piece := files.list_once(1, cookie, [1000]):
            rest += piece
            cookie = piece[-1].cookie
        names = [entry.name for entry in first + rest]
        assert len(names) == 101 == len(set(names))
        again = files.list_once(1, rest[9].cookie)
        assert again[0] == rest[10]


def test_outputs_are_one_buffer_and_entries_stay_whole(tmp_path: Path) -> None:
    for number in range(10):
        (tmp_path / f"file{number}").touch()
    with HostFiles(tmp_path) as files:
        assert len(files.list_once(1, 0, [32] * 10)) == 10
        assert len(files.list_once(1, 0, [5, 100, 0, 7])) == 3
        assert files.error("FS_READDIR", 1, size=31) == "EINVAL"
        assert files.error("FS_READDIR", 1, 2**63) == "EINVAL"
        assert files.error("FS_READDIR", files.find("file1").node) == "ENOTDIR"
        files.read(files.find("file1").node)
        assert files.error("FS_READDIR", files.find("file1").node) == "ENOTDIR"


@pytest.mark.parametrize("mask", [0o755, 0o444])
def test_an_empty_directory(tmp_path: Path, mask: int) -> None:
    (tmp_path / "d").mkdir(mode=mask)
    with HostFiles(tmp_path) as files:
        assert files.list(files.find("d").node) == []


def test_an_order_that_follows_from_the_names(tmp_path: Path) -> None:
    names = [f"{n * n}" for n in range(300)]
    orders = []
    for copy, order in (("one", names), ("two", names[::-1])):
        (tmp_path / copy).mkdir()
        for name in order:
            (tmp_path / copy / name).touch()
        with HostFiles(tmp_path / copy, steady=True) as files:
            orders.append([entry.name for entry in files.list(1, 1000)])
            (tmp_path / copy / "4").unlink()
            assert b"4" in orders[-1] and b"4" not in [entry.name for entry in files.list(1)]
    assert orders[0] == orders[1]

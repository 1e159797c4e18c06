"""Modification times where the guest's clock is another one than the host's."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.host_files import HostFiles

from nanvix.abi.channel import SET_MTIME, SET_SIZE

CLOCK = 1_000_000_000_000_000_000


class Clock:
    """Every look is a second later."""

    def __init__(self) -> None:
        self.ns = CLOCK

    def __call__(self) -> int:
        self.ns += 1_000_000_000
        return self.ns


@pytest.fixture
def files(tmp_path: Path) -> Iterator[HostFiles]:
    (tmp_path / "d").mkdir()
    (tmp_path / "f").write_bytes(b"content")
    with HostFiles(tmp_path, now=Clock()) as files:
        yield files


def seconds(path: Path) -> int:
    """After :data:`CLOCK`; far above what a test counts to if the time is the host's."""
    return (os.lstat(path).st_mtime_ns - CLOCK) // 1_000_000_000


def test_the_file_and_its_directory(files: HostFiles, tmp_path: Path) -> None:
    created = files.attr("FS_CREATE", 1, 0o666, 1, ins=[b"new"])
    assert (seconds(tmp_path), seconds(tmp_path / "new")) == (1, 2)
    assert created.mtime == CLOCK + 2_000_000_000
    answer = files.write(created.node, b"text")
    assert (seconds(tmp_path / "new"), answer.out[1]) == (3, CLOCK + 3_000_000_000)
    files.attr("FS_SETATTR", created.node, SET_SIZE, 0, 2)
    assert (seconds(tmp_path / "new"), seconds(tmp_path)) == (4, 1)
    files.attr("FS_SETATTR", created.node, SET_SIZE | SET_MTIME, 0, 1, 0, CLOCK)
    assert seconds(tmp_path / "new") == 0


def test_every_change_of_a_directory(files: HostFiles, tmp_path: Path) -> None:
    d, f = files.find("d").node, files.find("f").node
    times = [seconds(tmp_path)]
    for op, arg, ins in [
        ("FS_MKDIR", (1, 0o777), [b"sub"]), ("FS_SYMLINK", (1,), [b"link", b"target"]),
        ("FS_LINK", (f, 1), [b"hard"]), ("FS_UNLINK", (1,), [b"hard"]),
        ("FS_RMDIR", (1,), [b"sub"]), ("FS_RENAME", (1, d), [b"f", b"moved"]),
    ]:  # fmt: skip
        assert files.error(op, *arg, ins=ins) == ""
        times.append(seconds(tmp_path))
    assert times[0] > 1_000 and times[1:] == sorted(set(times[1:])) and times[-1] < 20
    assert times[-1] < seconds(tmp_path / "d") < 20
    assert seconds(tmp_path / "link") < 20
    assert seconds(tmp_path / "d" / "moved") > 1_000, "its content has not changed"


def test_somebody_elses_file(files: HostFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file one may write but does not own keeps the host's time."""

    def refuse(*arguments: object, **options: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "utime", refuse)
    assert files.write(files.find("f").node, b"text").result == 4

"""Attributes that follow from a tree's content: what seeded runs see."""

import os
import time
from pathlib import Path

from support.host_files import HostFiles

from nanvix.macro.fs import Export

DAY = 86_400_000_000_000


def tree(path: Path) -> Path:
    path.mkdir()
    (path / "f").write_bytes(b"x" * 5000)
    (path / "d").mkdir()
    for place in (path / "f", path / "d", path):
        os.utime(place, ns=(DAY, 2 * DAY))
    return path


def test_what_others_do_beside_the_content_does_not_show(tmp_path: Path) -> None:
    root = tree(tmp_path / "tree")
    seen = []
    for _ in range(2):
        with HostFiles(Export(str(root)), steady=True) as files:
            seen.append([*(files.find(name) for name in "fd"), files.attr("FS_GETATTR", 1)])
            seen.append(files.statfs(1))
        os.link(root / "f", tmp_path / f"another name {len(seen)}")
        (root / "f").read_bytes()
        for number in range(300):
            (root / "d" / f"{number}{'n' * 200}").touch()
        for number in range(300):
            (root / "d" / f"{number}{'n' * 200}").unlink()
        os.utime(root / "f", ns=(3 * DAY, 2 * DAY))
        os.utime(root / "d", ns=(3 * DAY, 2 * DAY))
    assert seen[:2] == seen[2:]
    f, d, _ = seen[0]
    assert (f.size, f.blocks, f.nlink, d.size) == (5000, 16, 1, 4096)
    assert {f.atime, f.mtime, f.ctime} == {2 * DAY}


def test_in_a_writable_tree_links_count(tmp_path: Path) -> None:
    with HostFiles(tree(tmp_path / "tree"), steady=True) as files:
        f = files.find("f")
        assert files.attr("FS_LINK", f.node, 1, ins=[b"g"]).nlink == 2
        assert files.find("g").ino == f.ino


def test_files_the_guest_makes_have_its_time_only(tmp_path: Path) -> None:
    with HostFiles(tree(tmp_path / "tree"), steady=True, now=lambda: DAY) as files:
        made = files.attr("FS_CREATE", 1, 0o644, 1, ins=[b"new"])
        files.write(made.node, b"text")
        made = files.find("new")
        assert made.atime == made.mtime == made.ctime == DAY < time.time_ns() - DAY
        assert files.attr("FS_GETATTR", 1).ctime == DAY

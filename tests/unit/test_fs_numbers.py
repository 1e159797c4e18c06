"""Inode and device numbers: the guest's own, equal where the host's are."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.host_files import HostFiles

from nanvix.macro.fs import Export
from nanvix.macro.fs.numbers import KEYED, Numbers


@pytest.fixture
def files(tmp_path: Path) -> Iterator[HostFiles]:
    (tmp_path / "d").mkdir()
    for name in ("a", "b", "d/c"):
        (tmp_path / name).write_text(name)
    with HostFiles(tmp_path, Export(str(tmp_path))) as files:
        yield files


def new(files: HostFiles, name: str) -> int:
    return files.attr("FS_CREATE", 1, 0o644, 1, ins=[name.encode()]).ino


def test_numbers_are_small_and_tell_nothing(files: HostFiles) -> None:
    """They are in the order of asking, whatever the host's are."""
    root = files.attr("FS_GETATTR", 1)
    found = [root.ino, *(files.find(path).ino for path in ("a", "b", "d", "d/c"))]
    assert sorted(found) == [2, 3, 4, 5, 6]
    assert root.dev == os.makedev(240, 0) == files.find("d/c").dev


def test_listings_and_attributes_say_the_same(files: HostFiles) -> None:
    a = files.find("a").ino
    listed = {entry.name.decode(): entry.ino for entry in files.list(1)}
    assert listed["a"] == a
    assert listed == {name: files.find(name).ino for name in "abd"}


def test_two_copies_of_a_tree_have_the_same_numbers(tmp_path: Path) -> None:
    found = []
    for copy, order in (("one", "abcdefgh"), ("two", "hgfedcba")):
        (tmp_path / copy).mkdir()
        for name in order:
            (tmp_path / copy / name).touch()
        with HostFiles(tmp_path / copy, steady=True) as files:
            found.append(files.list(1))
    assert found[0] == found[1] and {entry.name for entry in found[0]} == {*map(str.encode, order)}


def test_one_file_has_one_number(files: HostFiles, tmp_path: Path) -> None:
    a = files.find("a")
    os.link(tmp_path / "a", tmp_path / "d/again")
    assert files.find("d/again").ino == a.ino == files.find("a", root=2).ino
    files.call("FS_RENAME", 1, files.find("d").node, ins=[b"a", b"moved"])
    assert files.find("d/moved").ino == a.ino
    files.call("FS_FORGET", a.node)
    again = files.find("d/moved")
    assert again.node != a.node and again.ino == a.ino


def test_a_new_file_has_a_new_number(files: HostFiles, tmp_path: Path) -> None:
    seen = {entry.ino for entry in files.list(1)}
    for number in range(50):
        # The host is likely to use the inode again.
        ino = new(files, "same")
        assert ino not in seen and files.find("same").ino == ino
        assert {entry.ino for entry in files.list(1) if entry.name == b"same"} == {ino}
        seen.add(ino)
        node = files.find("same").node
        if number % 2:
            (tmp_path / "same").unlink()
        else:
            files.call("FS_UNLINK", 1, ins=[b"same"])
        files.call("FS_FORGET", node)
    for op, arg, ins in (
        ("FS_MKDIR", (1, 0o700), [b"dir"]), ("FS_SYMLINK", (1,), [b"link", b"to"]),
        ("FS_MKNOD", (1, 0o010600), [b"fifo"]), ("FS_CREATE", (1, 0o600, 2), []),
    ):  # fmt: skip
        ino = files.attr(op, *arg, ins=ins).ino
        assert ino not in seen
        seen.add(ino)


def test_files_that_are_gone_take_no_room(files: HostFiles) -> None:
    files.list(1)
    numbers = files.service.nodes.numbers
    before = len(next(iter(numbers.save()["tables"])))
    for _ in range(100):
        made = files.attr("FS_CREATE", 1, 0o644, 1, ins=[b"x"])
        files.call("FS_UNLINK", 1, ins=[b"x"])
        files.call("FS_FORGET", made.node)
    assert len(next(iter(numbers.save()["tables"]))) == before


def test_a_full_table(files: HostFiles, tmp_path: Path) -> None:
    """Who finds no room in it keeps the number it has got, also when there is room again."""
    numbers = files.service.nodes.numbers
    made = files.attr("FS_CREATE", 1, 0o644, 1, ins=[b"made"])
    files.find("a")
    numbers.limit = 3
    late = files.find("b").ino
    assert late > KEYED and files.find("d").ino > KEYED and files.find("a").ino < KEYED
    listed = {entry.name: entry.ino for entry in files.list(1)}
    assert listed[b"b"] == late and len(set(listed.values())) == 4
    files.call("FS_UNLINK", 1, ins=[b"made"])
    files.call("FS_FORGET", made.node)
    assert files.find("b").ino == late == {e.name: e.ino for e in files.list(1)}[b"b"]
    assert files.find("d/c").ino > KEYED, "it may have been listed while there was no room"
    assert new(files, "newest") < KEYED < new(files, "and one more")


def test_layers_of_file_systems() -> None:
    """A directory on one device whose files tell another, as on overlays."""
    numbers = Numbers()
    directory = numbers.inode(1, 10)
    first, second = numbers.inode(1, 11), numbers.across(1, 7, 12)
    assert numbers.across(1, 7, 11) == first and numbers.inode(1, 12) == second
    assert len({directory, first, second}) == 3
    assert numbers.inode(7, 12) == second, "the same file from elsewhere"
    numbers.limit = 0
    assert numbers.across(1, 7, 13) == numbers.inode(1, 13) > KEYED


def test_they_are_kept_with_a_saved_machine() -> None:
    numbers = Numbers()
    numbers.limit = 4
    pairs = [(device, inode) for device in (5, 6) for inode in range(100, 104)]
    found = [(numbers.device(d), numbers.inode(d, i)) for d, i in pairs]
    saved = numbers.save()
    other = Numbers()
    other.device(77)
    other.load(saved)
    assert [(other.device(d), other.inode(d, i)) for d, i in reversed(pairs)] == found[::-1]
    other.limit = 9
    assert other.made(5, 999) not in {ino for _, ino in found}
    for damage in ({"tables": [[5, 1]]}, {"tables": [[5, 1, "x"]]}, {"key": 3}, {"next": None}):
        with pytest.raises((ValueError, TypeError)):
            Numbers().load(saved | damage)

"""Names from the guest: the one place where they are checked.

What leaves this file is a single directory entry's name (or a list of them) that can be handed
to a ``*at`` call: it cannot mean another directory, and it has no byte Python would object to.
"""

from __future__ import annotations

from errno import EINVAL, ENAMETOOLONG, ENOENT

from nanvix.abi.channel import MAX_NAME, MAX_PATH

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_COMPONENTS = 16

_NOT_ENTRIES = frozenset((b"", b".", b".."))


def components(inputs: Sequence[memoryview]) -> list[bytes]:
    """The 1..16 components of FS_WALK's relative path.

    A component that is too long passes: the file system refuses it in its turn, behind those
    that do exist.
    """
    names = _only(inputs, 1)[0].split(b"/")
    if len(names) > MAX_COMPONENTS or not _NOT_ENTRIES.isdisjoint(names):
        raise OSError(EINVAL, "not a relative path of 1 to 16 names")
    return names


def entry(inputs: Sequence[memoryview]) -> bytes:
    """The one input, a name."""
    return _entry(_only(inputs, 1)[0])


def two_entries(inputs: Sequence[memoryview]) -> tuple[bytes, bytes]:
    """The two inputs of FS_RENAME."""
    old, new = _only(inputs, 2)
    return _entry(old), _entry(new)


def entry_and_target(inputs: Sequence[memoryview]) -> tuple[bytes, bytes]:
    """The two inputs of FS_SYMLINK. The target may be any path: the host never follows it."""
    name, target = _only(inputs, 2)
    if not target:
        raise OSError(ENOENT, "a symbolic link needs a target")
    return _entry(name), target


def _entry(name: bytes) -> bytes:
    if name in _NOT_ENTRIES or b"/" in name:
        raise OSError(EINVAL, "not the name of a directory entry")
    if len(name) > MAX_NAME:
        raise OSError(ENAMETOOLONG, "name too long")
    return name


def _only(inputs: Sequence[memoryview], count: int) -> list[bytes]:
    """Copies of exactly ``count`` inputs, none too long, none with a NUL."""
    if len(inputs) != count:
        raise OSError(EINVAL, "wrong number of inputs")
    strings = []
    for view in inputs:
        if len(view) > MAX_PATH:
            raise OSError(ENAMETOOLONG, "path too long")
        string = bytes(view)
        if b"\0" in string:
            raise OSError(EINVAL, "NUL in a name")
        strings.append(string)
    return strings

"""Nodes in a saved machine: by which way each was reached, and how to tell that it is the same.

A file is known by device and inode; a regular file must also have the size and the time of the last
change it had, because the guest may have parts of it in its memory.
"""

from __future__ import annotations

import os
from errno import ENOENT, ESTALE
from stat import S_ISREG

from nanvix.errors import NanvixError
from nanvix.macro.fs import linux

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def describe(fd: int) -> list[int]:
    """Device, inode, and of a regular file size and time of the last change."""
    status = os.fstat(fd)
    same = [status.st_dev, status.st_ino]
    if S_ISREG(status.st_mode):
        same += [status.st_size, status.st_mtime_ns]
    return same


def way(fd: int, root: int) -> str:
    """The path from an export's root to the file that ``fd`` holds; empty for the root itself.

    Raises NanvixError where the file has no name there any more.
    """
    top, path = _name(root), _name(fd)
    start = top.rstrip("/") + "/"
    if path == top:
        return ""
    if path.startswith(start):
        try:
            found = linux.look(root, os.fsencode(path[len(start) :]))
        except OSError:
            found = -1
        if found >= 0:
            try:
                if os.path.samestat(os.fstat(found), os.fstat(fd)):
                    return path[len(start) :]
            finally:
                os.close(found)
    raise NanvixError(f"the guest has a file in use that has no name any more: {path}")


def follow(root: int, path: str, known: list[int]) -> int:
    """An O_PATH descriptor of the file :func:`way` led to, if it is the one described.

    Raises NanvixError where it is another one, or gone.
    """
    try:
        fd = linux.look(root, os.fsencode(path) or b".")
    except OSError as error:
        state = "is gone" if error.errno in (ENOENT, ESTALE) else f"cannot be had: {error.strerror}"
        raise NanvixError(f"{_full(root, path)} {state} since the machine was saved") from None
    try:
        require_same(fd, known, _full(root, path))
    except BaseException:
        os.close(fd)
        raise
    return fd


def require_same(fd: int, known: Any, path: str | None = None) -> None:
    """NanvixError when what ``fd`` holds is not what was described."""
    here = describe(fd)
    if here[:2] != known[:2]:
        raise NanvixError(f"{path or _name(fd)} is another file than when the machine was saved")
    if here != known:
        raise NanvixError(f"{path or _name(fd)} has changed since the machine was saved")


def _name(fd: int) -> str:
    return os.readlink(f"/proc/self/fd/{fd}")


def _full(root: int, path: str) -> str:
    return os.path.join(_name(root), path)

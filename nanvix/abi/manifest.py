"""Builds the boot manifest: the guest's first process and its name space, as bytes.

The kernel reads the records in order, so a directory comes before what lies in it. Text is
``str`` as Python's ``os`` functions give it (surrogate escapes stand for undecodable bytes).
"""

from __future__ import annotations

from nanvix.abi import channel

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Self


class Manifest:
    """A run of manifest records; every method but :meth:`encode` appends one."""

    __slots__ = ("_data",)

    def __init__(self) -> None:
        self._data = bytearray()

    def dir(self, path: str, mode: int = 0o755) -> Self:
        """A directory of the guest's root file system; parents that are missing are made."""
        return self._add(channel.MANIFEST_DIR, _path(path), mode=mode)

    def symlink(self, path: str, target: str) -> Self:
        """A symbolic link at ``path``."""
        return self._add(channel.MANIFEST_SYMLINK, _path(path), _text(target))

    def file(self, path: str, content: bytes, mode: int = 0o644) -> Self:
        """A small file of the guest's own."""
        return self._add(channel.MANIFEST_FILE, _path(path), content, mode=mode)

    def mount(self, path: str, export_id: int, flags: int) -> Self:
        """Show export ``export_id`` (1-based) at ``path``; ``flags`` are MOUNT_* bits."""
        return self._add(channel.MANIFEST_MOUNT, _path(path), mode=flags, value=export_id)

    def exec(self, path: str) -> Self:
        """The program the first process runs; a relative path begins in its directory."""
        return self._add(channel.MANIFEST_EXEC, _path(path, absolute=False))

    def arg(self, value: str) -> Self:
        """The next argument, argv[0] first."""
        return self._add(channel.MANIFEST_ARG, _text(value))

    def env(self, assignment: str) -> Self:
        """The next environment string, ``NAME=value``."""
        return self._add(channel.MANIFEST_ENV, _text(assignment))

    def cwd(self, path: str) -> Self:
        """The working directory of the first process."""
        return self._add(channel.MANIFEST_CWD, _path(path))

    def hostname(self, name: str) -> Self:
        """What ``uname`` calls the machine."""
        return self._add(channel.MANIFEST_HOSTNAME, _text(name))

    def encode(self) -> bytes:
        """All records and the end mark."""
        return bytes(self._data) + channel.MANIFEST.pack(channel.MANIFEST_END, 0, 0, 0, 0, 0)

    def _add(
        self, kind: int, first: bytes, second: bytes = b"", mode: int = 0, value: int = 0
    ) -> Self:
        self._data += channel.MANIFEST.pack(kind, 0, mode, value, len(first), len(second))
        self._data += first + b"\0" + second + b"\0"
        self._data += bytes(-len(self._data) % 8)
        return self


def _text(value: str) -> bytes:
    data = value.encode("utf-8", "surrogateescape")
    if b"\0" in data:
        raise ValueError("a string for the guest contains a NUL byte")
    return data


def _path(value: str, absolute: bool = True) -> bytes:
    data = _text(value)
    if not data.startswith(b"/" if absolute else b"") or not 0 < len(data) < channel.MAX_PATH:
        raise ValueError(f"not a path the guest can hold: {value[:60]!r}")
    return data

"""Inode and device numbers: the guest's own, in place of the host's.

What the host's file systems call a file is nobody's business in a guest, and two copies of a
tree never have the same numbers, by which programs order and hash. So files are numbered in the
order in which the guest comes to see them. Programs remember such numbers for as long as they
like, so a file keeps its number while it exists, whether it has a node or not, and a new one never
gets an old one.

The table of them is bounded. A file that finds no room in it has a number that follows from the
host's by a key: as good as any other, but for a tree that is made anew another one.
"""

from __future__ import annotations

import os
from itertools import chain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MAX_INODES = 1 << 18
"""Files with a number in the table, about 100 bytes each."""
KEYED = 1 << 62
"""Numbers from here on are made by the key."""

_FIRST = 2
"""0 stands for no file, and 1 for bad blocks."""
_MAJOR = 240
"""For local use (devices.txt of Linux): no file system of the guest's own has it."""


class Numbers:
    """What has which number. ``steady``: the key is the same every time."""

    __slots__ = ("_count", "_crowded", "_devices", "_key", "_next", "_of", "limit")

    def __init__(self, steady: bool = False) -> None:
        self.limit = MAX_INODES
        self._of: dict[int, dict[int, int]] = {}
        self._devices: dict[int, int] = {}
        self._next = _FIRST
        self._count = 0
        self._crowded = False
        self._key = bytes(16) if steady else os.urandom(16)

    def device(self, device: int) -> int:
        """The guest's number of a device of the host."""
        number = self._devices.get(device)
        if number is None:
            number = self._devices[device] = os.makedev(_MAJOR, len(self._devices))
        return number

    def inode(self, device: int, inode: int) -> int:
        """The number of a file of the host."""
        number = self._table(device).get(inode)
        if number is not None:
            return number
        # Who has once been given a number by the key must not find room in the table later.
        self._crowded = self._crowded or self._count >= self.limit
        return self._keyed(device, inode) if self._crowded else self._add(device, inode, self._next)

    def across(self, listed: int, device: int, inode: int) -> int:
        """The number of a file on another device than its directory, which is on ``listed``. File
        systems made of layers have such; a listing tells of the same inode, but not the device."""
        number = self._table(device).get(inode)
        if number is None:
            number = self.inode(listed, inode)
            if number < KEYED and self._count < self.limit:
                self._add(device, inode, number)
        return number

    def made(self, device: int, inode: int) -> int:
        """The number of a file that has just been made: a fresh one, although the host may have
        given it the inode of one that is gone."""
        table = self._table(device)
        if inode not in table and self._count >= self.limit:
            return self._keyed(device, inode)
        self._count -= inode in table
        return self._add(device, inode, self._next)

    def gone(self, device: int, inode: int) -> None:
        """The file does not exist any more."""
        self._count -= self._table(device).pop(inode, None) is not None

    def save(self) -> dict[str, Any]:
        """All of it, as plain values."""
        tables = [[device, *chain(*table.items())] for device, table in self._of.items()]
        return {
            "next": self._next, "tables": tables, "devices": list(self._devices),
            "crowded": self._crowded, "key": self._key.hex(),
        }  # fmt: skip

    def load(self, saved: dict[str, Any]) -> None:
        """Take over what :meth:`save` gave. Raises ValueError, TypeError or KeyError for what it
        cannot have given."""
        self._of = {}
        for device, *pairs in saved["tables"]:
            table = dict(zip(pairs[::2], pairs[1::2], strict=True))
            if not all(isinstance(n, int) and 0 < n < KEYED for n in table.values()):
                raise ValueError("no numbers of inodes")
            self._of[device] = table
        self._devices = {d: os.makedev(_MAJOR, n) for n, d in enumerate(saved["devices"])}
        self._count = sum(map(len, self._of.values()))
        self._next = int(saved["next"])
        self._crowded = bool(saved["crowded"])
        self._key = bytes.fromhex(saved["key"])

    def _table(self, device: int) -> dict[int, int]:
        table = self._of.get(device)
        if table is None:
            table = self._of[device] = {}
        return table

    def _add(self, device: int, inode: int, number: int) -> int:
        self._of[device][inode] = number
        self._count += 1
        self._next += number == self._next
        return number

    def _keyed(self, device: int, inode: int) -> int:
        from hashlib import blake2b

        what = device.to_bytes(8, "little") + inode.to_bytes(8, "little")
        digest = blake2b(what, digest_size=8, key=self._key).digest()
        return KEYED | int.from_bytes(digest, "little") >> 2

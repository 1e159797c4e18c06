"""Listings in an order that follows from nothing but the names.

A cookie is a checksum of a name, and entries come by rising cookies: like the host's positions it
stays valid while entries come and go, and nothing of it has to be kept. What is kept is for speed:
the entries that come next, of the directory listed last.
"""

from bisect import bisect_left
from collections.abc import Iterator
from hashlib import blake2b
from heapq import nsmallest
from itertools import islice

from nanvix.macro.fs.listing import Found, from_host

AT_ONCE = 1 << 16
"""Entries kept at most. A larger directory is read once for so many of them."""


class Ordered:
    """Lists directories, one at a time."""

    __slots__ = ("_end", "_entries", "_node", "_start", "limit")

    def __init__(self) -> None:
        self.limit = AT_ONCE
        self._node = 0
        self._start = self._end = 0
        self._entries: list[Found] = []

    def after(self, node: int, fd: int, cookie: int) -> Iterator[Found]:
        """The entries behind ``cookie`` of the directory ``fd``, which is node ``node``."""
        while True:
            # A listing from the start is to show what is there now.
            if node != self._node or not cookie or not self._start <= cookie < self._end:
                self._read(node, fd, cookie)
            yield from islice(self._entries, bisect_left(self._entries, (cookie + 1,)), None)
            if len(self._entries) < self.limit:
                return
            cookie = self._end

    def _read(self, node: int, fd: int, cookie: int) -> None:
        behind = (found for found in map(_placed, from_host(fd, 0)) if found.cookie > cookie)
        self._entries = nsmallest(self.limit, behind)
        self._node, self._start = node, cookie
        self._end = self._entries[-1].cookie if self._entries else cookie


def _placed(found: Found) -> Found:
    place = int.from_bytes(blake2b(found.name, digest_size=8).digest(), "little")
    return found._replace(cookie=(place >> 2) + 1)

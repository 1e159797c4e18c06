"""Guest memory at many moments: every version of every page once.

A moment is named by a key; keys are ordered like time. For each page the store keeps the versions
it had at the moments that were kept, and no others.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable

from nanvix.abi.layout import PAGE_SIZE
from nanvix.machine.memory import GuestMemory

ZERO = bytes(PAGE_SIZE)
_OVERHEAD = 120
"""What a version costs beside its bytes, roughly."""

Key = tuple[int, int]


class PageVersions:
    """The pages of one memory. ``moments``: the keys kept, in order; ``size``: bytes held."""

    def __init__(self, memory: GuestMemory) -> None:
        self._memory = memory
        self._when: dict[int, list[Key]] = {}
        self._what: dict[int, list[bytes]] = {}
        self._changed: dict[Key, set[int]] = {}
        self.moments: list[Key] = []
        self.size = 0

    def keep(self, key: Key, pages: set[int]) -> None:
        """Memory is now as it is at ``key``, which is new; only ``pages`` may differ from the
        moment last kept or gone to."""
        place = bisect_left(self.moments, key)
        following = self.moments[place] if place < len(self.moments) else None
        view = self._memory.view
        for page in pages:
            data = bytes(view[page * PAGE_SIZE : (page + 1) * PAGE_SIZE])
            self._remember(page, key, data, following)
        self._changed[key] = pages
        insort(self.moments, key)

    def at(self, page: int, key: Key) -> bytes:
        """What ``page`` held at a kept moment."""
        when = self._when.get(page)
        index = bisect_right(when, key) if when else 0
        return self._what[page][index - 1] if index else ZERO

    def between(self, low: Key, high: Key) -> set[int]:
        """The pages that may have changed between two moments."""
        found: set[int] = set()
        first, last = bisect_right(self.moments, low), bisect_right(self.moments, high)
        for moment in self.moments[first:last]:
            found |= self._changed[moment]
        return found

    def touched(self, pages: Iterable[int], key: Key) -> bool:
        """Whether any of ``pages`` may have been written between the moment before and this."""
        return not self._changed[key].isdisjoint(pages)

    def forget(self, key: Key) -> None:
        """Keep a moment no longer: what it knew of a page that the next one needs goes there."""
        place = bisect_left(self.moments, key)
        del self.moments[place]
        changed = self._changed.pop(key)
        following = self.moments[place] if place < len(self.moments) else None
        if following is not None:
            self._changed[following] |= changed
        for page in changed:
            when, what = self._when.get(page, []), self._what.get(page, [])
            index = bisect_left(when, key)
            if index == len(when) or when[index] != key:
                continue
            if following is not None and (index + 1 == len(when) or when[index + 1] > following):
                when[index] = following
                continue
            del when[index]
            self.size -= _cost(what.pop(index))

    def clear(self) -> None:
        """Forget everything."""
        self.moments.clear()
        self._when.clear()
        self._what.clear()
        self._changed.clear()
        self.size = 0

    def _remember(self, page: int, key: Key, data: bytes, following: Key | None) -> None:
        when = self._when.setdefault(page, [])
        what = self._what.setdefault(page, [])
        index = bisect_right(when, key)
        before = what[index - 1] if index else ZERO
        if data == before:
            return
        if following is not None and (index == len(when) or when[index] > following):
            # The next moment relied on the version that it now does not see any more.
            self._insert(page, index, following, before)
        self._insert(page, index, key, ZERO if data == ZERO else data)

    def _insert(self, page: int, index: int, key: Key, data: bytes) -> None:
        self._when[page].insert(index, key)
        self._what[page].insert(index, data)
        self.size += _cost(data)


def _cost(data: bytes) -> int:
    return _OVERHEAD if data is ZERO else len(data) + _OVERHEAD

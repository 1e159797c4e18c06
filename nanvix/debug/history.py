"""Guest memory at many moments: every version of every page once, within a budget.

A *moment* is an instruction count. For each page the store keeps the versions it had at the
moments that were kept, and no others; going to a moment writes back only what is different there.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable

from nanvix.abi.layout import PAGE_SIZE
from nanvix.machine.memory import GuestMemory
from nanvix.snapshot.dirty import populated, watch

ZERO = bytes(PAGE_SIZE)
_OVERHEAD = 120
"""What a version costs beside its bytes, roughly."""


class PageHistory:
    """The pages of one memory. ``moments``: those kept, in order; ``base``: the one last kept or
    gone to. ``bytes``: what is held."""

    def __init__(self, memory: GuestMemory, moment: int) -> None:
        self._memory = memory
        self._when: dict[int, list[int]] = {}
        self._what: dict[int, list[bytes]] = {}
        self._changed: dict[int, set[int]] = {moment: set()}
        self.moments = [moment]
        self.bytes = 0
        self.base = moment
        self._touched: set[int] = set()
        self._dirty = watch(memory)
        for start, end in populated(memory):
            for page in range(start // PAGE_SIZE, -(-end // PAGE_SIZE)):
                self._remember(page, moment)

    def keep(self, moment: int) -> None:
        """Memory is now as it is at ``moment``: keep that. Keeping a moment twice changes nothing.

        ``moment`` must be reached by running on from the last moment kept or gone to.
        """
        if moment in self._changed:
            return
        changed = self._dirty.pages() | self._touched
        self._touched = set()
        for page in changed:
            self._remember(page, moment)
        self._changed[moment] = changed
        insort(self.moments, moment)
        self.base = moment

    def go(self, moment: int) -> list[tuple[int, int]]:
        """Make memory what it was at a kept ``moment``; the byte ranges written."""
        first, last = sorted((self.base, moment))
        pages = self._dirty.pages() | self._touched
        low, high = bisect_right(self.moments, first), bisect_right(self.moments, last)
        for between in self.moments[low:high]:
            pages |= self._changed[between]
        view = self._memory.view
        self.base = moment
        for page in pages:
            at = page * PAGE_SIZE
            view[at : at + PAGE_SIZE] = self._known(page)
        # What has just been written back is no change.
        self._touched = self._dirty.pages() - pages
        return [(page * PAGE_SIZE, PAGE_SIZE) for page in pages]

    def touched(self, pages: Iterable[int], moment: int) -> bool:
        """Whether any of ``pages`` may have been written between the moment before and this."""
        return not self._changed[moment].isdisjoint(pages)

    def forget(self, moment: int) -> None:
        """Keep this moment no longer; not the first one, and not the one last gone to."""
        place = bisect_left(self.moments, moment)
        del self.moments[place]
        changed = self._changed.pop(moment)
        if place == len(self.moments):
            following = None
        else:
            following = self.moments[place]
            self._changed[following] |= changed
        for page in changed:
            when, what = self._when[page], self._what[page]
            index = bisect_left(when, moment)
            if index == len(when) or when[index] != moment:
                continue
            if following is not None and (index + 1 == len(when) or when[index + 1] > following):
                when[index] = following
                continue
            del when[index]
            self.bytes -= len(what.pop(index)) + _OVERHEAD

    def forget_after(self, moment: int) -> None:
        """Forget all later moments."""
        for later in self.moments[bisect_right(self.moments, moment) :][::-1]:
            self.forget(later)

    def close(self) -> None:
        """Release everything; idempotent."""
        self._dirty.close()
        self._when.clear()
        self._what.clear()

    def _known(self, page: int) -> bytes:
        """What ``page`` held at the moment last kept or gone to."""
        when = self._when.get(page)
        index = bisect_right(when, self.base) - 1 if when else -1
        return self._what[page][index] if index >= 0 else ZERO

    def _remember(self, page: int, moment: int) -> None:
        data = bytes(self._memory.view[page * PAGE_SIZE : (page + 1) * PAGE_SIZE])
        when = self._when.setdefault(page, [])
        what = self._what.setdefault(page, [])
        index = bisect_right(when, moment)
        if data == (what[index - 1] if index else ZERO):
            return
        when.insert(index, moment)
        what.insert(index, data)
        self.bytes += len(data) + _OVERHEAD


def dispensable(moments: list[int], needed: int) -> int:
    """The moment whose loss leaves the smallest gap: not the first, the last or ``needed``."""
    inner = (i for i in range(1, len(moments) - 1) if moments[i] != needed)
    return moments[min(inner, key=lambda i: moments[i + 1] - moments[i - 1])]

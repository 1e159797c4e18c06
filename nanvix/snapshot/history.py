"""Moments of a running guest to go back to: the base of time travel on the emulator.

    history = History(machine)
    history.take()
    ...                       # machine.step(), or whatever makes the guest run
    history.restore(history.checkpoints[0])

A checkpoint keeps only the pages that changed since the one before it. Going back and running on
repeats the past exactly: the journal answers what was asked before, so nothing is read or written
on the host a second time, until the guest is where it was and the world takes over again.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from nanvix.abi.layout import PAGE_SHIFT, PAGE_SIZE
from nanvix.named import NamedTuple
from nanvix.snapshot.dirty import populated, watch
from nanvix.snapshot.pages import Key, PageVersions

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nanvix.machine.machine import Machine
    from nanvix.machine.outcome import Checkpoint as MachineState

BUDGET = 512 << 20
"""Bytes of page contents kept before checkpoints are thinned out."""


@runtime_checkable
class Reversible(Protocol):
    """A backend whose vCPU can be put back: the emulator."""

    def checkpoint(self) -> Any:
        """The vCPU as it is now."""

    def rollback(self, saved: Any) -> None:
        """Be that vCPU again."""


class Checkpoint(NamedTuple):
    """A moment: ``instructions`` retired and ``position`` in the journal name it."""

    instructions: int
    position: int
    vcpu: Any
    machine: MachineState

    @property
    def key(self) -> Key:
        """What checkpoints are ordered by."""
        return self.instructions, self.position


class History:
    """The checkpoints of one machine, which must have a journal and a backend that can go back.

    ``checkpoints``: in order of time. Not thread-safe; everything here is for moments at which the
    guest does not run.
    """

    def __init__(self, machine: Machine, budget: int = BUDGET) -> None:
        """Raises ValueError for a machine that cannot go back."""
        backend = machine.backend
        if machine.journal is None or not isinstance(backend, Reversible):
            raise ValueError("going back needs the emulator and a journal")
        self.checkpoints: list[Checkpoint] = []
        self._machine = machine
        self._backend = backend
        self._memory = machine.memory
        self._budget = budget
        self._pages = PageVersions(machine.memory)
        self._dirty = watch(machine.memory)
        self._head: Key | None = None

    def close(self) -> None:
        """Let go of everything; the machine stays as it is."""
        self._dirty.close()
        self.checkpoints.clear()
        self._pages.clear()

    @property
    def size(self) -> int:
        """Bytes of page contents held."""
        return self._pages.size

    # -- taking ------------------------------------------------------------------------------

    def take(self) -> Checkpoint:
        """Keep this moment; the same moment twice is one checkpoint."""
        machine, backend = self._machine, self._backend
        state = machine.checkpoint()
        fresh = Checkpoint(backend.instructions() or 0, state.position, backend.checkpoint(), state)
        key = fresh.key
        at = bisect_left(self.checkpoints, key, key=_key)
        if at < len(self.checkpoints) and self.checkpoints[at].key == key:
            return self.checkpoints[at]
        pages = self._dirty.pages()
        self._pages.keep(key, self._all_pages() if self._head is None else pages)
        self._head = key
        self.checkpoints.insert(at, fresh)
        self._thin_out()
        return fresh

    def before(self, instructions: int) -> Checkpoint | None:
        """The last checkpoint at or before that many instructions."""
        at = bisect_right(self.checkpoints, instructions, key=_instructions)
        return self.checkpoints[at - 1] if at else None

    def touched(self, pages: Iterable[int], after: int, until: int) -> bool:
        """Whether any of ``pages`` may have been written by instructions in (after, until], both
        moments of checkpoints."""
        first = bisect_right(self.checkpoints, after, key=_instructions)
        last = bisect_right(self.checkpoints, until, key=_instructions)
        return any(self._pages.touched(pages, c.key) for c in self.checkpoints[first:last])

    def cut(self, instructions: int) -> None:
        """Drop the checkpoints behind that many instructions; the machine must not be there."""
        while len(self.checkpoints) > 1 and self.checkpoints[-1].instructions > instructions:
            self._pages.forget(self.checkpoints.pop().key)

    # -- going there -------------------------------------------------------------------------

    def restore(self, checkpoint: Checkpoint) -> None:
        """Be at that moment again, whether it is behind or ahead."""
        key = checkpoint.key
        at = bisect_left(self.checkpoints, key, key=_key)
        if self._head is None or at == len(self.checkpoints) or self.checkpoints[at].key != key:
            raise ValueError("this checkpoint has been dropped")
        pages = self._dirty.pages() | self._pages.between(*sorted((self._head, key)))
        view, changed, content = self._memory.view, self._backend.code_changed, self._pages.at
        for page in pages:
            start = page << PAGE_SHIFT
            data = content(page, key)
            if bytes(view[start : start + PAGE_SIZE]) != data:
                view[start : start + PAGE_SIZE] = data
                changed(start, PAGE_SIZE)
        # What has just been written back is no change.
        self._dirty.pages()
        self._backend.rollback(checkpoint.vcpu)
        self._machine.rollback(checkpoint.machine)
        self._head = key

    def _all_pages(self) -> set[int]:
        return {
            page
            for start, end in populated(self._memory)
            for page in range(start >> PAGE_SHIFT, end >> PAGE_SHIFT)
        }

    def _thin_out(self) -> None:
        """Drop the checkpoints that are closest to their neighbours, never first or current."""
        while self.size > self._budget and len(self.checkpoints) > 2:
            choice, least = 0, 0
            for at in range(1, len(self.checkpoints) - 1):
                gap = self.checkpoints[at + 1].instructions - self.checkpoints[at - 1].instructions
                if self.checkpoints[at].key != self._head and (not choice or gap < least):
                    choice, least = at, gap
            if not choice:
                return
            self._pages.forget(self.checkpoints.pop(choice).key)


def _key(checkpoint: Checkpoint) -> Key:
    return checkpoint.key


def _instructions(checkpoint: Checkpoint) -> int:
    return checkpoint.instructions

"""Moments of a running guest to go back to: the base of time travel on the emulator.

    history = History(machine)
    history.take()
    ...                       # machine.step(), or whatever makes the guest run
    history.restore(history.checkpoints[0])

A checkpoint keeps only the pages that changed since the one before it. Going back and running on
repeats the past exactly: the journal answers what was asked before, so nothing is read or written
on the host a second time, until the guest is where it was and the world takes over again.
"""

from bisect import bisect_left, bisect_right
from typing import Any, NamedTuple, Protocol, runtime_checkable

from nanvix.abi.layout import PAGE_SHIFT, PAGE_SIZE
from nanvix.machine.backend import Backend
from nanvix.machine.machine import Checkpoint as MachineState
from nanvix.machine.machine import Machine
from nanvix.snapshot.dirty import populated, watch

BUDGET = 512 << 20
"""Bytes of page contents kept before checkpoints are thinned out."""

_ZEROS = bytes(PAGE_SIZE)


@runtime_checkable
class Reversible(Backend, Protocol):
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
    def key(self) -> tuple[int, int]:
        """What checkpoints are ordered by."""
        return self.instructions, self.position


class History:
    """The checkpoints of one machine, which must have a journal and a backend that can go back.

    ``checkpoints``: in order of time. ``size``: bytes of page contents held. Not thread-safe;
    everything here is for moments at which the guest does not run.
    """

    def __init__(self, machine: Machine, budget: int = BUDGET) -> None:
        """Raises ValueError for a machine that cannot go back."""
        backend = machine.backend
        if machine.journal is None or not isinstance(backend, Reversible):
            raise ValueError("going back needs the emulator and a journal")
        self.checkpoints: list[Checkpoint] = []
        self.size = 0
        self._machine = machine
        self._backend = backend
        self._memory = machine.memory
        self._budget = budget
        self._dirty = watch(machine.memory)
        self._head: tuple[int, int] | None = None
        # Per page, in order of time: keys of checkpoints, and the content at each.
        self._keys: dict[int, list[tuple[int, int]]] = {}
        self._contents: dict[int, list[bytes]] = {}
        self._changed: dict[tuple[int, int], set[int]] = {}

    def close(self) -> None:
        """Let go of everything; the machine stays as it is."""
        self._dirty.close()
        self.checkpoints.clear()
        self._keys.clear()
        self._contents.clear()

    # -- taking ------------------------------------------------------------------------------

    def take(self) -> Checkpoint:
        """Keep this moment; the same moment twice is one checkpoint."""
        machine, backend = self._machine, self._backend
        state = machine.checkpoint()
        fresh = Checkpoint(backend.instructions() or 0, state.position, backend.checkpoint(), state)
        key = fresh.key
        if key in self._changed:
            return self._find(key)
        if self._head is None:
            pages = self._all_pages()
            self._dirty.pages()
        else:
            pages = self._dirty.pages()
        view = self._memory.view
        for page in pages:
            at = page << PAGE_SHIFT
            data = bytes(view[at : at + PAGE_SIZE])
            self._keep(page, key, _ZEROS if data == _ZEROS else data)
        self._changed[key] = pages
        self._head = key
        at = bisect_left(self.checkpoints, key, key=_key)
        self.checkpoints.insert(at, fresh)
        self._thin_out()
        return fresh

    def before(self, instructions: int) -> Checkpoint | None:
        """The last checkpoint at or before that many instructions."""
        at = bisect_right(self.checkpoints, instructions, key=_instructions)
        return self.checkpoints[at - 1] if at else None

    # -- going there -------------------------------------------------------------------------

    def restore(self, checkpoint: Checkpoint) -> None:
        """Be at that moment again, whether it is behind or ahead."""
        key = checkpoint.key
        if key not in self._changed or self._head is None:
            raise ValueError("this checkpoint has been dropped")
        pages = self._dirty.pages()
        low, high = sorted((self._head, key))
        first = bisect_right(self.checkpoints, low, key=_key)
        for other in self.checkpoints[first : bisect_right(self.checkpoints, high, key=_key)]:
            pages |= self._changed[other.key]
        view, changed = self._memory.view, self._backend.code_changed
        for page in pages:
            at = page << PAGE_SHIFT
            data = self._content(page, key)
            if bytes(view[at : at + PAGE_SIZE]) != data:
                view[at : at + PAGE_SIZE] = data
                changed(at, PAGE_SIZE)
        self._dirty.pages()
        self._backend.rollback(checkpoint.vcpu)
        self._machine.rollback(checkpoint.machine)
        self._head = key

    # -- page contents -----------------------------------------------------------------------

    def _all_pages(self) -> set[int]:
        return {
            page
            for start, end in populated(self._memory)
            for page in range(start >> PAGE_SHIFT, end >> PAGE_SHIFT)
        }

    def _keep(self, page: int, key: tuple[int, int], data: bytes) -> None:
        keys = self._keys.setdefault(page, [])
        at = bisect_left(keys, key)
        keys.insert(at, key)
        self._contents.setdefault(page, []).insert(at, data)
        if data is not _ZEROS:
            self.size += PAGE_SIZE

    def _content(self, page: int, key: tuple[int, int]) -> bytes:
        at = bisect_right(self._keys.get(page, ()), key)
        return self._contents[page][at - 1] if at else _ZEROS

    def _find(self, key: tuple[int, int]) -> Checkpoint:
        return self.checkpoints[bisect_left(self.checkpoints, key, key=_key)]

    # -- the budget --------------------------------------------------------------------------

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
            self._drop(choice)

    def _drop(self, index: int) -> None:
        """Forget a checkpoint; what it knew of a page that the next one needs goes there."""
        key = self.checkpoints.pop(index).key
        heir = self.checkpoints[index].key
        for page in self._changed.pop(key):
            keys, contents = self._keys[page], self._contents[page]
            at = bisect_left(keys, key)
            if at + 1 < len(keys) and keys[at + 1] == heir:
                if contents[at] is not _ZEROS:
                    self.size -= PAGE_SIZE
                del keys[at], contents[at]
            else:
                keys[at] = heir
                self._changed[heir].add(page)


def _key(checkpoint: Checkpoint) -> tuple[int, int]:
    return checkpoint.key


def _instructions(checkpoint: Checkpoint) -> int:
    return checkpoint.instructions

"""One guest and all its moments: forward for the first time, or again, or back.

A moment is the number of instructions retired since the start. Up to the *frontier* the guest has
run before: there it runs again from a checkpoint and the journal, exactly as it did, without the
host noticing. At the frontier the live machine goes on.
"""

from typing import TYPE_CHECKING

from nanvix.debug.errors import DebugError
from nanvix.debug.live import LiveMachine
from nanvix.debug.probe import Plan
from nanvix.machine.journal import Change, Served
from nanvix.snapshot.history import BUDGET, Checkpoint, History

if TYPE_CHECKING:
    from collections.abc import Callable

    from nanvix.machine.idle import Wait
    from nanvix.machine.outcome import Outcome

SPACING = 500_000
"""Instructions between checkpoints as long as there is room: 10 ms."""
_ENTRY = 200
"""What a journal entry costs beside its data, roughly."""


class Timeline:
    """``frontier``: the last moment seen so far; ``end``: how the guest ended there, if it has.
    ``progress`` hears of moments passed in a long run; ``spacing``: instructions between
    checkpoints, more when ``budget`` bytes are used up."""

    def __init__(self, machine: LiveMachine, budget: int = BUDGET) -> None:
        self.machine = machine
        self.memory = machine.memory
        self.backend = machine.backend
        self.spacing = SPACING
        self.progress: Callable[[int], None] | None = None
        self._probes = self.backend.probes()
        self._settled = True
        self._repeating = False
        self._counted = self._journal_bytes = 0
        self.end: Outcome | None = None
        self.frontier = self.position
        self._history = History(machine, budget)
        self._history.take()

    @property
    def position(self) -> int:
        """The moment shown: instructions retired."""
        return self.backend.instructions()

    @property
    def live(self) -> bool:
        """Whether the moment shown is the frontier."""
        return self.position >= self.frontier

    @property
    def ended(self) -> bool:
        """Whether nothing can follow the frontier."""
        return self.end is not None

    @property
    def start(self) -> int:
        """The first moment."""
        return self._history.checkpoints[0].instructions

    @property
    def checkpoints(self) -> list[int]:
        """The moments that can be gone to at once, in order."""
        return [checkpoint.instructions for checkpoint in self._history.checkpoints]

    @property
    def held(self) -> int:
        """Bytes of checkpoints and journal."""
        entries = self.machine.journal.entries
        for entry in entries[self._counted :]:
            self._journal_bytes += _ENTRY
            if isinstance(entry, Served):
                self._journal_bytes += sum(len(data) for _, data in entry.data)
        self._counted = len(entries)
        return self._history.size + self._journal_bytes

    # -- going -------------------------------------------------------------------------------

    def forward(self, plan: Plan, target: int | None = None) -> "Wait | None":
        """Run on until ``plan`` stops it, ``target`` is reached, the guest has ended or a pause is
        wanted (None), or until the live guest is idle: what it waits for."""
        machine = self.machine
        plan.attach(self._probes, self.backend)
        try:
            while not (plan.stopped or machine.pause_wanted):
                if target is not None and self.position >= target:
                    break
                if self.live and self.ended:
                    break
                if (wait := self._run(plan, target)) is not None:
                    return wait
                plan.refresh()
        finally:
            plan.detach(self._probes, self.backend)
            self._settled = not plan.unsettled
        return None

    def go(self, moment: int) -> None:
        """Show a moment between the start and the frontier. Raises DebugError for any other."""
        base = self._history.before(moment)
        if base is None or moment > self.frontier:
            raise DebugError(f"moment {moment} is not between {self.start} and {self.frontier}")
        near = base.instructions <= self.position <= moment
        if not (near and self._settled):
            self._restore(base)
        self.forward(Plan(), moment)

    def checkpoint_before(self, moment: int) -> int:
        """The last checkpoint in front of ``moment``; the first if there is none."""
        found = self._history.before(moment - 1)
        return self.start if found is None else found.instructions

    def written_between(self, pages: set[int], start: int, end: int) -> bool:
        """Whether physical ``pages`` may have changed between two checkpoints."""
        return self._history.touched(pages, start, end)

    # -- changing ----------------------------------------------------------------------------

    def write(self, gpa: int, data: bytes) -> None:
        """Change memory at the frontier; part of history from then on."""
        self._change(gpa, data)

    def set_register(self, name: str, value: int) -> None:
        """Change a register at the frontier; part of history from then on."""
        self._change(value, b"", name)

    def cut(self) -> None:
        """Make the moment shown the frontier: what has been seen behind it is to be lived anew.
        Raises DebugError where the world has had a part in that."""
        journal = self.machine.journal
        if self.ended or journal.position < len(journal.entries):
            raise DebugError("the past cannot be changed: the world has taken part in it since")
        self._history.cut(self.position)
        self.frontier = self.position
        journal.horizon = self.backend.tsc()

    def require_changeable(self) -> None:
        """Raises DebugError where nothing can be changed."""
        if not self.live:
            raise DebugError("the past cannot be changed: go to the end of what has run first")
        if self.ended:
            raise DebugError("the guest has ended: nothing can be changed any more")

    def _change(self, value: int, data: bytes, register: str = "") -> None:
        self.require_changeable()
        self.machine.change(Change(self.backend.tsc(), value, data, register))

    # -- running -----------------------------------------------------------------------------

    def _run(self, plan: Plan, target: int | None) -> "Wait | None":
        """Run on for the first time up to the next checkpoint, or again up to the frontier."""
        machine, live = self.machine, self.live
        if live:
            if self._repeating:
                self._repeating = False
                machine.rejoin()
            stop = self._next_checkpoint()
        else:
            stop = self.frontier
        machine.quiet = not live
        machine.on_write, machine.on_doorbell = plan.host_write, plan.on_doorbell
        wait = machine.go_on(stop if target is None else min(stop, target))
        machine.on_write = machine.on_doorbell = None
        if live:
            self.frontier = self.position
            self.end = machine.outcome
            machine.journal.horizon = self.backend.tsc()
        elif machine.outcome is not None and not self.live:
            detail = machine.outcome.detail
            raise DebugError(f"cannot repeat the run at {self.position}: {detail}")
        if self.progress is not None:
            self.progress(self.position)
        return wait

    def _next_checkpoint(self) -> int:
        """Keep this moment if one is due; the moment at which the next is."""
        kept = self._history.checkpoints
        if self.position >= kept[-1].instructions + self.spacing:
            count = len(kept)
            self._history.take()
            if len(kept) <= count:
                # There was no room: fewer are made from now on.
                span = kept[-1].instructions - kept[0].instructions
                self.spacing = max(self.spacing, span // len(kept))
        return kept[-1].instructions + self.spacing

    def _restore(self, checkpoint: Checkpoint) -> None:
        self._history.restore(checkpoint)
        self.machine.make_changes()
        self._settled = self._repeating = True

    def close(self) -> None:
        """Release what the checkpoints hold; idempotent."""
        self._history.close()

"""One guest and all its moments: forward for the first time, or again, or back.

A moment is the number of instructions retired since the start. Up to the *frontier* the guest has
run before: there it runs again from a checkpoint and the tape, exactly as it did, without the
host noticing. At the frontier the live machine goes on.
"""

from bisect import bisect_left
from typing import TYPE_CHECKING, NamedTuple

from nanvix.abi.layout import PAGE_SHIFT
from nanvix.debug.errors import DebugError
from nanvix.debug.history import PageHistory, dispensable
from nanvix.debug.live import LiveMachine, TapedBackend
from nanvix.debug.probe import Plan
from nanvix.debug.tape import ARRIVAL, CHANGE, DEPARTURE, INJECT, REGISTER, SKIP, WRITE, Effect
from nanvix.emu.backend import Checkpoint as Cpu
from nanvix.emu.backend import EmuBackend
from nanvix.machine.backend import Exit

if TYPE_CHECKING:
    from collections.abc import Callable

    from nanvix.machine.idle import Wait

SPACING = 500_000
"""Instructions between checkpoints as long as there is room: 10 ms."""
BUDGET = 512 << 20
"""Bytes of page versions kept by default."""


class Checkpoint(NamedTuple):
    """Beside memory: the CPU, and the next effect of the tape."""

    cpu: Cpu
    tape: int


class Timeline:
    """``frontier``: the last moment seen so far. ``progress`` hears of moments passed in a long
    run; ``spacing``: instructions between checkpoints, more when ``budget`` bytes are used up."""

    def __init__(self, machine: LiveMachine, budget: int = BUDGET) -> None:
        self.machine = machine
        self.memory = machine.memory
        self.backend: TapedBackend = machine.backend
        self.tape = self.backend.tape
        self.budget = budget
        self.spacing = SPACING
        self.progress: Callable[[int], None] | None = None
        self._probes = self.backend.probes()
        self._next = 0
        self._deadline: int | None = None
        self._settled = True
        self.frontier = self.position
        self._history = PageHistory(self.memory, self.position)
        self._checkpoints = {self.position: Checkpoint(self.backend.checkpoint(), 0)}

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
        return self.machine.outcome is not None

    @property
    def start(self) -> int:
        """The first moment."""
        return self._history.moments[0]

    @property
    def checkpoints(self) -> list[int]:
        """The moments that can be gone to at once, in order."""
        return self._history.moments

    @property
    def held(self) -> int:
        """Bytes of checkpoints and tape."""
        return self._history.bytes + self.tape.bytes

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
                if not self.live:
                    self._rerun(plan, target)
                elif self.ended:
                    break
                elif (wait := self._run_live(plan, target)) is not None:
                    return wait
                plan.refresh()
        finally:
            plan.detach(self._probes, self.backend)
            self._settled = not plan.unsettled
        return None

    def go(self, moment: int) -> None:
        """Show a moment between the start and the frontier. Raises DebugError for any other."""
        if not self.start <= moment <= self.frontier:
            raise DebugError(f"moment {moment} is not between {self.start} and {self.frontier}")
        base = self.checkpoint_before(moment + 1)
        near = base <= self.position <= moment
        if not (near and self._settled):
            self._restore(base)
        self.forward(Plan(), moment)

    def checkpoint_before(self, moment: int) -> int:
        """The last checkpoint in front of ``moment``; the first if there is none."""
        moments = self._history.moments
        return moments[max(0, bisect_left(moments, moment) - 1)]

    def written_between(self, pages: set[int], end: int) -> bool:
        """Whether physical ``pages`` may have changed between the checkpoint ``end`` and the one
        before it."""
        return self._history.touched(pages, end)

    # -- changing ----------------------------------------------------------------------------

    def write(self, gpa: int, data: bytes) -> None:
        """Change memory at the frontier; part of history from then on."""
        self._changing()
        self.memory.write(gpa, data)
        self.backend.code_changed(gpa, len(data))
        self._changed(Effect(self.position, CHANGE, WRITE, gpa, data))

    def set_register(self, name: str, value: int) -> None:
        """Change a register at the frontier; part of history from then on."""
        self._changing()
        self.backend.registers()[name] = value
        self._changed(Effect(self.position, CHANGE, REGISTER, value, b"", name))

    def _changing(self) -> None:
        if not self.live:
            raise DebugError("the past cannot be changed: go to the end of what has run first")
        if self.ended:
            raise DebugError("the guest has ended: nothing can be changed any more")

    def _changed(self, effect: Effect) -> None:
        self.tape.add(effect)
        self._next = len(self.tape.effects)

    # -- the two ways forward ----------------------------------------------------------------

    def _run_live(self, plan: Plan, target: int | None) -> "Wait | None":
        position = self.position
        if position >= self._history.moments[-1] + self.spacing:
            self._keep()
        following = self._history.moments[-1] + self.spacing
        self.machine.on_write = plan.host_write
        self.machine.on_doorbell = plan.on_doorbell
        wait = self.machine.go_on(following if target is None else min(following, target))
        self.machine.on_write = self.machine.on_doorbell = None
        self.frontier = self.position
        self._next = len(self.tape.effects)
        if self.progress is not None:
            self.progress(self.position)
        return wait

    def _rerun(self, plan: Plan, target: int | None) -> None:
        """Run what has run before, up to ``target`` or the frontier, or until the plan is stale."""
        backend, effects = self.backend, self.tape.effects
        target = self.frontier if target is None else min(target, self.frontier)
        while (count := backend.instructions()) < target:
            if plan.stopped or self.machine.pause_wanted:
                break
            self._apply(count, DEPARTURE)
            stop = target
            if self._next < len(effects):
                stop = min(stop, effects[self._next].moment)
            backend.pause_at(stop)
            reason = backend.run()
            count = backend.instructions()
            if reason is Exit.DOORBELL:
                self._apply(count, ARRIVAL, plan)
                plan.on_doorbell(backend.exit_value << PAGE_SHIFT)
            elif reason is Exit.PAUSED:
                if count < stop and not plan.stopped:
                    break
            elif reason is not Exit.KICKED:
                detail = backend.exit_detail
                raise DebugError(f"cannot repeat the run at {count}: {reason.name} {detail}")
            self._apply(count, CHANGE)
        if self.progress is not None:
            self.progress(count)
        if self.live:
            self._apply(count, DEPARTURE)
            backend.set_timer(self._deadline)

    def _apply(self, count: int, phase: int, plan: Plan | None = None) -> None:
        """The effects of a moment up to ``phase``, those that have not been applied yet."""
        backend, effects = self.backend, self.tape.effects
        while self._next < len(effects):
            effect = effects[self._next]
            if effect.moment != count or effect.phase > phase:
                return
            self._next += 1
            if effect.kind == WRITE:
                self.memory.write(effect.value, effect.data)
                backend.code_changed(effect.value, len(effect.data))
                if plan is not None:
                    plan.host_write(effect.value, len(effect.data))
            elif effect.kind == INJECT:
                EmuBackend.inject(backend, effect.value)
            elif effect.kind == SKIP:
                EmuBackend.skip_to(backend, effect.value)
            else:
                backend.registers()[effect.name] = effect.value

    # -- checkpoints -------------------------------------------------------------------------

    def _keep(self) -> None:
        moment = self.position
        self._history.keep(moment)
        self._checkpoints[moment] = Checkpoint(self.backend.checkpoint(), self._next)
        moments = self._history.moments
        while self._history.bytes > self.budget and len(moments) > 4:
            gone = dispensable(moments, self._history.base)
            self._history.forget(gone)
            del self._checkpoints[gone]
            self.spacing = max(self.spacing, (moments[-1] - moments[0]) // len(moments))

    def _restore(self, moment: int) -> None:
        if self.live:
            # In a rerun timers fire from the tape; the live one is put aside.
            self._deadline = self.backend.deadline
            self.backend.set_timer(None)
        checkpoint = self._checkpoints[moment]
        for start, size in self._history.go(moment):
            self.backend.code_changed(start, size)
        self.backend.rollback(checkpoint.cpu)
        self._next = checkpoint.tape
        self._settled = True
        self._apply(moment, CHANGE)
        if self.live:
            self._apply(moment, DEPARTURE)
            self.backend.set_timer(self._deadline)

    def close(self) -> None:
        """Release what the checkpoints hold; idempotent."""
        self._history.close()

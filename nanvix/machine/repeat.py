"""The run loop's other half: what comes from a journal instead of the world."""

from itertools import islice
from typing import TYPE_CHECKING

from nanvix.abi.layout import BOOT_HOST_TIME, BOOT_TAPE
from nanvix.machine.journal import (
    Arrival,
    Change,
    End,
    Entry,
    Journal,
    Landing,
    Readings,
    Served,
    Wake,
    describe,
)
from nanvix.machine.look import LOOK, Look, set_look_at

if TYPE_CHECKING:
    from nanvix.machine.machine import Machine

GUESTS_OWN = frozenset(("exit", "signal", "panic", "shutdown"))
"""Ends the guest comes to by itself; every other one is given to it."""


def connect(machine: "Machine", journal: Journal, flags: int) -> "Repeater":
    """Have all that enters the guest pass the journal; what stands in for the world while that
    repeats. ``flags``: BOOT_* bits of a machine that begins, 0 of one that has been saved."""
    machine.channel.journal = journal
    if flags & BOOT_HOST_TIME and flags & BOOT_TAPE:
        from nanvix.machine.tape import Tape

        journal.tape = Tape(machine.memory)
    elif flags & BOOT_HOST_TIME:
        journal.host_time = machine.now_ns
    if not journal.exact and journal.live:
        machine.look = Look(machine.memory, machine.backend, machine.timers)
    repeater = Repeater(machine, journal)
    repeater.prepare()
    return repeater


class Repeater:
    """Gives a machine what its journal has next, at the moment it came the first time.

    Nothing here is used while the journal is live.
    """

    def __init__(self, machine: "Machine", journal: Journal) -> None:
        self._machine = machine
        self._journal = journal
        journal.counter = machine.backend.tsc
        journal.moved = self.prepare

    def prepare(self) -> None:
        """The journal has a new next entry: be there when it is due."""
        machine, journal = self._machine, self._journal
        entry = journal.next()
        if journal.tape is not None and self._readings_are_due():
            journal.tape.give(islice(journal.entries, journal.position, None))
        request = journal.after_next() if isinstance(entry, Readings) else entry
        if request is not entry and _is_given(request):
            journal.advance()  # the guest was ended before its next call
            return
        if not journal.own_timers:
            set_look_at(machine.memory, _looks_at(request))
        if journal.exact:
            timed = isinstance(entry, Arrival | Change) or _is_given(entry)
            machine.timers.set_arrival(entry.tsc if entry is not None and timed else None)
        elif isinstance(entry, Arrival):
            # Here the order is all there is. The guest looks into the ring only when interrupted
            # or woken up, which are entries of their own.
            self._arrive(entry)
        elif isinstance(entry, Landing):
            machine.backend.kick()  # to look for its place once this request is done
        elif isinstance(entry, End) and _is_given(entry):
            machine.finish(*entry[1:])

    def _readings_are_due(self) -> bool:
        """Whether those given last, if any, have been settled just now."""
        journal, position = self._journal, self._journal.position
        if position == 0:
            return bool(journal.entries)
        return isinstance(journal.entries[position - 1], Readings)

    def make_changes(self) -> None:
        """Make the changes that a debugger made at this moment."""
        journal, tsc = self._journal, self._machine.backend.tsc()
        while isinstance(entry := journal.next(), Change) and entry.tsc == tsc:
            journal.change(entry)
            journal.advance()

    def at_counter(self) -> None:
        """The guest runs and has been stopped: perhaps because something is due."""
        machine, journal = self._machine, self._journal
        self.make_changes()
        entry = journal.next()
        if entry is None or machine.idle.active:
            return
        if not journal.exact:
            if isinstance(entry, Landing):
                journal.land(entry)
            return
        now = machine.backend.tsc()
        if isinstance(entry, Arrival):
            if now == entry.tsc:
                self._arrive(entry)
            elif now > entry.tsc:
                self._part(entry, f"nothing up to {now}")
        elif isinstance(entry, End) and _is_given(entry) and now >= entry.tsc:
            machine.finish(*entry[1:])

    def at_place(self) -> bool:
        """The backend has paused: whether it is where the next interrupt came; then it comes."""
        entry = self._journal.next()
        if not isinstance(entry, Landing):
            return False
        self._machine.backend.inject(entry.vector)
        self._journal.advance()
        return True

    def sleep(self) -> None:
        """The guest sleeps: something ends it, and nothing is waited for."""
        machine, journal = self._machine, self._journal
        self.make_changes()
        entry = journal.next()
        if isinstance(entry, Arrival):
            self._arrive(entry)
            entry = journal.next()
            if not isinstance(entry, Wake):
                return
        if isinstance(entry, Wake):
            machine.idle.resume(entry.tsc)
            journal.advance()
        elif isinstance(entry, End) and _is_given(entry):
            machine.finish(*entry[1:])
        elif entry is not None:
            self._part(entry, f"a sleep at {machine.backend.tsc()}")

    def other_end(self, reason: str, status: int) -> str | None:
        """What the journal says instead of this end of the guest's own; None if the same."""
        if isinstance(self._journal.next(), Readings):
            self._journal.advance()
        entry = self._journal.next()
        if entry is None or reason not in GUESTS_OWN:
            return None
        got = End(self._machine.backend.tsc() if self._journal.exact else 0, reason, status, "")
        if isinstance(entry, End) and entry[:3] == got[:3]:
            return None
        self._journal.diverge(describe(entry), f"{describe(got)} with status {status:#x}")
        return self._journal.diverged

    def _arrive(self, entry: Arrival) -> None:
        machine = self._machine
        for kind, value, cookie in entry.events:
            machine.inbox.ring.append(kind, value, cookie)
        for vector in entry.vectors:
            machine.backend.inject(vector)
        self._journal.advance()

    def _part(self, entry: Entry, got: str) -> None:
        self._journal.diverge(describe(entry), got)
        self._machine.finish("diverged", detail=self._journal.diverged or "")


def _is_given(entry: Entry | None) -> bool:
    return isinstance(entry, End) and entry.reason not in GUESTS_OWN


def _looks_at(entry: Entry | None) -> int:
    """How many system calls were done when the kernel looked; 0 when it did something else."""
    return entry.out[0] if isinstance(entry, Served) and entry.op == LOOK else 0

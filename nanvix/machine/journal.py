"""What entered a guest, in order: enough to let it run again without the world around it.

Everything the host gives a guest passes a :class:`Journal`: results and data of hypercalls,
events, interrupts, and how long it slept. A machine with a journal appends while it is at the
end ("live") and repeats while it is not. The guest's own part is not kept: on the emulator, which
is deterministic, the same things entering at the same moments give the same run.

A moment has a name that the emulator finds again. Where the counter is virtual that is its value;
such a journal is *exact*. On KVM the counter is not reproducible: there the order of entries says
when each comes, and for an interrupt also what the program's registers were.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from nanvix.abi.call import Call
from nanvix.abi.channel import OPS, TIME_OUT
from nanvix.machine.answers import digest, fill, written
from nanvix.named import NamedTuple

if TYPE_CHECKING:
    from nanvix.machine.tape import Tape

Serve = Callable[[Call], int]


class Served(NamedTuple):
    """A hypercall. ``tsc``: the counter then. ``digest``: of the request. ``data``: what was
    written into the outputs, which count as one buffer, as (position, bytes) pieces."""

    tsc: int
    op: int
    digest: int
    result: int
    out: tuple[int, ...]
    data: tuple[tuple[int, bytes | memoryview], ...]


class Arrival(NamedTuple):
    """Events put into the ring as (kind, value, cookie), and vectors injected for them."""

    tsc: int
    events: tuple[tuple[int, int, int], ...]
    vectors: tuple[int, ...]


class Wake(NamedTuple):
    """The end of a sleep; ``tsc`` is the counter after it."""

    tsc: int


class Landing(NamedTuple):
    """An interrupt taken by a program where its registers were these (inexact journals).

    ``registers``: RIP and the general ones in the order of nanvix.machine.state.GPRS. ``stack``:
    what lies around the stack pointer; empty where it is not needed to know the place. ``calls``:
    how many system calls had been entered by then. ``readings``: of the clock, up to then (Tape).
    """

    vector: int
    registers: tuple[int, ...]
    stack: bytes
    calls: int
    tsc: int = 0
    readings: int = 0


class Readings(NamedTuple):
    """What the clock showed the guest, by the tape: in front of the call at which that was taken.

    ``head``: readings begun by then. ``values``: ns since boot, from reading ``first`` on.
    ``tail``: the next one to take. All but the values count modulo 2**32.
    """

    tsc: int
    head: int
    first: int
    tail: int
    values: tuple[int, ...]


class Change(NamedTuple):
    """What a debugger has changed: ``register`` to ``value``, or, where that is empty, memory at
    guest-physical ``value`` to ``data``. It counts as part of arriving at the moment: whatever
    else enters then comes after it."""

    tsc: int
    value: int
    data: bytes
    register: str = ""


class End(NamedTuple):
    """How the run ended, the last entry of a finished journal; fields as in Outcome."""

    tsc: int
    reason: str
    status: int
    detail: str


Entry = Served | Readings | Arrival | Wake | Landing | Change | End

_SYSTEM = frozenset(number for number, _ in OPS.values() if number < OPS["ENTROPY"][0]) | {
    OPS["CRASH"][0],
    OPS["MEMORY"][0],
}
"""Served by the machine itself, from what is in the guest: nothing enters by them."""


class Journal:
    """``entries``, and the ``position`` of the next one to repeat; at the end it is live.

    ``exact``: moments are counter values. ``host_time``: answers bring the time along
    (BOOT_HOST_TIME). ``tape``: where the guest notes its readings of the clock (BOOT_TAPE).
    ``own_timers``: the guest's timer interrupts follow from the counter; else
    they too are in the journal. ``diverged``: what the guest asked for that it had not asked for
    the first time; one line. ``moved`` is called after every change of ``position``, ``echo``
    with every call that is answered from the journal. ``copy`` gets what is repeated here, with
    exact moments: after one run an inexact journal has an exact one.
    """

    def __init__(
        self, entries: list[Entry] | None = None, *, exact: bool = True, own_timers: bool = True
    ) -> None:
        self.entries: list[Entry] = [] if entries is None else entries
        self.exact = exact
        self.own_timers = own_timers
        self.host_time: Callable[[], int] | None = None
        self.tape: Tape | None = None
        self.echo: Callable[[Call, int], None] | None = None
        self.land: Callable[[Landing], None] = _nowhere
        """Makes the backend pause where an interrupt was taken."""
        self.change: Callable[[Change], None] = _unchangeable
        """Makes a debugger's change once more."""
        self.horizon = 0
        self.copy: Journal | None = None
        self.position = 0
        self.diverged: str | None = None
        self.moved: Callable[[], None] = _nothing
        self.counter: Callable[[], int] = _zero
        """The machine's time-stamp counter."""

    @property
    def live(self) -> bool:
        """Whether what enters the guest comes from the world now."""
        return self.position >= len(self.entries) and self.counter() >= self.horizon

    def next(self) -> Entry | None:
        """The entry to repeat next; None behind the last one."""
        return self.entries[self.position] if self.position < len(self.entries) else None

    def after_next(self) -> Entry | None:
        """The entry behind the next one."""
        after = self.position + 1
        return self.entries[after] if after < len(self.entries) else None

    def advance(self) -> None:
        """The next entry has been repeated."""
        if self.copy is not None:
            self._copy_entry(self.copy, self.entries[self.position])
        self.position += 1
        self.moved()

    def _copy_entry(self, copy: Journal, entry: Entry) -> None:
        tsc = self.counter()
        if isinstance(entry, Landing):
            copy.append(Arrival(tsc, (), (entry.vector,)))
        else:
            copy.append(entry._replace(tsc=tsc))

    def append(self, entry: Entry) -> None:
        """Something has entered the guest just now. Only when live."""
        self.entries.append(entry)
        self.position += 1

    def keep(self, parts: list[memoryview]) -> bytes | memoryview:
        """A copy of what has been written into the guest's memory, for the entry that is next."""
        return b"".join(parts)

    def insert(self, entry: Change) -> None:
        """A debugger has changed something just now, whatever is to be repeated afterwards."""
        self.entries.insert(self.position, entry)
        self.position += 1

    def diverge(self, expected: object, got: object) -> None:
        """Keep the first difference."""
        if self.diverged is None:
            self.diverged = f"diverged at event {self.position}: expected {expected}, got {got}"

    def serve(self, call: Call, invoke: Serve) -> int:
        """A hypercall: through ``invoke`` when live, else from the journal."""
        if call.op in _SYSTEM:
            return invoke(call)
        tsc = self.counter() if self.exact else 0
        asked = digest(call)
        if self.live:
            self.take_readings(tsc)
            result = invoke(call)
            if self.host_time is not None:
                call.out[TIME_OUT] = self.host_time()
            data = tuple((at, self.keep(parts)) for at, parts in written(call, result))
            self.append(Served(tsc, call.op, asked, result, tuple(call.out), data))
            return result
        entry = self.next()
        if isinstance(entry, Readings):
            self._settle(entry)
            entry = self.next()
        got = Served(tsc, call.op, asked, 0, (), ())
        if not isinstance(entry, Served) or entry[:2] != got[:2]:
            self.diverge(describe(entry), describe(got))
            return 0
        if entry.digest != asked:
            self.diverge(describe(entry), f"{describe(got)} with {request(call)}")
            return 0
        fill(call, entry)
        if self.echo is not None:
            self.echo(call, entry.result)
        self.advance()
        return entry.result

    def take_readings(self, tsc: int) -> None:
        """What the guest has read off the clock is entered, as far as it is new. Only when live."""
        if self.tape is not None and (readings := self.tape.take(tsc)) is not None:
            self.append(readings)

    def _settle(self, entry: Readings) -> None:
        if self.tape is None or not self.tape.settle(entry):
            head = 0 if self.tape is None else self.tape.head()
            self.diverge(describe(entry), f"{head} by then")
        self.advance()


def describe(entry: Entry | None) -> str:
    """A few words, for messages."""
    if entry is None:
        return "nothing more"
    when = f" at {entry.tsc}" if entry.tsc else ""
    if isinstance(entry, Served):
        return _op(entry.op) + when
    if isinstance(entry, Landing):
        return f"interrupt {entry.vector} at rip {entry.registers[0]:#x}"
    if isinstance(entry, Readings):
        return f"{entry.head} readings of the clock"
    if isinstance(entry, End):
        return f"the end ({entry.reason}){when}"
    return f"{type(entry).__name__.lower()}{when}"


def request(call: Call) -> str:
    """What is asked for, for messages."""
    from nanvix.machine.describe import printable

    text = printable(b"".join(bytes(view[:40]) for view in call.inputs[:2])[:60])
    return f"({', '.join(map(hex, call.arg))}) {text!r}"


def _op(number: int) -> str:
    from nanvix.machine.describe import op_name

    return op_name(number)


def _nothing() -> None:
    pass


def _nowhere(landing: Landing) -> None:
    raise ValueError("only the emulator can find the place of an interrupt again")


def _unchangeable(change: Change) -> None:
    raise ValueError("only a debugger's machine can be changed")


def _zero() -> int:
    return 0

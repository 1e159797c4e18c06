"""A whole machine in a file, and back: memory, vCPU, clock, timers, and what the services know.

    save(machine, services.keepers, about, path)      # between two steps

    with Saved(path) as saved:
        memory = GuestMemory(saved.memory)
        ...                                           # a backend, services for saved.about
        clock = saved.restore(memory, backend, image, date_ns)
        machine = Machine(memory, backend, image, clock, services.handlers, watches)
        saved.resume(machine, services.keepers)       # ready to run

Between saving and loading no time passes for the guest: its monotonic clock goes on where it was.
Its date is the host's again, unless it was fixed. The counter below the clock may be another one
(some hosts cannot set it, and its frequency may differ); then the clock page gets a new base.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from nanvix.abi.header import abi_version
from nanvix.abi.layout import BOOT_TRACE, CLOCK, CLOCK_PHYS, HUGE_SIZE, MEMORY_MAX, USER_END
from nanvix.machine.clock import NEVER, GuestClock
from nanvix.machine.inbox import SIGNALS
from nanvix.machine.outcome import Checkpoint
from nanvix.named import NamedTuple
from nanvix.snapshot import move
from nanvix.snapshot.file import Reader, StateError, write
from nanvix.snapshot.vcpu import decode, encode, number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nanvix.machine.backend import Backend
    from nanvix.machine.image import KernelImage
    from nanvix.machine.machine import Machine
    from nanvix.machine.memory import GuestMemory

_SIGNALS = 64
_NS_BITS = 62
"""Of a time in ns: 146 years."""
_SLACKS_PER_SECOND = 100
"""A counter that is ahead of the saved one by less than that part of a second has its value."""


class Keeper(Protocol):
    """A service with a state, as plain values for JSON (see nanvix.macro.services)."""

    def save(self) -> Any:
        """The state now. Raises NanvixError where it cannot be saved."""

    def load(self, saved: Any) -> None:
        """Take over what :meth:`save` gave. Raises NanvixError where that cannot be."""


class Header(NamedTuple):
    """What the file says of its machine. ``abi``, ``kernel``: of the contract and the image, by
    checksum. ``date_ns``: the guest's date minus its monotonic time, None where the date is the
    host's. ``about``: whatever the caller needs to build the services again."""

    abi: int
    kernel: str
    backend: str
    quirks: int
    memory: int
    now_ns: int
    date_ns: int | None
    instructions: int | None
    portable: bool
    vcpu: dict[str, Any]
    machine: dict[str, Any]
    services: dict[str, Any]
    about: dict[str, Any]


def save(
    machine: Machine,
    keepers: Mapping[str, Keeper],
    about: dict[str, Any],
    path: str,
    *,
    fixed_date: bool = False,
    portable: bool = False,
) -> None:
    """Save ``machine``, which may go on afterwards, at a moment :meth:`Machine.settle` has found.

    ``portable``: its programs have been kept to the CPU that all backends have. Raises StateError
    when the file cannot be written, NanvixError when a service holds what
    cannot be saved.
    """
    if machine.journal is not None:
        raise StateError("a machine that is being recorded cannot be saved")
    backend = machine.backend
    # First: on KVM it completes what the last exit has begun.
    vcpu = backend.save_state()
    header = Header(
        abi=abi_version(),
        kernel=machine.image.sha256(),
        backend=backend.name,
        quirks=backend.quirks,
        memory=machine.memory.size,
        now_ns=machine.clock.ns(vcpu.tsc),
        date_ns=machine.clock.realtime_offset if fixed_date else None,
        instructions=backend.instructions(),
        portable=portable,
        vcpu=encode(vcpu),
        machine=_parts(machine),
        services={name: keeper.save() for name, keeper in keepers.items()},
        about=about,
    )
    write(path, header._asdict(), machine.memory)


class Saved:
    """A saved machine. Everything raises StateError, or NanvixError for what has changed."""

    def __init__(self, path: str) -> None:
        self._reader = Reader(path)
        self._path = path
        try:
            self._header = self._checked()
        except (TypeError, ValueError):
            self._reader.close()
            raise self._reader.damaged("its header makes no sense") from None
        self._awake = self._traced = False
        self.memory = self._header.memory
        self.about = self._header.about

    def __enter__(self) -> Saved:
        return self

    def __exit__(self, *_: object) -> None:
        self._reader.close()

    @property
    def idle(self) -> bool:
        """Whether the guest was idle; else a program was running."""
        return bool(self._header.machine["idle"][0])

    @property
    def argv(self) -> list[str]:
        """What the machine was started with, for people to read."""
        words = self.about.get("argv")
        return [str(word) for word in words] if isinstance(words, list) else []

    def restore(
        self,
        memory: GuestMemory,
        backend: Backend,
        image: KernelImage,
        date_ns: int,
        *,
        traced: bool = False,
    ) -> GuestClock:
        """Fill memory and the vCPU; the clock for :class:`Machine`.

        ``memory``: fresh, of the size :attr:`memory`. ``date_ns``: the date, ns since the epoch,
        for a guest that has the host's. ``traced``: the kernel is to tell all events from here on.
        """
        header = self._header
        self._require_kernel(image)
        self._reader.fill(memory)
        try:
            vcpu = decode(header.vcpu)
            asleep, deadline, since, slept = header.machine["idle"]
            if not asleep and vcpu.rip >= USER_END:
                raise ValueError("kernel code was under way")
        except (KeyError, TypeError, ValueError):
            raise self._reader.damaged("its vCPU makes no sense") from None
        now_ns = header.now_ns
        try:
            move.check_programs(header.quirks, backend, header.portable)
            if traced or move.needed(header.quirks, backend):
                flags = BOOT_TRACE if traced else 0
                move.adapt(memory, backend, image, vcpu, idle=asleep, flags=flags)
                self._awake, self._traced = True, traced
                if asleep and slept is not None:
                    # Where time is virtual, a sleep is counted when it ends.
                    now_ns = max(now_ns, min(since + slept, deadline or NEVER))
            else:
                backend.load_state(vcpu)
        except (OSError, ValueError, move.CannotMove) as error:
            raise StateError(f"{self._path} cannot go on here: {error}") from None
        backend.count_from(header.instructions or 0)
        return self._clock(memory, backend, vcpu.tsc, now_ns, date_ns)

    def resume(self, machine: Machine, keepers: Mapping[str, Keeper]) -> None:
        """Give the machine and its services what they had."""
        try:
            for name, keeper in keepers.items():
                keeper.load(self._header.services[name])
            checkpoint = _checkpoint(machine, self._header.machine, self._awake)
            machine.rollback(checkpoint)
            for signo in checkpoint.signals:
                machine.post_signal(signo % SIGNALS, signo // SIGNALS)
            if self._traced:
                machine.trace.skip()
        except (LookupError, TypeError, ValueError, AttributeError, OverflowError, OSError):
            raise self._reader.damaged("what the services knew makes no sense") from None

    def _checked(self) -> Header:
        header = Header(**self._reader.header)
        size = header.memory
        if not (isinstance(size, int) and 0 < size <= MEMORY_MAX and size % HUGE_SIZE == 0):
            raise ValueError("memory")
        for part in (header.about, header.services, header.machine, header.vcpu):
            if not isinstance(part, dict):
                raise TypeError("part")
        if type(header.portable) is not bool:
            raise TypeError("portable")
        number(header.quirks)
        number(header.now_ns, _NS_BITS)
        date = None if header.date_ns is None else abs(header.date_ns)
        for value in (date, header.instructions):
            if value is not None:
                number(value, _NS_BITS)
        _check_parts(header.machine)
        return header

    def _require_kernel(self, image: KernelImage) -> None:
        if self._header.abi != abi_version() or self._header.kernel != image.sha256():
            raise StateError(f"{self._path} was saved with another kernel image")

    def _clock(
        self, memory: GuestMemory, backend: Backend, saved_tsc: int, now_ns: int, date_ns: int
    ) -> GuestClock:
        """The guest's clock, going on where it was, in the machine's memory too."""
        header = self._header
        page = CLOCK.codec.unpack_from(memory.view, CLOCK_PHYS)
        old = dict(zip(CLOCK.offsets, page, strict=True))
        offset = date_ns - now_ns if header.date_ns is None else header.date_ns
        tsc = backend.tsc()
        clock = GuestClock(
            backend.tsc_hz, old["tsc_base"], old["monotonic_base"] + offset, old["monotonic_base"]
        )
        same = (clock.mult, clock.shift) == (old["mult"], old["shift"])
        late = tsc - saved_tsc
        if (
            not same
            or now_ns > header.now_ns
            or not 0 <= late < backend.tsc_hz // _SLACKS_PER_SECOND
        ):
            clock = GuestClock(backend.tsc_hz, tsc, now_ns + offset, now_ns)
        shown = clock.page(old["flags"], old["sequence"])
        if shown != memory.read(CLOCK_PHYS, len(shown)):
            sequence = old["sequence"] + 2 & 0xFFFF_FFFE
            memory.write(CLOCK_PHYS, clock.page(old["flags"], sequence))
            backend.code_changed(CLOCK_PHYS, len(shown))
        return clock


def _parts(machine: Machine) -> dict[str, Any]:
    """The machine's own part: times in ns, because another counter may come."""
    now = machine.checkpoint()
    return {
        "timers": [None if tick is None else machine.clock.ns(tick) for tick in now.timers],
        "idle": now.idle,
        "event_tail": now.event_tail,
        "trace_tail": now.trace_tail,
        "trace_lost": now.trace_lost,
        "counts": now.counts,
        "signals": sorted(now.signals),
    }


def _check_parts(saved: dict[str, Any]) -> None:
    """Raises TypeError or ValueError for what :func:`_parts` cannot have given."""
    asleep, deadline, since, slept = saved.get("idle", ())
    if type(asleep) is not bool:
        raise TypeError("idle")
    guest, poll = saved.get("timers", ())
    number(since, _NS_BITS)
    for ns in (deadline, slept, guest, poll):
        if ns is not None:
            number(ns, _NS_BITS)
    for cursor in ("event_tail", "trace_tail", "trace_lost"):
        number(saved.get(cursor))
    for count in saved.get("counts", ()):
        number(count)
    for signo in saved.get("signals", ()):
        if not 0 < number(signo, 7) <= _SIGNALS:
            raise ValueError("signal")


def _checkpoint(machine: Machine, saved: dict[str, Any], awake: bool) -> Checkpoint:
    """``awake``: a kernel that was idle looks again for what to do, and asks again to sleep.

    Raises ValueError where the saved counts are not those of this machine's operations.
    """
    if len(saved["counts"]) != len(machine.channel.counts):
        raise ValueError("counts")
    guest, poll = (None if ns is None else machine.clock.tsc(ns) for ns in saved["timers"])
    active, deadline, since, slept = saved["idle"]
    return Checkpoint(
        timers=(guest, poll),
        idle=(active and not awake, deadline, since, slept),
        event_tail=saved["event_tail"],
        trace_tail=saved["trace_tail"],
        trace_lost=saved["trace_lost"],
        counts=tuple(saved["counts"]),
        crash=None,
        position=0,
        signals=frozenset(saved["signals"]),
    )

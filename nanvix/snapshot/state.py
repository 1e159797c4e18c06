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

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

from nanvix.abi.header import abi_version
from nanvix.abi.layout import BOOT_TRACE, CLOCK, CLOCK_PHYS, HUGE_SIZE, MEMORY_MAX, USER_END
from nanvix.machine.backend import Backend
from nanvix.machine.clock import GuestClock
from nanvix.machine.image import KernelImage
from nanvix.machine.machine import SIGNALS, Checkpoint, Machine
from nanvix.machine.memory import GuestMemory
from nanvix.machine.state import GPRS, SEGMENTS, Segment, VcpuState
from nanvix.snapshot import move
from nanvix.snapshot.file import Reader, StateError, write

_BYTES = ("fxsave", "extended")
_EXTENDED_MAX = 4096 - 512
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
        vcpu=_encode(vcpu),
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

    def __enter__(self) -> "Saved":
        return self

    def __exit__(self, *exc: object) -> None:
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
            vcpu = _decode(header.vcpu)
            idle = header.machine["idle"]
            if not idle[0] and vcpu.rip >= USER_END:
                raise ValueError("kernel code was under way")
            slept_to = idle[2] + (idle[3] or 0)
            now_ns = max(header.now_ns, slept_to if idle[1] is None else min(slept_to, idle[1]))
        except (KeyError, TypeError, ValueError, IndexError):
            raise self._reader.damaged("its vCPU makes no sense") from None
        try:
            move.check_programs(header.quirks, backend, header.portable)
            if traced or move.needed(header.quirks, backend):
                flags = BOOT_TRACE if traced else 0
                move.adapt(memory, backend, image, vcpu, idle=idle[0], flags=flags)
                self._awake, self._traced = True, traced
            else:
                backend.load_state(vcpu)
                now_ns = header.now_ns
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
        except (KeyError, TypeError, ValueError, IndexError, OSError):
            raise self._reader.damaged("what the services knew makes no sense") from None

    def _checked(self) -> Header:
        header = Header(**self._reader.header)
        size = header.memory
        if not (isinstance(size, int) and 0 < size <= MEMORY_MAX and size % HUGE_SIZE == 0):
            raise ValueError("memory")
        if not (isinstance(header.about, dict) and isinstance(header.services, dict)):
            raise TypeError("about")
        if not (isinstance(header.machine, dict) and isinstance(header.machine.get("idle"), list)):
            raise TypeError("machine")
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


def _checkpoint(machine: Machine, saved: dict[str, Any], awake: bool) -> Checkpoint:
    """``awake``: a kernel that was idle looks again for what to do, and asks again to sleep."""
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


def _encode(state: VcpuState) -> dict[str, Any]:
    values = {name: getattr(state, name) for name in VcpuState.__slots__}
    values |= {name: values[name].hex() for name in _BYTES}
    values["segments"] = {
        name: [part.selector, part.base, part.limit, part.attributes]
        for name, part in state.segments.items()
    }
    values["pending"] = sorted(state.pending)
    return values


def _decode(values: dict[str, Any]) -> VcpuState:
    """Raises KeyError, TypeError or ValueError."""
    values = dict(values)
    values |= {name: bytes.fromhex(values[name]) for name in _BYTES}
    if len(values["fxsave"]) != 512 or len(values["extended"]) > _EXTENDED_MAX:
        raise ValueError("vector state")
    values["gpr"] = {name: values["gpr"][name] for name in GPRS}
    values["segments"] = {name: Segment(*values["segments"][name]) for name in SEGMENTS}
    values["pending"] = frozenset(values["pending"])
    return VcpuState(**values)

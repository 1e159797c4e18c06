"""A supervisor guest of a few instructions, and everything that can be seen of what it does.

Every vector's handler begins with the doorbell, so an event is seen with all registers as they
were: the frame on its stack, CR2, the general registers. Behind the doorbell the handler returns
from the interrupt. ``out %eax, $BELL`` in the guest's own code is an event too.
"""

from collections.abc import Callable, Iterator
from hashlib import sha256
from importlib import import_module
from struct import pack
from typing import NamedTuple

from backends.guests import (
    KERNEL_CODE,
    PML4,
    PT,
    STUB_SIZE,
    STUBS,
    VECTORS,
    WITH_ERROR_CODE,
    TinyGuest,
)

from nanvix.abi.channel import PORT
from nanvix.machine.backend import Backend, Exit
from nanvix.machine.memory import GuestMemory

BELL = b"\xe7" + bytes([PORT])
LIMIT_MS = 2000
MORE_TABLES = 0x30000
"""Three pages for tables of a case's own."""
_PAGE_TABLES = (slice(PML4, PT + 0x1000), slice(MORE_TABLES, MORE_TABLES + 0x3000))
_FLAG_TF = 1 << 8
_STEPS = 80

Setup = Callable[[TinyGuest], None]


class Case(NamedTuple):
    """``text``: instructions (AT&T) on the first page of ring 0, or with ``user`` of ring 3.
    ``entry``: those that SYSCALL leads to. ``events``: how many are looked at. ``setup`` changes
    state, tables and memory before the start."""

    name: str
    text: str
    user: bool = False
    entry: str = ""
    events: int = 1
    setup: Setup | None = None


class Event(NamedTuple):
    """``kind``: of a vector its number, or bell, shutdown, error, step. ``state``: registers by
    name; ``frame``: what is on the stack of a handler, from the error code (0 without one) on."""

    kind: str
    state: dict[str, int]
    frame: dict[str, int]


_machines: dict[str, tuple[GuestMemory, Backend]] = {}
"""The emulator at rest. A KVM with shadow page tables does not see that the host
changes the guest's tables, so there each case has a machine of its own."""


class Specimen(TinyGuest):
    """A guest for one case on one backend."""

    def __init__(self, backend: str, case: Case, code: bytes, entry: bytes) -> None:
        memory, made = _machines.pop(backend, (None, None))
        if memory is not None:
            memory.write(0, bytes(memory.size))
        create = import_module(f"nanvix.{backend}").create
        super().__init__(
            lambda memory: made or create(memory),
            code, user=case.user, entry=entry, memory=memory,
        )  # fmt: skip
        self._sound = True
        self._called = bool(entry)
        for vector in range(VECTORS):
            drop = b"\x48\x83\xc4\x08" if vector in WITH_ERROR_CODE else b""
            stub = (BELL + drop + b"\x48\xcf").ljust(STUB_SIZE, b"\xcc")
            self.memory.write(STUBS + vector * STUB_SIZE, stub)
        for index, name in enumerate(self.state.gpr):
            if name != "rsp":
                self.state.gpr[name] = 0x0101_0101 * (index + 1)
        if case.setup is not None:
            case.setup(self)

    def __exit__(self, *exc: object) -> None:
        name = self.backend.name
        if self._sound and exc[0] is None and name == "emu" and name not in _machines:
            _machines[name] = self.memory, self.backend
        else:
            super().__exit__(*exc)

    def happening(self, outcome: Exit) -> Event:
        """What the backend has just come back with."""
        if outcome is not Exit.DOORBELL:
            self._sound = outcome is Exit.PAUSED
            kind = {Exit.PAUSED: "step", Exit.SHUTDOWN: "shutdown"}.get(outcome, "error")
            return Event(kind, self._registers() if outcome is Exit.PAUSED else {}, {})
        registers = self._registers()
        at = registers["rip"] - len(BELL) - STUBS
        if not 0 <= at < VECTORS * STUB_SIZE:
            return Event("bell", registers, {})
        vector = at // STUB_SIZE
        names = ("error", "rip", "cs", "rflags", "rsp", "ss")[vector not in WITH_ERROR_CODE :]
        stack = registers["rsp"]
        words = memoryview(self.memory.read(stack, 8 * len(names))).cast("Q")
        return Event(str(vector), registers, dict(zip(names, words, strict=True)))

    def _registers(self) -> dict[str, int]:
        state = self.backend.save_state()
        found = {"rip": state.rip, "rflags": state.rflags, **state.gpr, "cr2": state.cr2}
        for name in ("cs", "ss", "ds", "es", "fs", "gs"):
            found[name] = state.segments[name].selector
        found["fs.base"] = state.segments["fs"].base
        found["gs.base"] = state.segments["gs"].base
        found["cr0"], found["cr3"], found["cr4"] = state.cr0, state.cr3, state.cr4
        return found

    def content(self) -> str:
        """A digest of memory but for the page tables, whose accessed bits are the CPU's affair."""
        data = bytearray(self.memory.read(0, self.memory.size))
        for tables in _PAGE_TABLES:
            data[tables] = bytes(tables.stop - tables.start)
        return sha256(data).hexdigest()

    def events(self, count: int) -> Iterator[Event]:
        """Run on, to ``count`` events or to the guest's end."""
        backend = self.backend
        for _ in range(count):
            backend.set_timer(backend.tsc() + backend.tsc_hz * LIMIT_MS // 1000)
            while (outcome := backend.run()) is Exit.KICKED:
                pass
            happened = self.happening(outcome)
            yield happened
            if outcome is not Exit.DOORBELL:
                return

    def steps(self, count: int) -> Iterator[Event]:
        """Run on instruction by instruction, to ``count`` events or to the guest's end.

        What KVM cannot show is left out for all: the moment behind a load of SS, and that in front
        of the first instruction of a handler. The trap flag KVM steps by counts nowhere.
        """
        backend = self.backend
        for _ in range(_STEPS):
            before = self._code(backend.general()["rip"])
            backend.set_timer(backend.tsc() + backend.tsc_hz * LIMIT_MS // 1000)
            while (outcome := backend.step()) is Exit.KICKED:
                pass
            happened = self.happening(outcome)
            for part in (happened.state, happened.frame):
                for name in {"rflags", "r11"} & part.keys():
                    part[name] &= ~_FLAG_TF
            if outcome is Exit.PAUSED and (
                (before[:1] == b"\x8e" and before[1] >> 3 & 7 == 2) or self._enters(happened)
            ):
                continue
            yield happened
            if outcome is not Exit.PAUSED:
                count -= 1
            if outcome not in (Exit.PAUSED, Exit.DOORBELL) or not count:
                return

    def _code(self, address: int) -> bytes:
        place = self.backend.translate(address)
        return b"" if place is None else self.memory.read(place, min(2, self.memory.size - place))

    def _enters(self, happened: Event) -> bool:
        rip = happened.state["rip"]
        at_handler = 0 <= rip - STUBS < VECTORS * STUB_SIZE and not rip % STUB_SIZE
        return at_handler or (self._called and rip == KERNEL_CODE)


def walk(backend: str, case: Case, code: bytes, entry: bytes) -> list[Event]:
    """As :func:`observe`, with every instruction between the events."""
    with Specimen(backend, case, code, entry) as guest:
        guest.start()
        return list(guest.steps(case.events))


def observe(backend: str, case: Case, code: bytes, entry: bytes) -> tuple[list[Event], str]:
    """The case's events on a backend, and the memory they leave."""
    with Specimen(backend, case, code, entry) as guest:
        guest.start()
        return list(guest.events(case.events)), guest.content()


def quad(address: int, value: int) -> Setup:
    """A setup that writes 64 bits."""
    return lambda guest: guest.memory.write(address, pack("<Q", value & (1 << 64) - 1))

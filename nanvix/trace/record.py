"""Recording a run: a journal that goes to a file instead of staying in memory."""

import mmap
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import IO, TYPE_CHECKING, Any, Protocol, runtime_checkable

from nanvix.abi.header import abi_version
from nanvix.abi.layout import (
    BOOT_HOST_TIME,
    BOOT_NO_RDTSC,
    BOOT_NO_VDSO_TSC,
    BOOT_STEADY,
    BOOT_TAPE,
    COUNT_SLOTS,
    COUNTS_PHYS,
    PAGE_SIZE,
    QUIRK_OPEN_TSC,
    QUIRK_SLOW_RING0,
)
from nanvix.machine.backend import Backend
from nanvix.machine.boot import BootSpec
from nanvix.machine.cpuid import Row
from nanvix.machine.fingerprint import file_fingerprint
from nanvix.machine.image import KernelImage
from nanvix.machine.journal import End, Entry, Journal, Landing
from nanvix.machine.memory import GuestMemory
from nanvix.machine.outcome import Outcome
from nanvix.machine.paging import walk
from nanvix.machine.state import GPRS, VcpuState
from nanvix.trace.entries import encode
from nanvix.trace.writer import Writer

if TYPE_CHECKING:
    from nanvix.trace.recording import Header

_FLUSH = 1 << 20
"""Bytes gathered before a chunk is written."""
_ROOM = 4 << 20
"""So much is there for a chunk's content: also for 2 MiB, the most a guest reads of a file at a
time, in front of its end."""

STACK_BELOW, STACK_ABOVE = 128, 256
"""How far around the stack pointer memory counts as part of a place: loops may count there."""

_ARITHMETIC = 0x8D5
_RCX = 1 + GPRS.index("rcx")
_R11 = 1 + GPRS.index("r11")


class Recorder(Journal):
    """Appends to ``file``, which stays the caller's and must have been begun, by the thread of
    ``writer``.

    Entries are not kept, so the journal is always live. A file that cannot be written is reported
    once, to ``failed``, as soon as more is to be written.
    """

    def __init__(self, file: IO[bytes], writer: Writer, *, exact: bool) -> None:
        super().__init__(exact=exact)
        self.failed: Callable[[OSError], None] | None = None
        self._file = file
        self._writer = writer
        self._parts: list[bytes | memoryview] = []
        self._size = 0
        self._content = _room()
        self._used = 0
        self._spare: deque[memoryview] = deque()

    @property
    def live(self) -> bool:
        """Always: there is nothing to repeat."""
        return True

    def append(self, entry: Entry) -> None:
        """Something has entered the guest."""
        self.position += 1
        parts = encode(entry)
        self._parts += parts
        self._size += sum(map(len, parts))
        if self._size >= _FLUSH:
            self._flush()

    def keep(self, parts: list[memoryview]) -> bytes | memoryview:
        """Copied into memory that was used before, as far as there is room: touching fresh memory
        costs more than copying."""
        begin = at = self._used
        for part in parts:
            if at + len(part) > _ROOM:
                return b"".join(parts)
            self._content[at : at + len(part)] = part
            at += len(part)
        self._used = at
        return self._content[begin:at]

    def finish(self, outcome: Outcome, tsc: int) -> None:
        """The run has ended: complete the file. Raises OSError."""
        tsc = tsc if self.exact else 0
        self.take_readings(tsc)
        self.append(End(tsc, *outcome[:3]))
        self._flush()
        self._writer.put(lambda: self._chunk(b"DONE", []))
        self._writer.put(self._file.flush)
        self.close()
        if self._writer.error is not None:
            raise self._writer.error

    def close(self) -> None:
        """Write what is still to be written, and end the thread; idempotent."""
        self._writer.close()

    def _chunk(self, kind: bytes, parts: list[bytes | memoryview]) -> None:
        # On the writer's thread, where importing it is beside the guest.
        from nanvix.trace.recording import write_chunk

        write_chunk(self._file, kind, parts)

    def _flush(self) -> None:
        parts, self._parts, self._size = self._parts, [], 0
        content, self._used = self._content, 0
        self._content = self._spare.pop() if self._spare else _room()

        def write() -> None:
            self._chunk(b"EVTS", parts)
            self._spare.append(content)

        self._writer.put(write)
        if self._writer.error is not None and self.failed is not None:
            self.failed(self._writer.error)
            self.failed = None


def begin(
    file: IO[bytes],
    *,
    argv: Sequence[str],
    program: str,
    spec: BootSpec,
    image: KernelImage,
    backend: Backend,
    memory: GuestMemory,
    ops: Iterable[int],
) -> Recorder:
    """Begin a recording of a machine about to be made of these parts; close it, however it ends."""
    shown = backend.shown_cpuid() if isinstance(backend, Interruptible) else []

    def head() -> None:
        header = describe(
            argv=argv, program=program, spec=spec, image=image, backend=backend, memory=memory,
            ops=ops, cpuid=shown,
        )  # fmt: skip
        from nanvix.trace.recording import start

        start(file, header, spec.manifest)

    writer = Writer()
    writer.put(head)
    recorder = Recorder(file, writer, exact=backend.capabilities.deterministic)
    if isinstance(backend, Interruptible):
        witness(recorder, backend, memory)
    return recorder


def describe(
    *,
    argv: Sequence[str],
    program: str,
    spec: BootSpec,
    image: KernelImage,
    backend: Backend,
    memory: GuestMemory,
    ops: Iterable[int],
    cpuid: Sequence[Row] = (),
) -> "Header":
    """The header of a recording of a machine made of these parts. Raises OSError."""
    from nanvix.trace.recording import Header

    exact = backend.capabilities.deterministic
    return Header(
        abi=abi_version(),
        kernel=image.fingerprint(),
        backend=backend.name,
        memory=memory.size,
        exact=exact,
        own_timers=exact,
        ops=sorted(ops),
        spec=spec_fields(spec),
        quirks=backend.quirks,
        program=program,
        program_file=file_fingerprint(program),
        argv=list(argv),
        cpuid=list(cpuid),
    )


def controlled(spec: BootSpec, backend: Backend) -> BootSpec:
    """The spec of a guest that is to be recorded: where the backend is not deterministic, threads
    take turns where they wait, and time enters by the channel only."""
    if backend.capabilities.deterministic:
        return spec
    flags = spec.flags | BOOT_STEADY | BOOT_HOST_TIME
    if not backend.quirks & QUIRK_OPEN_TSC:
        flags |= BOOT_NO_RDTSC | BOOT_NO_VDSO_TSC
    if not (backend.quirks & QUIRK_SLOW_RING0 and flags & BOOT_NO_RDTSC):
        flags |= BOOT_TAPE  # the kernel can read the counter, in whichever ring it works
    return spec._replace(flags=flags)


def _room() -> memoryview:
    """Memory for a chunk's content, in large pages where there are some: they come by one fault."""
    room = mmap.mmap(-1, _ROOM)
    if hasattr(mmap, "MADV_HUGEPAGE"):
        try:
            room.madvise(mmap.MADV_HUGEPAGE)
        except OSError:
            pass  # a kernel without them
    return memoryview(room)


@runtime_checkable
class Interruptible(Protocol):
    """What a backend without a reproducible counter must tell: where interrupts are taken, and
    what its CPU says of itself."""

    on_interrupt: Callable[[int], None] | None

    def save_state(self) -> VcpuState:
        """All registers."""

    def shown_cpuid(self) -> list[Row]:
        """The rows of CPUID in which programs see something else than nanvix.machine.cpuid."""


def witness(journal: Journal, backend: Interruptible, memory: GuestMemory) -> None:
    """From now on interrupts of ``backend`` are entries of ``journal``."""

    def taken(vector: int) -> None:
        state = backend.save_state()
        place = (state.rip, *(state.gpr[name] for name in GPRS))
        stack = b""
        if not behind_syscall(place):
            stack = stack_around(memory, state.cr3, state.gpr["rsp"])
        calls = calls_entered(memory)
        readings = 0 if journal.tape is None else journal.tape.head()
        journal.append(Landing(vector, comparable(place), stack, calls, readings=readings))

    backend.on_interrupt = taken


def comparable(registers: tuple[int, ...]) -> tuple[int, ...]:
    """RIP and the general registers, with what may differ between two CPUs taken out: after a
    system call R11 holds the flags, some of which the manuals leave undefined."""
    found = list(registers)
    found[_R11] &= ~_ARITHMETIC
    return tuple(found)


def behind_syscall(registers: tuple[int, ...]) -> bool:
    """Whether the program comes back from a system call, where RCX is RIP: the interrupt came
    while the kernel worked. Such a place needs no look at the stack."""
    return registers[0] == registers[_RCX]


def calls_entered(memory: GuestMemory) -> int:
    """How many system calls the guest kernel has counted."""
    return sum(memoryview(memory.read(COUNTS_PHYS, COUNT_SLOTS * 8)).cast("Q"))


def stack_around(memory: GuestMemory, cr3: int, pointer: int) -> bytes:
    """The memory around a stack pointer; zeros for what is not mapped."""
    found, at, end = b"", max(0, pointer - STACK_BELOW), pointer + STACK_ABOVE
    while at < end:
        part = min(end - at, PAGE_SIZE - at % PAGE_SIZE)
        place = walk(memory, cr3, at)
        mapped = place is not None and place.physical + part <= memory.size
        found += memory.read(place.physical, part) if place is not None and mapped else bytes(part)
        at += part
    return found


def spec_fields(spec: BootSpec) -> dict[str, Any]:
    """A BootSpec without its manifest, for a header."""
    fields = dict(spec._asdict())
    del fields["manifest"]
    fields["seed"] = spec.seed.hex()
    return fields

"""A scripted backend and a hand-made kernel image, for tests of everything but the CPU."""

import struct
from collections.abc import Callable, Iterator

from nanvix.abi.channel import MAX_SEGMENTS, OPS, REQUEST, SEGMENT
from nanvix.abi.layout import (
    CONTROL,
    CONTROL_PHYS,
    EVENT,
    EVENT_SLOTS,
    KERNEL_BASE,
    KERNEL_PHYS,
)
from nanvix.machine.backend import Capabilities, Exit
from nanvix.machine.machine import Machine
from nanvix.machine.memory import GuestMemory
from nanvix.machine.paging import walk
from nanvix.machine.state import VcpuState

PAGE = 0x20_0000
"""Where the tests put their request page."""

HELLO, EXIT, LOG, IDLE, TIMER = (OPS[name][0] for name in ("HELLO", "EXIT", "LOG", "IDLE", "TIMER"))
PANIC, TRACE = OPS["PANIC"][0], OPS["TRACE"][0]
MS = 1_000_000

Script = Callable[["FakeBackend"], Iterator[Exit]]
Start = Callable[..., Machine]


class FakeBackend:
    """Runs a generator instead of a guest: what it yields is the next exit.

    Time is virtual: a nanosecond is a tick and passes only by :meth:`skip_to`.
    """

    name = "fake"
    capabilities = Capabilities(True, False, False)
    quirks = 0
    tsc_hz = 1_000_000_000

    def __init__(self, memory: GuestMemory, script: Script | None = None) -> None:
        self.memory = memory
        self.exit_value = 0
        self.exit_detail = ""
        self.exits = 0
        self.state = VcpuState()
        self.now = 0
        self.injected: list[int] = []
        self.timer: int | None = None
        self.kicks = 0
        self.written: list[tuple[int, int]] = []
        self._script = script(self) if script is not None else iter(())

    def load_state(self, state: VcpuState) -> None:
        self.state = state

    def save_state(self) -> VcpuState:
        return self.state

    def run(self) -> Exit:
        self.exits += 1
        if self.kicks:
            self.kicks = 0
            return Exit.KICKED
        if self.timer is not None and self.now >= self.timer:
            self.timer = None
            return Exit.TIMER
        return next(self._script)

    def inject(self, vector: int) -> None:
        self.injected.append(vector)

    def kick(self) -> None:
        self.kicks += 1

    def kick_in_program(self) -> None:
        self.kicks += 1

    def tsc(self) -> int:
        return self.now

    def skip_to(self, tsc: int) -> None:
        self.now = max(self.now, tsc)

    def set_timer(self, tsc: int | None) -> None:
        self.timer = tsc

    def set_budget(self, instructions: int | None) -> None:
        pass

    def instructions(self) -> int | None:
        return None

    def code_changed(self, gpa: int, size: int) -> None:
        self.written.append((gpa, size))

    def translate(self, address: int) -> int | None:
        found = walk(self.memory, self.state.cr3, address)
        return None if found is None else found.physical

    def close(self) -> None:
        pass

    def ring(self, op: int, *arg: int, **segments: object) -> Exit:
        """Fill the request page and ring the doorbell, as the guest kernel would."""
        write_request(self.memory, op, arg, **segments)  # type: ignore[arg-type]
        self.exit_value = PAGE >> 12
        return Exit.DOORBELL

    def result(self) -> int:
        """The result in the request page."""
        return read_result(self.memory)[0]


def write_request(
    memory: GuestMemory,
    op: int,
    arg: tuple[int, ...] = (),
    ins: list[tuple[int, int]] | None = None,
    outs: list[tuple[int, int]] | None = None,
    cookie: int = 0,
) -> None:
    """Write a well-formed request page at PAGE."""
    ins, outs = ins or [], outs or []
    memory.write(PAGE, bytes(4096))
    header = REQUEST.pack_fields(op=op, nin=len(ins), nout=len(outs), cookie=cookie, arg=list(arg))
    memory.write(PAGE, header + b"".join(SEGMENT.pack(*pair) for pair in ins + outs))
    assert len(ins) + len(outs) <= MAX_SEGMENTS


def read_result(memory: GuestMemory) -> tuple[int, ...]:
    """result and out of the request page."""
    return struct.unpack("<q7Q", memory.read(PAGE + REQUEST.offsets["result"], 64))


def make_elf(
    segments: list[tuple[int, int, bytes, int]] | None = None,
    entry: int = KERNEL_BASE + KERNEL_PHYS,
    symbols: dict[str, int] | None = None,
) -> bytes:
    """A kernel image of (physical, flags, content, size in memory) segments and a symbol table."""
    if segments is None:
        segments = [
            (KERNEL_PHYS, 5, b"\xf4" * 5000, 5000),
            (KERNEL_PHYS + 0x2000, 4, b"read-only", 9),
            (KERNEL_PHYS + 0x3000, 6, b"data", 0x2100),
        ]
    body = bytearray()
    base = 64 + 56 * len(segments)
    headers = b""
    for physical, flags, content, size in segments:
        headers += struct.pack(
            "<IIQQQQQQ", 1, flags, base + len(body), KERNEL_BASE + physical, physical,
            len(content), size, 4096,
        )  # fmt: skip
        body += content
    strings, table = b"\0", bytes(24)
    for name, value in (symbols or {}).items():
        table += struct.pack("<IBBHQQ", len(strings), 0x12, 0, 1, value, 16)
        strings += name.encode() + b"\0"
    symtab = base + len(body)
    sections = symtab + len(table) + len(strings)
    section = struct.Struct("<IIQQQQIIQQ")
    tail = table + strings + bytes(64)
    tail += section.pack(0, 2, 0, 0, symtab, len(table), 2, 0, 8, 24)
    tail += section.pack(0, 3, 0, 0, symtab + len(table), len(strings), 0, 0, 1, 0)
    header = struct.pack(
        "<16sHHIQQQIHHHHHH", b"\x7fELF\x02\x01\x01", 2, 62, 1, entry, 64, sections, 0, 64, 56,
        len(segments), 64, 3, 0,
    )  # fmt: skip
    return bytes(header + headers + body + tail)


def fake(machine: Machine) -> FakeBackend:
    assert isinstance(machine.backend, FakeBackend)
    return machine.backend


def take_events(memory: GuestMemory) -> list[tuple[int, ...]]:
    """Consume the event ring as the guest does."""
    offsets = CONTROL.offsets
    head, tail = (
        int.from_bytes(memory.read(CONTROL_PHYS + offsets[name], 4), "little")
        for name in ("event_head", "event_tail")
    )
    slots = CONTROL_PHYS + CONTROL.size
    found = [
        EVENT.codec.unpack(memory.read(slots + index % EVENT_SLOTS * EVENT.size, EVENT.size))
        for index in range(head, tail)
    ]
    memory.write(CONTROL_PHYS + offsets["event_head"], tail.to_bytes(4, "little"))
    return found


def leave(b: FakeBackend, status: int = 0) -> Exit:
    return b.ring(EXIT, status)

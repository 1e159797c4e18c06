"""A guest kernel gone bad: it rings with whatever it likes, on the real backends and services."""

import os
import random
import socket
import struct
from importlib import import_module
from pathlib import Path

import pytest
from support.fake_machine import make_elf

from nanvix.abi.call import WatchTable
from nanvix.abi.channel import MAX_SEGMENTS, OPS, REQUEST, SEGMENT
from nanvix.abi.layout import KERNEL_PHYS, PAGE_SIZE
from nanvix.machine.boot import BootSpec
from nanvix.machine.image import KernelImage
from nanvix.machine.machine import Machine
from nanvix.machine.memory import GuestMemory
from nanvix.machine.outcome import Outcome
from nanvix.macro.fs import Export
from nanvix.macro.net import Published
from nanvix.macro.services import build_services
from nanvix.policy.egress import Egress

MEMORY = 32 << 20
FIRST_PAGE, COUNT = 0x1000, 1500
LAST_PAGE = FIRST_PAGE + COUNT
DATA, DATA_SIZE = 0x40_0000, 4 << 20
ENDING = {OPS[name][0] for name in ("EXIT", "PANIC", "IDLE", "HELLO")}
"""Calls that end or stop the guest: they come last, if at all."""

# mov $FIRST, %ecx; again: mov %ecx, %eax; out %eax, $0xE0; inc %ecx; cmp $LAST, %ecx; jb again;
# mov $LAST, %eax; out %eax, $0xE0; hlt
RING_ALL = (
    b"\xb9" + struct.pack("<I", FIRST_PAGE) + b"\x89\xc8\xe7\xe0\xff\xc1\x81\xf9"
    + struct.pack("<I", LAST_PAGE) + b"\x72\xf2\xb8" + struct.pack("<I", LAST_PAGE)
    + b"\xe7\xe0\xf4"
)  # fmt: skip


def number(dice: random.Random) -> int:
    """Small, huge, negative, or anything."""
    return dice.choice(
        (
            dice.randrange(8), dice.randrange(70_000), dice.randrange(1 << 64),
            (1 << 64) - 1 - dice.randrange(300), 1 << dice.randrange(64),
        )
    )  # fmt: skip


def text(dice: random.Random) -> bytes:
    """What might be a path, a name, or neither."""
    return dice.choice(
        (
            b"inside", b"deep/file", b"../secret", b"..", b"/etc/shadow", b"", b".", b"deep/../..",
            b"link", b"link/shadow", b"new", b"x" * 300, b"a/" * 40, b"\xff\xfe", b"in\0side",
            dice.randbytes(dice.randrange(64)),
        )
    )  # fmt: skip


def request(dice: random.Random, memory: GuestMemory) -> bytes:
    """A request page: now and then sense, mostly not."""
    if dice.random() < 0.05:
        return dice.randbytes(PAGE_SIZE)
    op = dice.choice([*(number for number, _ in OPS.values()), dice.randrange(1 << 16)])
    while op in ENDING:
        op = dice.randrange(0x10, 0x38)
    nin, nout = dice.choice(((0, 0), (1, 0), (0, 1), (1, 1), (2, 0), (3, 5), (200, 100)))
    page = bytearray(
        REQUEST.pack_fields(
            op=op, flags=dice.randrange(4), nin=nin, nout=nout, cookie=number(dice),
            arg=tuple(number(dice) for _ in range(6)),
        )
    ).ljust(PAGE_SIZE, b"\0")  # fmt: skip
    at = PAGE_SIZE - MAX_SEGMENTS * SEGMENT.size
    for _ in range(min(nin + nout, MAX_SEGMENTS)):
        where = DATA + dice.randrange(DATA_SIZE)
        words = text(dice)
        memory.write(where, words)
        size = dice.choice((len(words), dice.randrange(5000), 0, PAGE_SIZE))
        if dice.random() < 0.05:
            where, size = number(dice), number(dice)
        page[at : at + 16] = struct.pack("<QQ", where, size)
        at += 16
    return bytes(page)


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def run(backend: str, folder: Path, dice: random.Random, last: bytes) -> tuple[Outcome, Machine]:
    """Boot a kernel that rings with COUNT garbage pages and then with ``last``."""
    watches = WatchTable()
    null = os.open("/dev/null", os.O_RDWR)
    memory = GuestMemory(MEMORY)
    vcpu = import_module(f"nanvix.{backend}").create(memory)
    services = build_services(
        exports=[Export(str(folder), False, False)], watches=watches, stdio=(null, null, null),
        egress=Egress(), ports=[Published("127.0.0.1", free_port(), 5, udp=True)],
    )  # fmt: skip
    image = KernelImage(make_elf([(KERNEL_PHYS, 5, RING_ALL, len(RING_ALL))]))
    machine = Machine(memory, vcpu, image, BootSpec(b""), services.handlers, watches)
    try:
        for page in range(FIRST_PAGE, LAST_PAGE):
            memory.write(page * PAGE_SIZE, request(dice, memory))
        memory.write(LAST_PAGE * PAGE_SIZE, last)
        return machine.run(60), machine
    finally:
        machine.close()
        services.close()
        vcpu.close()
        memory.close()
        os.close(null)


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    """A directory the guest may write to, with a secret beside it."""
    (tmp_path / "secret").write_text("TOP SECRET\n")
    folder = tmp_path / "shared"
    (folder / "deep").mkdir(parents=True)
    (folder / "inside").write_text("inside\n")
    (folder / "deep" / "file").write_text("file\n")
    (folder / "link").symlink_to("/etc")
    return folder


@pytest.mark.parametrize("seed", range(4))
def test_garbage(backend: str, shared: Path, seed: int) -> None:
    """Every request is answered, none ends in an error of our own, nothing outside is touched."""
    dice = random.Random(seed)
    last = REQUEST.pack_fields(op=OPS["EXIT"][0], arg=(42 << 8, 0, 0, 0, 0, 0))
    outcome, machine = run(backend, shared, dice, last)
    assert machine.channel.faults == []
    assert (outcome.reason, outcome.status) == ("exit", 42 << 8), outcome
    assert machine.channel.total == COUNT + 1
    assert machine.channel.violations > COUNT // 20
    assert sorted(os.listdir(shared.parent)) == ["secret", "shared"]
    assert (shared.parent / "secret").read_text() == "TOP SECRET\n"


@pytest.mark.parametrize("op", ["EXIT", "PANIC", "CRASH", "HELLO", "TIMER"])
def test_garbage_at_the_end(backend: str, shared: Path, op: str) -> None:
    """The system's own calls with nonsense: an orderly end, with a report that can be shown."""
    from nanvix.machine.crash import render

    dice = random.Random(op)
    segment = struct.pack("<QQ", DATA, 3000) * MAX_SEGMENTS
    last = REQUEST.pack_fields(
        op=OPS[op][0], nin=2, arg=tuple(dice.randrange(1 << 64) for _ in range(6))
    )
    last = last.ljust(PAGE_SIZE - len(segment), b"\0") + segment
    outcome, machine = run(backend, shared, dice, last)
    assert machine.channel.faults == []
    assert outcome.reason in ("exit", "signal", "panic", "error", "shutdown", "timeout")
    if outcome.crash is not None:
        assert render(outcome.crash).startswith("guest crash: ")


def test_doorbell_outside_memory(backend: str, shared: Path) -> None:
    """There is nowhere to answer: the run ends with one line that says so."""
    # mov $0xFFFFFFF0, %eax; out %eax, $0xE0; hlt
    image = KernelImage(make_elf([(KERNEL_PHYS, 5, bytes.fromhex("b8f0ffffff e7e0 f4"), 8)]))
    memory = GuestMemory(MEMORY)
    vcpu = import_module(f"nanvix.{backend}").create(memory)
    machine = Machine(memory, vcpu, image, BootSpec(b""), {}, WatchTable())
    outcome = machine.run(20)
    machine.close()
    vcpu.close()
    memory.close()
    assert outcome.reason == "error"
    assert "channel violation" in outcome.detail

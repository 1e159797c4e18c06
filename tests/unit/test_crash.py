"""Crash reports from a guest whose memory says anything."""

import struct
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.fake_machine import FakeBackend, make_elf

from nanvix.abi.call import WatchTable
from nanvix.abi.channel import OPS
from nanvix.abi.layout import (
    CONTROL,
    CONTROL_PHYS,
    DIRECT_BASE,
    KERNEL_BASE,
    KERNEL_PHYS,
    TRACE_PHYS,
    TRACE_RECORD,
    TRACE_SYSCALL_ENTER,
)
from nanvix.machine.backend import Exit
from nanvix.machine.boot import BootSpec
from nanvix.machine.crash import FRAME_FIELDS, kernel_crash, process_crash, render
from nanvix.machine.image import KernelImage
from nanvix.machine.machine import Machine
from nanvix.machine.memory import GuestMemory
from nanvix.machine.state import VcpuState

FRAME = 0x50_0000
STACK = 0x60_0000
START = KERNEL_BASE + KERNEL_PHYS


@pytest.fixture
def machine() -> Iterator[Machine]:
    def script(backend: FakeBackend) -> Iterator[Exit]:
        backend.memory.write(0x8000, b"hello\0")
        args = (DIRECT_BASE + FRAME, 11, 1, 0x10)
        yield backend.ring(OPS["CRASH"][0], *args, ins=[(0x8000, 6)])
        yield backend.ring(OPS["EXIT"][0], 11)

    memory = GuestMemory(16 << 20)
    image = KernelImage(make_elf(symbols={"_start": START, "kmain": START + 0x100}))
    machine = Machine(memory, FakeBackend(memory, script), image, BootSpec(b""), {}, WatchTable())
    yield machine
    machine.close()
    memory.close()


def write_frame(machine: Machine, **registers: int) -> None:
    values = [registers.get(name, 0) for name in FRAME_FIELDS]
    machine.memory.write(FRAME, struct.pack("<22Q", *values))


def fake_state(machine: Machine) -> VcpuState:
    assert isinstance(machine.backend, FakeBackend)
    return machine.backend.state


def test_process_crash_report(machine: Machine) -> None:
    memory = machine.memory
    code = DIRECT_BASE + 0x70_0020
    memory.write(0x70_0010, bytes(range(64)))
    stack = DIRECT_BASE + STACK
    memory.write(STACK, struct.pack("<QQQQ", stack + 16, START + 0x110, 0, 0))
    write_frame(machine, rip=code, rsp=stack, rbp=stack, rax=0xABC, vector=14, error=6)
    memory.write(TRACE_PHYS, TRACE_RECORD.pack(TRACE_SYSCALL_ENTER, 3, 1, 0, 5, 9, 9, 9, 9, 9))
    memory.write(CONTROL_PHYS + CONTROL.offsets["trace_head"], b"\1")

    outcome = machine.run()
    assert outcome.reason == "signal" and outcome.crash is not None
    text = render(outcome.crash)
    lines = text.splitlines()
    assert lines[0] == "guest crash: process 1 (hello) killed by SIGSEGV at address 0x10"
    assert lines[1] == "  #PF, error code 0x6, cr2 0x10"
    assert "rax 0000000000000abc" in text
    assert " 0f <10> 11 " in text
    assert f"#0  {code:016x} ?" in text
    assert f"#1  {START + 0x110:016x} kmain+0xf" in text
    assert lines[-2:] == ["last 1 events:", "  [1] close(0x5)"]


def test_user_addresses_are_named_by_the_caller(machine: Machine) -> None:
    write_frame(machine, rip=0x40_1000)
    record = process_crash(machine, DIRECT_BASE + FRAME, 6, 3, 0, 0, "app")
    assert "killed by SIGABRT\n" in render(record)
    assert "main+0x0" in render(record, lambda address: f"main+{address - 0x40_1000:#x}")
    assert record.code == b""


def test_the_page_tables_are_those_of_the_process(machine: Machine) -> None:
    root = fake_state(machine).cr3
    write_frame(machine, rip=START)
    fake_state(machine).cr3 = 0x9000
    assert process_crash(machine, DIRECT_BASE + FRAME, 11, 1, 0, 0, "x").registers == {}
    assert process_crash(machine, DIRECT_BASE + FRAME, 11, 1, 0, root, "x").code != b""


def test_kernel_crash_without_a_frame_shows_the_vcpu(machine: Machine) -> None:
    text = render(kernel_crash(machine, "triple fault", 0))
    assert text.startswith("guest crash: guest kernel: triple fault\n")
    assert f"#0  {START:016x} _start" in text
    assert "<f4> f4" in text


def test_a_vcpu_that_was_reset_has_nothing_to_show(machine: Machine) -> None:
    """As AMD's are by a triple fault."""
    fake_state(machine).cr0 = 0x6000_0010
    record = kernel_crash(machine, "triple fault", 0)
    assert (record.registers, record.backtrace, record.code) == ({}, (), b"")
    assert render(record).splitlines()[0] == "guest crash: guest kernel: triple fault"


def test_endless_frame_chains_end(machine: Machine) -> None:
    stack = DIRECT_BASE + STACK
    memory = machine.memory
    for frame in range(0, 4096, 16):
        memory.write(STACK + frame, struct.pack("<QQ", stack + frame + 16, START))
    write_frame(machine, rip=START, rsp=stack, rbp=stack)
    assert len(process_crash(machine, DIRECT_BASE + FRAME, 11, 1, 0, 0, "x").backtrace) == 32
    memory.write(STACK, struct.pack("<QQ", stack, START))
    assert len(process_crash(machine, DIRECT_BASE + FRAME, 11, 1, 0, 0, "x").backtrace) == 2


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    registers=st.lists(
        st.integers(0, (1 << 64) - 1) | st.sampled_from([START, DIRECT_BASE + STACK]),
        min_size=22, max_size=22,
    ),
    root=st.sampled_from([0, 1, FRAME, (16 << 20) - 1, 16 << 20, (1 << 64) - 1]),
    where=st.sampled_from([0, 1, DIRECT_BASE + FRAME, DIRECT_BASE + (16 << 20) - 8, 1 << 63]),
)  # fmt: skip
def test_hostile_frames_never_raise(
    machine: Machine, registers: list[int], where: int, root: int
) -> None:
    machine.memory.write(FRAME, struct.pack("<22Q", *registers))
    render(process_crash(machine, where, 127, (1 << 32) - 1, where, root, "x"))
    render(kernel_crash(machine, "x", where))

"""Machines around a scripted backend: ``start(script)`` makes one."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from support.fake_machine import FakeBackend, Script, Start, make_elf

from nanvix.abi.call import WatchTable
from nanvix.machine.boot import BootSpec
from nanvix.machine.image import KernelImage
from nanvix.machine.machine import Machine
from nanvix.machine.memory import GuestMemory

if TYPE_CHECKING:
    from nanvix.abi.call import Handler


@pytest.fixture
def watches() -> WatchTable:
    return WatchTable()


@pytest.fixture
def start(watches: WatchTable) -> Iterator[Start]:
    """Builds machines around scripts and takes them down again."""
    machines: list[Machine] = []

    def build(
        script: Script, handlers: "dict[int, Handler] | None" = None, **more: object
    ) -> Machine:
        memory = GuestMemory(16 << 20)
        backend = FakeBackend(memory, script)
        image = KernelImage(make_elf())
        machine = Machine(
            memory,
            backend,
            image,
            BootSpec(b""),
            handlers or {},
            watches,
            **more,  # type: ignore[arg-type]
        )
        machines.append(machine)
        return machine

    yield build
    for machine in machines:
        machine.close()
        machine.memory.close()

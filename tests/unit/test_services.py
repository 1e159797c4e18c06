"""The macro-kernel as a whole: who serves what, and reproducible randomness."""

import pytest

from nanvix.abi.call import Call, WatchTable
from nanvix.abi.channel import OPS
from nanvix.machine.system import SystemOps
from nanvix.macro.entropy import Entropy
from nanvix.macro.services import Services, build_services
from nanvix.policy.egress import Egress

ENTROPY = OPS["ENTROPY"][0]
DEBUGGERS_OWN = ("DEBUG",)
"""Served by nanvix.debug.trapped, and unknown to every other machine."""


def fill(service: Entropy, *sizes: int) -> list[bytes]:
    buffers = [bytearray(size) for size in sizes]
    call = Call(ENTROPY, (0,) * 6, [], [memoryview(buffer) for buffer in buffers])
    assert service.handlers[ENTROPY](call) == 0
    return [bytes(buffer) for buffer in buffers]


def test_every_op_has_exactly_one_handler() -> None:
    services = build_services(
        exports=[], watches=WatchTable(), stdio=(None, None, None), egress=Egress()
    )
    system = SystemOps(None).handlers  # type: ignore[arg-type]
    assert not services.handlers.keys() & system.keys()
    served = {number for name, (number, _) in OPS.items() if name not in DEBUGGERS_OWN}
    assert services.handlers.keys() | system.keys() == served
    services.close()
    services.close()


def test_two_services_for_one_op_are_refused() -> None:
    services = Services()
    services.add({1: lambda call: 0})
    with pytest.raises(ValueError, match="0x1"):
        services.add({1: lambda call: 0})


def test_services_are_closed_last_first() -> None:
    closed: list[str] = []
    services = Services()
    services.add({}, lambda: closed.append("first"))
    services.add({}, lambda: closed.append("second"))
    services.close()
    services.close()
    assert closed == ["second", "first"]


def test_entropy_fills_everything() -> None:
    first, empty, large = fill(Entropy(), 32, 0, 200_000)
    assert any(first) and empty == b"" and len(large) == 200_000
    assert large[:65536] != large[65536:131072]
    assert fill(Entropy(), 32) != fill(Entropy(), 32)


def test_a_seed_makes_it_reproducible() -> None:
    one, two = Entropy(b"seed"), Entropy(b"seed")
    stream = [fill(one, 16), fill(one, 100_000)]
    assert stream == [fill(two, 16), fill(two, 100_000)]
    assert fill(one, 16) != stream[0]
    assert fill(Entropy(b"other"), 16) != stream[0]

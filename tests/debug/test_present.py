"""A guest on KVM under the debugger: paused, looked into, changed."""

import math
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from support.patience import LIMIT_S, least
from support.toolchain import Toolchain

from nanvix.debug.errors import DebugError
from nanvix.debug.present import Present

pytestmark = [
    pytest.mark.parametrize("backend", ["kvm"], indirect=True),
    pytest.mark.requires("gcc"),
]


class Guest:
    """A Present whose guest writes into a pipe."""

    def __init__(self, *argv: str) -> None:
        self._out, self._into = os.pipe()
        self.present = Present(argv, stdio=(None, self._into, self._into), seed=bytes(32))
        os.set_blocking(self._out, False)

    def output(self) -> bytes:
        try:
            return os.read(self._out, 65536)
        except BlockingIOError:
            return b""

    def run_for(self, seconds: float) -> str:
        """Pause after that time; why it stopped."""
        timer = threading.Timer(seconds, self.present.pause)
        timer.start()
        stop = self.present.run()
        timer.cancel()
        timer.join()
        return stop.reason

    def run_until(self, true: Callable[[], object], what: str) -> None:
        """Pause now and then, and at last when something has come true."""
        end = time.monotonic() + LIMIT_S
        while not true():
            assert time.monotonic() < end, f"never: {what}"
            assert self.run_for(0.05) == "pause"

    def spinning(self) -> Present:
        """The guest, paused in its loop."""
        heard = bytearray()
        self.run_until(lambda: heard.extend(self.output()) or heard == b"spinning\n", "a word")
        first = counter(self.present)
        self.run_until(lambda: counter(self.present) > first + 1000, "that it counts")
        return self.present

    def close(self) -> None:
        self.present.close()
        os.close(self._out)
        os.close(self._into)


@pytest.fixture
def spin(backend: str, compiled: Toolchain) -> Iterator[Guest]:
    """A program that counts for ever."""
    guest = Guest(str(compiled("debug/spin.c", "glibc", ["-g", "-O0"])))
    yield guest
    guest.close()


def counter(present: Present) -> int:
    return present.evaluate("counter").integer()


def test_pause_look_and_go_on(spin: Guest) -> None:
    present = spin.present
    assert present.last.reason == "start" and present.moment is None
    spin.spinning()
    assert not present.in_kernel and present.symbol(present.registers()["rip"]).startswith("main")
    first = counter(present)
    assert first > 1000 and counter(present) == first
    assert present.line() is not None and present.backtrace()[0].symbol.startswith("main")
    spin.run_until(lambda: counter(present) > first, "that it goes on")


def test_every_part_of_the_guest_can_be_seen(spin: Guest) -> None:
    present = spin.spinning()
    registers = present.registers()
    assert present.cpu().rip == registers["rip"]
    assert [t.pid for t in present.threads()] == [1] and present.threads()[0].current
    assert any(area.name.endswith("spin") for area in present.maps())
    assert any(area.name == "[stack]" for area in present.maps())
    rip = registers["rip"]
    assert present.instruction().address == rip
    assert [entry.table for entry in present.page_walk(rip)] == ["PML4", "PDPT", "PD", "PT"]
    physical = present.translate(rip)
    assert physical is not None
    assert present.read_physical(physical, 4) == present.read_memory(rip, 4)
    assert present.search_memory(b"spinning\0", 0, 1 << 47)
    texts = [event.text for event in present.events()]
    assert any("execve" in text or text.startswith("[1] exec") for text in texts)
    assert any("CON_WRITE" in text for text in texts)
    moments = [event.moment for event in present.events()]
    assert moments[-1] > 0


def test_changes_reach_the_guest(spin: Guest) -> None:
    present = spin.spinning()
    here = present.evaluate("limit")
    assert here.address is not None
    present.write_memory(here.address, bytes(8))
    before = present.registers()
    present.set_register("r15", 0x1234)
    assert present.registers() == before | {"r15": 0x1234}
    stop = present.run()
    assert stop.reason == "exit" and stop.ended and present.ended
    assert spin.output() == b"counted to the limit\n"
    with pytest.raises(DebugError):
        present.set_register("rax", 1)
    with pytest.raises(DebugError):
        present.write_memory(8, b"x")


def test_what_everybody_reads_as_zeros_stays_so(spin: Guest) -> None:
    present = spin.spinning()
    with pytest.raises(DebugError, match="shared zeros"):
        present.write_memory(present.address("kernel:zero_page"), b"x")


def test_a_signal_reaches_the_guest(spin: Guest) -> None:
    spin.spinning()
    spin.present.signal(signal.SIGINT)
    stop = spin.present.run()
    assert (stop.reason, stop.detail) == ("exit", "status 7")


def test_the_listener_hears_ten_times_a_second(spin: Guest) -> None:
    heard: list[float] = []
    spin.present.progress(lambda _: heard.append(time.monotonic()))

    def ten() -> float:
        """The seconds from one word to the tenth behind it, where they are the fewest."""
        heard.clear()
        spin.run_for(1.5)
        return min((heard[i + 10] - heard[i] for i in range(len(heard) - 10)), default=math.inf)

    assert least(ten, 1.0, tries=10) <= 1.0


def test_a_sleeping_guest_can_be_paused(backend: str) -> None:
    guest = Guest("/bin/sleep", "1000")
    try:
        heard: list[int] = []
        guest.present.progress(heard.append)
        guest.run_until(
            lambda: [t.state for t in guest.present.threads()] == ["sleeping"], "its sleep"
        )
        assert guest.present.in_kernel
        heard.clear()
        timer = threading.Timer(0.3, guest.present.glance)
        timer.start()
        assert guest.run_for(0.6) == "pause"
        timer.join()
        assert [t.state for t in guest.present.threads()] == ["sleeping"]
        assert len(heard) >= 2
    finally:
        guest.close()


def test_a_pause_lets_the_kernel_finish(backend: str, compiled: Toolchain) -> None:
    guest = Guest(str(compiled("debug/spin.c", "glibc", ["-g", "-O0"])), "calls")
    try:
        while guest.output() != b"spinning\n":
            guest.run_for(0.1)

        def share() -> float:
            """A busy host may starve the guest of the time to leave its kernel, but not always."""
            return sum(guest.run_for(0.02) == "pause" and guest.present.in_kernel for _ in range(8))

        assert least(share, 3) <= 3
    finally:
        guest.close()


def test_crashes_and_panics_are_told(backend: str, compiled: Toolchain) -> None:
    guest = Guest(str(compiled("die.c", "glibc")), "null")
    try:
        stop = guest.present.run()
        assert stop.reason == "killed" and stop.ended
        assert any("SIGSEGV" in event.text for event in guest.present.events())
        assert guest.present.run().reason == "killed"
    finally:
        guest.close()

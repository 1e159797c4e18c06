"""Starts, stops and kicks by the thousand on a machine with other work: none may get lost.

The guests run on threads without the heartbeat of the main thread, which would mend what is lost.
"""

import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest
from backends.guests import SPIN

from nanvix.kvm.device.timers import signal_thread
from nanvix.kvm.probe_guest import ProbeGuest
from nanvix.kvm.wakeup import SIGNAL
from nanvix.machine.backend import Exit
from nanvix.sandbox import Sandbox

pytestmark = pytest.mark.usefixtures("kvm")

LOST_S = 20.0
"""Whoever has not come back after this long, does not."""


@pytest.fixture
def load() -> Iterator[None]:
    """Ten programs that compute, for as long as the test; other tests shall not wait for them."""
    spinner = ["nice", "-n", "10", sys.executable, "-c", "while True: pass"]
    spinners = [subprocess.Popen(spinner) for _ in range(10)]
    try:
        yield
    finally:
        for process in spinners:
            process.kill()
            process.wait()


class Runner(threading.Thread):
    """Runs a guest that never stops by itself, and notes why it was left."""

    def __init__(self, guest: ProbeGuest, wanted: set[Exit], deadline: int | None) -> None:
        super().__init__()
        self._guest, self._wanted, self._deadline = guest, wanted, deadline
        self.inside = threading.Event()
        self.closed = False

    def run(self) -> None:
        backend = self._guest.backend
        backend.set_timer(self._deadline)
        self.inside.set()
        try:
            while self._wanted:
                self._wanted.discard(backend.run())
        except ValueError:
            self.closed = True


@pytest.mark.usefixtures("load")
def test_no_wakeup_is_lost() -> None:
    """A deadline, a kick, or both, and signals that mean nothing, at about the same time."""
    dice = random.Random(3)
    for _ in range(80):
        with ProbeGuest(SPIN, user=True) as guest:
            guest.start()
            for _ in range(10):
                once(guest, dice)


def once(guest: ProbeGuest, dice: random.Random) -> None:
    backend = guest.backend
    wanted = set(dice.choice(([Exit.TIMER], [Exit.KICKED], [Exit.TIMER, Exit.KICKED])))
    soon = backend.tsc() + int(dice.uniform(0, 2e-3) * backend.tsc_hz)
    runner = Runner(guest, wanted, soon if Exit.TIMER in wanted else None)
    kicked = Exit.KICKED in wanted
    runner.start()
    runner.inside.wait()
    time.sleep(dice.uniform(0, 2e-3))
    if dice.random() < 0.3:
        signal_thread(runner.native_id or 0, SIGNAL)
    if kicked:
        backend.kick()
    runner.join(LOST_S)
    if runner.is_alive():
        backend.kick()
        runner.join()
        pytest.fail(f"lost: {wanted}")


@pytest.mark.usefixtures("load")
def test_every_run_ends_when_its_vm_is_closed() -> None:
    dice = random.Random(4)
    for _ in range(200):
        with ProbeGuest(SPIN, user=True) as guest:
            guest.start()
            runner = Runner(guest, {Exit.DOORBELL}, None)
            runner.start()
            time.sleep(dice.choice((0, dice.uniform(0, 1e-3))))
            guest.backend.close()
            runner.join(LOST_S)
            assert runner.closed


def test_the_thread_s_signals_are_as_they_were() -> None:
    """Programs it starts later would inherit a blocked signal."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    with Sandbox(backend="kvm") as sandbox:
        assert sandbox.run(["true"]).exit_code == 0
        assert sandbox.run(["true"]).exit_code == 0
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == before

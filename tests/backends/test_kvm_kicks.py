"""Kicks, signals and threads: what ends a run on KVM from outside, and is never lost."""

import os
import signal
import threading
import time

import pytest
from backends.guests import DOORBELL_LOOP, SPIN
from backends.probing import alarmed, milliseconds, started

from nanvix.kvm.wakeup import SIGNAL
from nanvix.machine.backend import Exit

pytestmark = pytest.mark.usefixtures("kvm")


def test_a_kick_before_run_is_kept_and_is_one_kick() -> None:
    with started(DOORBELL_LOOP) as guest:
        guest.backend.kick()
        guest.backend.kick()
        assert guest.backend.run() is Exit.KICKED
        assert guest.backend.run() is Exit.DOORBELL


def test_kick_and_deadline_at_once_are_both_reported() -> None:
    with started(SPIN, user=True) as guest:
        guest.backend.set_timer(milliseconds(guest, 0))
        guest.backend.kick()
        assert guest.backend.run() is Exit.KICKED
        assert guest.backend.run() is Exit.TIMER


def test_a_kick_does_not_swallow_a_timer_that_came_early() -> None:
    """The clock that wakes us and the guest's are two, and may differ by a little."""
    outcomes = []

    def once() -> None:  # on a thread without a heartbeat, which would mend it
        with started(SPIN, user=True) as guest:
            backend = guest.backend
            backend.set_timer(milliseconds(guest, 1))
            assert backend.run() is Exit.TIMER
            backend.set_timer(milliseconds(guest, 100))
            backend._wakeup.arm(1)
            time.sleep(0.01)
            backend.kick()
            outcomes.append(backend.run())
            late = threading.Timer(10, backend.kick)
            late.start()
            outcomes.append(backend.run())
            late.cancel()

    thread = threading.Thread(target=once)
    thread.start()
    thread.join()
    assert outcomes == [Exit.KICKED, Exit.TIMER]


def test_no_kick_from_another_thread_is_lost() -> None:
    with started(DOORBELL_LOOP) as guest:
        kicks = 0
        done = threading.Event()

        def kick_often() -> None:
            nonlocal kicks
            for _ in range(200):
                guest.backend.kick()
                kicks += 1
                seen.acquire(timeout=10)
            done.set()

        seen = threading.Semaphore(0)
        thread = threading.Thread(target=kick_often)
        thread.start()
        answered = 0
        limit = time.monotonic() + 30
        while not done.is_set() and time.monotonic() < limit:
            if guest.backend.run() is Exit.KICKED:
                answered += 1
                seen.release()
        thread.join()
        assert (kicks, answered) == (200, 200)


def test_a_signal_handler_can_kick() -> None:
    with started(SPIN, user=True) as guest, alarmed(guest.backend.kick):
        assert guest.backend.run() is Exit.KICKED


def test_a_signal_that_went_to_another_thread_is_handled_while_the_guest_spins() -> None:
    """The heartbeat: Python's handlers run on the main thread, which is inside the guest."""
    handled = threading.Event()
    with started(SPIN, user=True) as guest:

        def handler(*_: object) -> None:
            handled.set()
            guest.backend.kick()

        old = signal.signal(signal.SIGUSR1, handler)

        def send() -> None:
            time.sleep(0.02)
            signal.pthread_kill(threading.get_ident(), signal.SIGUSR1)

        thread = threading.Thread(target=send)
        try:
            thread.start()
            deadline = milliseconds(guest, 5000)
            guest.backend.set_timer(deadline)
            assert guest.backend.run() is Exit.KICKED
            assert handled.is_set()
            assert guest.backend.tsc() < deadline
        finally:
            thread.join()
            signal.signal(signal.SIGUSR1, old)


def test_a_vcpu_may_move_between_threads() -> None:
    with started(SPIN, user=True) as guest:
        outcomes = []

        def once() -> None:
            guest.backend.set_timer(milliseconds(guest, 2))
            outcomes.append(guest.backend.run())

        once()
        for _ in range(2):
            thread = threading.Thread(target=once)
            thread.start()
            thread.join()
        once()
        guest.backend.kick()
        assert outcomes == [Exit.TIMER] * 4


def test_our_signal_does_no_harm_outside_the_guest() -> None:
    with started(DOORBELL_LOOP) as guest:
        guest.backend.run()
        signal.pthread_kill(threading.get_ident(), SIGNAL)
        os.kill(os.getpid(), SIGNAL)
        reasons = [guest.backend.run() for _ in range(3)]
        # A signal to the process may go to another thread while this one looks for it.
        assert set(reasons) <= {Exit.DOORBELL, Exit.KICKED}
        assert reasons[-1] is Exit.DOORBELL

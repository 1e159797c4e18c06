"""What gets a running guest back: kicks, deadlines, and the host's own signals.

One real-time signal serves all of them. The vCPU's thread blocks it, and KVM unblocks it only
while the guest runs (KVM_SET_SIGNAL_MASK). So a signal that comes a moment too early is still
pending at the next entry and ends it at once: there is no window in which it could be lost.

Python runs its signal handlers between bytecodes of the main thread, which a spinning guest
never reaches if the signal came just before the entry, or went to another thread. For a vCPU
on the main thread the timer therefore repeats slowly; being pending while the guest does not
run, it then costs nothing.
"""

from __future__ import annotations

import os
from _thread import _local, get_native_id

from nanvix.kvm.device.timers import ThreadTimer, install_null_handler, signal_thread

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal

    from nanvix.kvm.device.vcpu import Vcpu
else:
    import _signal as signal  # which makes no enums of its numbers

SIGNAL = signal.SIGRTMAX - 3

HEARTBEAT_NS = 100_000_000
"""Longest time a Python signal handler waits for a guest that does nothing but compute."""


class _Here(_local):
    """``token`` is an object of its own in every thread. Unlike a thread's number, which the
    next thread may get, it cannot be mistaken for that of a thread that has ended. ``vcpus``: how
    many this thread runs; behind the last one its signal mask is what it was."""

    def __init__(self) -> None:
        self.token = object()
        self.vcpus = 0
        self.blocked = False

    def enter(self, blocked: bool) -> None:
        """Another vCPU; ``blocked``: the signal was blocked already."""
        if not self.vcpus:
            self.blocked = blocked
        self.vcpus += 1

    def leave(self) -> None:
        """One less."""
        self.vcpus -= 1
        if not self.vcpus and not self.blocked:
            while signal.sigtimedwait((SIGNAL,), 0):
                pass
            signal.pthread_sigmask(signal.SIG_UNBLOCK, (SIGNAL,))


here = _Here()


class Wakeup:
    """Kicks and a timer for one vCPU, which may move between threads but not run on two."""

    def __init__(self, vcpu: Vcpu) -> None:
        self.owner: object = None
        """``here.token`` of the thread that runs the vCPU; None before the first run."""
        self._vcpu = vcpu
        self._native = 0
        self._timer: ThreadTimer | None = None
        self._heartbeat = 0

    def adopt(self) -> None:
        """The calling thread runs the vCPU from here on. Call it again after a signal that
        was not ours: the thread's signal mask may have changed."""
        install_null_handler(SIGNAL)
        before = signal.pthread_sigmask(signal.SIG_BLOCK, (SIGNAL,))
        self._vcpu.set_signal_mask(sum(1 << number - 1 for number in before if number != SIGNAL))
        if self.owner is not here.token:
            self.close()
            here.enter(SIGNAL in before)
            self._native = get_native_id()
            self._timer = ThreadTimer(self._native, SIGNAL)
            self._heartbeat = HEARTBEAT_NS if self._native == os.getpid() else 0
            self.owner = here.token

    def kick(self) -> None:
        """Interrupt the guest if it runs; safe from any thread and from signal handlers."""
        if self.owner is not None and self.owner is not here.token:
            signal_thread(self._native, SIGNAL)

    def arm(self, delay_ns: int | None) -> None:
        """Interrupt the guest after ``delay_ns`` (None: only by the heartbeat)."""
        if self._timer is None:
            return
        first = self._heartbeat
        if delay_ns is not None and not 0 < first < delay_ns:
            first = max(delay_ns, 1)
        self._timer.set(first, self._heartbeat)

    def consume(self) -> bool:
        """Take our signal if it is pending: it was a kick, the deadline or the heartbeat."""
        return signal.sigtimedwait((SIGNAL,), 0) is not None

    def close(self) -> None:
        """Delete the timer, and unblock the signal if the thread is this one; idempotent."""
        if self._timer is not None:
            self._timer.close()
            self._timer = None
        if self.owner is here.token:
            here.leave()
        self.owner = None

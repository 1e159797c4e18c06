"""Signals and timers of one thread, below Python's own."""

from __future__ import annotations

import os

from nanvix.kvm._kvm_abi import ffi
from nanvix.kvm.device.calls import address_of, libc

_CLOCK_MONOTONIC = 1
_SIGEV_THREAD_ID = 4
_NS = 1_000_000_000


def install_null_handler(signal: int) -> None:
    """Make ``signal`` interrupt system calls and do nothing else, without running Python.

    ``abs`` has a handler's signature, no side effect and no state: it is the no-op we need.
    """
    libc.signal(signal, ffi.addressof(libc, "abs"))


def signal_thread(thread: int, signal: int) -> None:
    """Send ``signal`` to a thread of this process; nothing if it has ended."""
    libc.syscall(libc.SYS_tgkill, os.getpid(), thread, signal, 0)


class ThreadTimer:
    """A POSIX timer on the monotonic clock that signals one thread of this process."""

    def __init__(self, thread: int, signal: int) -> None:
        event = ffi.new("struct timer_event *", (0, signal, _SIGEV_THREAD_ID, thread))
        number = ffi.new("int32_t *")
        result = libc.syscall(
            libc.SYS_timer_create, _CLOCK_MONOTONIC, address_of(event), address_of(number), 0
        )
        if result < 0:
            raise OSError(ffi.errno, os.strerror(ffi.errno), "timer_create")
        self._number: int = number[0]
        self._spec = ffi.new("struct timer_spec *")
        self._spec_address = address_of(self._spec)

    def set(self, first_ns: int, interval_ns: int) -> None:
        """Fire after ``first_ns``, then every ``interval_ns``; 0, 0 stops it."""
        spec = self._spec
        spec.value_s, spec.value_ns = divmod(first_ns, _NS)
        spec.interval_s, spec.interval_ns = divmod(interval_ns, _NS)
        libc.syscall(libc.SYS_timer_settime, self._number, 0, self._spec_address, 0)

    def close(self) -> None:
        """Delete the timer; idempotent."""
        if self._number >= 0:
            libc.syscall(libc.SYS_timer_delete, self._number, 0, 0, 0)
            self._number = -1

"""One virtual machine with one memory slot, made on the side."""

from __future__ import annotations

import os
from _thread import allocate_lock, start_new_thread  # importing threading takes a millisecond

from nanvix.kvm._kvm_abi import ffi
from nanvix.kvm.device import calls
from nanvix.kvm.device.calls import System, address_of, ioctl_raw, libc

_TSS_ADDRESS = 0xFFFB_D000


class Vm:
    """A machine whose guest-physical 0 is ``address``, with ``size`` bytes of memory.

    Taking the memory makes the kernel wait, for milliseconds in which it does nothing (a grace
    period of its SRCU). A thread does that, so that whoever wants the machine can import modules
    meanwhile; :meth:`ready` waits for the rest. OSError names the ioctl that failed.
    """

    def __init__(self, address: int, size: int) -> None:
        with System() as system:
            self.page_size = calls.ioctl(system.fd, "KVM_GET_VCPU_MMAP_SIZE")
            """Of a run page."""
            self.fd = calls.ioctl(system.fd, "KVM_CREATE_VM")
        if size <= _TSS_ADDRESS:
            # Only VT-x without "unrestricted guest" uses it; elsewhere it may not even exist.
            ioctl_raw(self.fd, libc.KVM_SET_TSS_ADDR, _TSS_ADDRESS)
        self._region = ffi.new("struct memory_region *", (0, 0, 0, size, address))
        self._error: OSError | None = None
        self._made = allocate_lock()
        self._made.acquire()
        try:
            start_new_thread(self._take_memory, ())
        except RuntimeError:  # no more threads for this user
            self._take_memory()

    def _take_memory(self) -> None:
        try:
            calls.ioctl(self.fd, "KVM_SET_USER_MEMORY_REGION", address_of(self._region))
        except OSError as error:
            self._error = error
        finally:
            self._made.release()

    def ready(self) -> int:
        """Its descriptor, once it has its memory."""
        with self._made:
            if self._error is not None:
                raise self._error
            return self.fd

    def close(self) -> None:
        """Close it; idempotent."""
        with self._made:
            if self.fd >= 0:
                os.close(self.fd)
                self.fd = -1

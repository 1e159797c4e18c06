"""The bottom of the wall: libc, ioctls by name, and ``/dev/kvm`` itself."""

from __future__ import annotations

import errno
import os

from nanvix.kvm._kvm_abi import ffi

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Self

DEVICE = "/dev/kvm"
API_VERSION = 12

CAP_SET_GUEST_DEBUG = 23
CAP_SYNC_REGS = 74
CAP_VCPU_ATTRIBUTES = 127
CAP_IMMEDIATE_EXIT = 136
CAP_ENFORCE_PV_FEATURE_CPUID = 190

CAPABILITIES = {
    "user_memory": 3,
    "set_tss_addr": 4,
    "ext_cpuid": 7,
    "nr_memslots": 10,
    "set_guest_debug": CAP_SET_GUEST_DEBUG,
    "ioeventfd": 36,
    "vcpu_events": 41,
    "xsave": 55,
    "get_tsc_khz": 61,
    "sync_regs": CAP_SYNC_REGS,
    "vcpu_attributes": CAP_VCPU_ATTRIBUTES,
    "immediate_exit": CAP_IMMEDIATE_EXIT,
    "manual_dirty_log_protect2": 168,
    "enforce_pv_feature_cpuid": CAP_ENFORCE_PV_FEATURE_CPUID,
    "dirty_log_ring": 192,
}
"""What ``doctor`` reports."""

REQUIRED = ("user_memory", "ext_cpuid", "xsave", "vcpu_events", "sync_regs", "immediate_exit")

libc = ffi.dlopen(None)
ioctl_raw = libc.ioctl


def address_of(pointer: object) -> int:
    """Where a cffi pointer leads."""
    return int(ffi.cast("uintptr_t", pointer))


def ioctl(fd: int, name: str, argument: int = 0) -> int:
    """The ioctl called ``name``; OSError with that name if it fails.

    KVM_CREATE_VM gives up where a signal is pending, and is asked again once Python has seen it.
    """
    while (result := int(ioctl_raw(fd, getattr(libc, name), argument))) < 0:
        if ffi.errno != errno.EINTR:
            raise OSError(ffi.errno, os.strerror(ffi.errno), name)
    return result


class System:
    """``/dev/kvm``, open. A context manager."""

    def __init__(self) -> None:
        self.fd = os.open(DEVICE, os.O_RDWR | os.O_CLOEXEC)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.fd)

    def api_version(self) -> int:
        """12 ever since Linux 2.6.22."""
        return ioctl(self.fd, "KVM_GET_API_VERSION")

    def capability(self, number: int) -> int:
        """KVM_CHECK_EXTENSION: 0 when absent; what a positive value means depends on it."""
        return ioctl(self.fd, "KVM_CHECK_EXTENSION", number)

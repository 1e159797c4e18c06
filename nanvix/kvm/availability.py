"""Does KVM work here, and if not: why, and what mends it?"""

from __future__ import annotations

import errno
import os

from nanvix.errors import BackendUnavailable
from nanvix.kvm.device.calls import API_VERSION, CAPABILITIES, DEVICE, REQUIRED, System
from nanvix.named import NamedTuple

_EMULATOR = "or use --backend emu, which needs no hardware"


class Availability(NamedTuple):
    """``reason`` and ``remedy``: one line each; the remedy is empty when nothing is wrong."""

    available: bool
    reason: str
    remedy: str = ""


def probe() -> Availability:
    """Open the device and ask for its version and capabilities (~20 µs)."""
    machine = os.uname().machine
    if machine != "x86_64":
        return Availability(False, f"nanvix runs on x86-64 KVM, this is {machine}", _EMULATOR)
    try:
        with System() as system:
            version = system.api_version()
            missing = [name for name in REQUIRED if not system.capability(CAPABILITIES[name])]
    except OSError as error:
        return _cannot_open(error)
    if version != API_VERSION:
        return Availability(False, f"{DEVICE} speaks API version {version}", _EMULATOR)
    if missing:
        return Availability(
            False,
            f"this kernel's KVM has no {', '.join(missing)}",
            f"Linux 4.17 or newer has it, {_EMULATOR}",
        )
    return Availability(True, f"{DEVICE} works")


def require() -> None:
    """Raise BackendUnavailable, with the remedy, where KVM does not work."""
    found = probe()
    if not found.available:
        raise BackendUnavailable(f"{found.reason}: {found.remedy}")


def _cannot_open(error: OSError) -> Availability:
    if error.errno in (errno.ENOENT, errno.ENODEV, errno.ENXIO):
        return Availability(False, f"there is no {DEVICE}", _how_to_get_device())
    if error.errno in (errno.EACCES, errno.EPERM):
        return Availability(False, f"no permission to open {DEVICE}", _how_to_get_permission())
    return Availability(False, f"{DEVICE}: {error.strerror}", _EMULATOR)


def _how_to_get_device() -> str:
    try:
        with open("/proc/cpuinfo", encoding="ascii", errors="replace") as info:
            flags = next((line.split() for line in info if line.startswith("flags")), [])
    except OSError:
        flags = []
    for flag, module in (("vmx", "kvm_intel"), ("svm", "kvm_amd")):
        if flag in flags:
            return f"load its module (sudo modprobe {module}), {_EMULATOR}"
    return f"enable virtualisation in the firmware (or nesting in the outer VM), {_EMULATOR}"


def _how_to_get_permission() -> str:
    import grp

    try:
        group = grp.getgrgid(os.stat(DEVICE).st_gid).gr_name
    except (KeyError, OSError):
        group = "kvm"
    if group == "root":
        return f"let your group have it (sudo chgrp kvm {DEVICE}; sudo chmod g+rw {DEVICE})"
    return f"join the group {group} (sudo usermod -aG {group} $USER) and log in again"

"""The KVM backend: a virtual CPU of real hardware through ``/dev/kvm``.

Importing this package imports none of it, so that other hosts can.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nanvix.kvm.availability import Availability
    from nanvix.machine.backend import Backend
    from nanvix.machine.memory import GuestMemory


def create(memory: GuestMemory) -> Backend:
    """One vCPU over ``memory``. Raises BackendUnavailable where KVM does not work."""
    from nanvix.errors import BackendUnavailable
    from nanvix.kvm.availability import require

    require()
    from nanvix.kvm.backend import KvmBackend
    from nanvix.kvm.quirks import findings

    try:
        found = findings()
        return KvmBackend(memory, found.bits(), found.capabilities())
    except OSError as error:
        reason = f"KVM does not work here: {error.filename}: {error.strerror}"
        raise BackendUnavailable(reason) from error


def probe() -> Availability:
    """Whether KVM works here, and if not what mends it. Creates no VM."""
    from nanvix.kvm.availability import probe

    return probe()


def describe() -> dict[str, Any]:
    """Everything ``doctor`` tells about KVM; probes the quirks afresh. See nanvix.kvm.report."""
    from nanvix.kvm.report import describe

    return describe()

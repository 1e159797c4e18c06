"""The KVM backend: a virtual CPU of real hardware through ``/dev/kvm``.

Importing this package imports none of it, so that other hosts can.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nanvix.errors import BackendUnavailable
    from nanvix.kvm.availability import Availability
    from nanvix.kvm.device.vm import Vm
    from nanvix.machine.backend import Backend
    from nanvix.machine.memory import GuestMemory


def begin(memory: GuestMemory) -> Vm:
    """A machine with ``memory``, made while the caller does something else; it is given to
    :func:`create` or closed. Raises BackendUnavailable where KVM does not work."""
    from nanvix.kvm.availability import require
    from nanvix.kvm.device.vm import Vm

    require()
    try:
        return Vm(memory.address, memory.size)
    except OSError as error:
        raise _broken(error) from error


def create(memory: GuestMemory, vm: Vm | None = None) -> Backend:
    """One vCPU over ``memory``. ``vm``: what :func:`begin` gave, which the backend takes over.
    Raises BackendUnavailable where KVM does not work."""
    vm = vm or begin(memory)
    try:
        from nanvix.kvm.backend import KvmBackend
        from nanvix.kvm.findings import findings

        found = findings()
        return KvmBackend(memory, found.bits(), found.capabilities(), vm)
    except BaseException as error:
        vm.close()
        if not isinstance(error, OSError):
            raise
        raise _broken(error) from error


def _broken(error: OSError) -> BackendUnavailable:
    from nanvix.errors import BackendUnavailable

    return BackendUnavailable(f"KVM does not work here: {error.filename}: {error.strerror}")


def probe() -> Availability:
    """Whether KVM works here, and if not what mends it. Creates no VM."""
    from nanvix.kvm.availability import probe

    return probe()


def describe() -> dict[str, Any]:
    """Everything ``doctor`` tells about KVM; probes the quirks afresh. See nanvix.kvm.report."""
    from nanvix.kvm.report import describe

    return describe()

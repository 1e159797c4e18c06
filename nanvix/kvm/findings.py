"""Which quirks this host's KVM has: what nanvix.kvm.quirks found out, once."""

from __future__ import annotations

from nanvix.abi.layout import (
    QUIRK_HOST_CPUID,
    QUIRK_NO_SYSRET,
    QUIRK_OPEN_AVX,
    QUIRK_OPEN_TSC,
    QUIRK_SLOW_RING0,
    QUIRK_SYSCALL_FAULTS,
)
from nanvix.kvm import cache
from nanvix.machine.backend import Capabilities

BITS = {
    "slow_ring0": QUIRK_SLOW_RING0,
    "no_sysret": QUIRK_NO_SYSRET,
    "syscall_faults": QUIRK_SYSCALL_FAULTS,
    "open_avx": QUIRK_OPEN_AVX,
    "host_cpuid": QUIRK_HOST_CPUID,
    "open_tsc": QUIRK_OPEN_TSC,
    "odd_tsc": 0,
    "fixed_tsc": 0,
    "no_user_step": 0,
    "no_kernel_step": 0,
    "no_breakpoints": 0,
}
"""What the guest kernel is told of each (QUIRK_*), 0 if it need not know."""


class Findings(dict[str, bool]):
    """Quirk name → whether this host has it."""

    def bits(self) -> int:
        """The QUIRK_* bits for the guest kernel."""
        return sum(bit for name, bit in BITS.items() if self[name])

    def capabilities(self) -> Capabilities:
        """What the backend can do here."""
        return Capabilities(
            deterministic=False,
            single_step_user=not self["no_user_step"],
            single_step_kernel=not self["no_kernel_step"],
        )


def findings() -> Findings:
    """This host's quirks, from the cache or by probing (~20 ms, once)."""
    key = cache.host_key()
    known = cache.load(key, list(BITS))
    if known is not None:
        return Findings(known)
    from nanvix.kvm.quirks import probe_all

    found, certain = probe_all()
    if certain:
        cache.store(key, found)
    return found

"""Where a host's KVM departs from the manuals: one table, found out by behaviour.

Not every /dev/kvm has VT-x or SVM below it; some interpret ring 0, some run the guest kernel
in the CPU's ring 3. No quirk is guessed from a name: each has a probe, a throw-away guest of a
few instructions. The answers are kept (nanvix.kvm.findings).
"""

from __future__ import annotations

import time
from struct import pack

from nanvix.abi.layout import SEL_USER_CODE
from nanvix.kvm.device.kept import DEBUG_ENABLE, DEBUG_HARDWARE_BREAKPOINTS, DEBUG_SINGLE_STEP
from nanvix.kvm.findings import Findings
from nanvix.kvm.probe_guest import (
    KERNEL_CODE,
    RESULT,
    USER_CODE,
    VECTOR_PF,
    VECTOR_UD,
    Inconclusive,
    ProbeGuest,
)
from nanvix.kvm.registers import MSR_TSC
from nanvix.machine.backend import Exit
from nanvix.machine.cpuid import FEATURES_LEAF, HYPERVISOR_BASE, cpuid
from nanvix.named import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from nanvix.kvm.device.vcpu import Vcpu

# The probes' code; each constant is named after what it does, in the order it does it.
_UD2 = b"\x0f\x0b"
_CPUID = b"\x0f\xa2"
_ZERO_YMM0 = b"\xc5\xfc\x57\xc0"
_NOPS = b"\x90" * 4
_SYSCALL = b"\x0f\x05"
_SYSRETQ = b"\x48\x0f\x07"
_RING_DOORBELL_0X100 = b"\xb8\x00\x01\x00\x00\xe7\xe0\xeb\xfe"
_STORE_RAX = b"\x48\x89\x04\x25" + pack("<I", RESULT)
_RCX_TO_RAX = b"\x48\x89\xc8"
_RDTSC_TO_RAX = b"\x0f\x31\x48\xc1\xe2\x20\x48\x09\xd0"
_RAX_TO_R8 = b"\x49\x89\xc0"
_SUBTRACT_R8 = b"\x4c\x29\xc0"
_COUNT_DOWN_FROM_1000 = b"\xb9\xe8\x03\x00\x00\xff\xc9\x75\xfc"
_TIMED_LOOP = _RDTSC_TO_RAX + _RAX_TO_R8 + _COUNT_DOWN_FROM_1000 + _RDTSC_TO_RAX + _SUBTRACT_R8

_CR4_TSD = 1 << 2
_ROUNDS = 3
_SLOW_RATIO = 16
_TSC_SLACK_US = 200
_TSC_JUMP = 1 << 50
_PAUSE_S = 0.005
_LEAST_RATE, _GREATEST_RATE = 0.8, 1.25


def _no_sysret() -> bool:
    with ProbeGuest(_SYSRETQ, user=False) as guest:
        guest.memory.write(USER_CODE, _UD2)
        guest.state.gpr["rcx"], guest.state.gpr["r11"] = USER_CODE, 2
        guest.start()
        arrived = guest.exception() == VECTOR_UD
        return not arrived or guest.frame(2) != (USER_CODE, SEL_USER_CODE)


def _syscall_faults() -> bool:
    with ProbeGuest(_SYSCALL, user=True, entry=_RING_DOORBELL_0X100) as guest:
        guest.start()
        return guest.exception() == VECTOR_PF and guest.frame(2)[1] == KERNEL_CODE


def _slow_ring0() -> bool:
    kernel, user = loop_ticks(user=False), loop_ticks(user=True)
    return user is not None and (kernel is None or kernel > _SLOW_RATIO * user)


def loop_ticks(user: bool) -> int | None:
    """Fewest ticks the timed loop took in this ring; None where it cannot be timed there."""
    ticks = []
    with ProbeGuest(_TIMED_LOOP + _STORE_RAX + _UD2, user=user) as guest:
        for _ in range(_ROUNDS):
            guest.start()
            if guest.exception() != VECTOR_UD:
                return None
            ticks.append(guest.result())
    return max(min(ticks), 1)


def _odd_tsc() -> bool:
    with ProbeGuest(_RDTSC_TO_RAX + _STORE_RAX + _UD2, user=True) as guest:
        guest.start()
        backend = guest.backend
        slack = backend.tsc_hz * _TSC_SLACK_US // 1_000_000
        before = backend.tsc()
        if guest.exception() != VECTOR_UD:
            return True
        if not before - slack <= guest.result() <= backend.tsc() + slack:
            return True
        least, greatest = _rate(backend.vcpu)
        hz = backend.tsc_hz
        return greatest < _LEAST_RATE * hz or least > _GREATEST_RATE * hz


def _rate(vcpu: Vcpu) -> tuple[float, float]:
    """Ticks per second of the counter while the guest does not run, between these two: a busy
    host may take long over each reading, which then lies anywhere in that time."""
    before = time.monotonic_ns()
    first = vcpu.msrs((MSR_TSC,))[0]
    begin = time.monotonic_ns()
    time.sleep(_PAUSE_S)
    end = time.monotonic_ns()
    ticks = (vcpu.msrs((MSR_TSC,))[0] - first) * 1_000_000_000
    return ticks / (time.monotonic_ns() - before), ticks / (end - begin)


def _open_avx() -> bool:
    with ProbeGuest(_ZERO_YMM0 + _UD2, user=True) as guest:
        guest.start()
        return guest.exception() == VECTOR_UD and guest.frame(1) != (USER_CODE,)


def _open_tsc() -> bool:
    with ProbeGuest(_RDTSC_TO_RAX + _UD2, user=True) as guest:
        guest.state.cr4 |= _CR4_TSD
        guest.start()
        return guest.exception() == VECTOR_UD


def _host_cpuid() -> bool:
    return any(_cpuid_ecx(leaf) != cpuid(leaf, 0)[2] for leaf in (HYPERVISOR_BASE, FEATURES_LEAF))


def _cpuid_ecx(leaf: int) -> int | None:
    with ProbeGuest(_CPUID + _RCX_TO_RAX + _STORE_RAX + _UD2, user=True) as guest:
        guest.state.gpr["rax"] = leaf
        guest.start()
        return guest.result() if guest.exception() == VECTOR_UD else None


def _fixed_tsc() -> bool:
    with ProbeGuest(_UD2, user=True) as guest:
        guest.state.tsc = guest.backend.tsc() + _TSC_JUMP
        guest.start()
        return guest.backend.tsc() < guest.state.tsc


def _stops(user: bool, control: int, breakpoints: tuple[int, ...], expected: int) -> bool:
    """Whether KVM reports a debug stop at ``expected`` before the guest runs into its ud2."""
    with ProbeGuest(_NOPS + _UD2, user=user) as guest:
        guest.start()
        vcpu = guest.backend.vcpu
        vcpu.sync()  # a step is armed for the registers KVM has, not for those still on the way
        try:
            vcpu.debug(DEBUG_ENABLE | control, breakpoints)
        except OSError:
            return False
        return guest.run() is Exit.PAUSED and vcpu.debug_pc() == expected


def _no_user_step() -> bool:
    return not _stops(True, DEBUG_SINGLE_STEP, (), USER_CODE + 1)


def _no_kernel_step() -> bool:
    return not _stops(False, DEBUG_SINGLE_STEP, (), KERNEL_CODE + 1)


def _no_breakpoints() -> bool:
    where = USER_CODE + 2
    return not _stops(True, DEBUG_HARDWARE_BREAKPOINTS, (where,), where)


class Quirk(NamedTuple):
    """``name``: one of nanvix.kvm.findings."""

    name: str
    meaning: str
    consequence: str
    probe: Callable[[], bool]


QUIRKS = (
    Quirk(
        "slow_ring0",
        "guest ring 0 is interpreted, thousands of times slower than ring 3",
        "the kernel works in ring 3 (docs/privilege.md); "
        "programs that mostly compute run at native speed",
        _slow_ring0,
    ),
    Quirk(
        "no_sysret",
        "the sysretq instruction does not return to ring 3",
        "the kernel returns with iretq",
        _no_sysret,
    ),
    Quirk(
        "syscall_faults",
        "the syscall instruction arrives as a page fault at LSTAR",
        "the kernel's page-fault entry tells such faults from real ones",
        _syscall_faults,
    ),
    Quirk(
        "open_avx",
        "ring 3 can use AVX although the guest kernel has not enabled it",
        "the kernel switches all vector state between tasks, not only that of SSE",
        _open_avx,
    ),
    Quirk(
        "host_cpuid",
        "ring 3 sees the host's CPUID, or its feature flags, instead of the guest's",
        "programs choose their code for the host's CPU and may differ from the emulator's choice",
        _host_cpuid,
    ),
    Quirk(
        "open_tsc",
        "ring 3 can read the time-stamp counter although the guest's CR4 forbids it",
        "a recording does not know what programs read there; what depends on it ends the replay",
        _open_tsc,
    ),
    Quirk(
        "odd_tsc",
        "the guest's time-stamp counter does not follow the host's clock",
        "time inside the guest is unreliable; a host with a stable counter mends it",
        _odd_tsc,
    ),
    Quirk(
        "fixed_tsc",
        "the guest's time-stamp counter is the host's and cannot be set",
        "a restored machine gets a new clock base instead of its old counter",
        _fixed_tsc,
    ),
    Quirk(
        "no_user_step",
        "KVM cannot single-step ring 3",
        "stepping through programs needs the emulator",
        _no_user_step,
    ),
    Quirk(
        "no_kernel_step",
        "KVM cannot single-step ring 0",
        "stepping through the guest kernel needs the emulator",
        _no_kernel_step,
    ),
    Quirk(
        "no_breakpoints",
        "hardware breakpoints do not stop ring 3",
        "breakpoints are planted in memory or need the emulator",
        _no_breakpoints,
    ),
)


def probe_all() -> tuple[Findings, bool]:
    """Run every probe; False if one ran out of time, which then counts as the worse answer."""
    found = Findings()
    certain = True
    for quirk in QUIRKS:
        try:
            found[quirk.name] = quirk.probe()
        except Inconclusive:
            found[quirk.name], certain = True, False
    return found, certain

"""A saved machine goes on on another CPU than the one its kernel has arranged itself for.

The kernel does the work (kernel/boot/adapt.c): it is entered as at boot, told what the new CPU is
like and what the program that was running had in its registers, arranges itself, and rings the
doorbell with its answer. From there it goes on: into the program, or to sleep again if it was idle.
"""

from nanvix.abi.layout import (
    MOVE,
    MOVE_PHYS,
    MOVED,
    MOVED_MEMORY,
    MOVED_WIDE,
    QUIRK_HOST_CPUID,
    QUIRK_OPEN_AVX,
)
from nanvix.machine.backend import Backend, Exit
from nanvix.machine.boot import CR4_TSD, entry_state
from nanvix.machine.image import KernelImage
from nanvix.machine.memory import GuestMemory
from nanvix.machine.state import Segment, VcpuState

LIMIT_S = 10
"""More than the kernel can need, however slow its ring 0 is."""

_FRAME = (
    "r15", "r14", "r13", "r12", "rbp", "rbx", "r11", "r10", "r9", "r8", "rax", "rcx", "rdx", "rsi",
    "rdi",
)  # fmt: skip
"""The first registers of the kernel's struct trapframe (kernel/include/task.h)."""

_FLAT_LIMIT, _FLAT_DATA3 = 0xFFFF_FFFF, 0xC0F3

_REFUSALS = {
    MOVED_WIDE: "its programs use vector registers (AVX) that {} here does not have",
    MOVED_MEMORY: "there is no guest memory left for the vector registers of {} here",
}


class CannotMove(Exception):
    """The machine cannot go on on this CPU; the message says why, without naming the file."""


def needed(quirks: int, backend: Backend) -> bool:
    """Whether a machine saved under ``quirks`` must be arranged anew for ``backend``.

    Where programs reach the host's vector registers, which these are may differ between hosts.
    """
    return quirks != backend.quirks or bool(quirks & QUIRK_OPEN_AVX)


def check_programs(quirks: int, backend: Backend, portable: bool) -> None:
    """Raises CannotMove where programs have chosen their code for a CPU that is not here."""
    if quirks & ~backend.quirks & QUIRK_HOST_CPUID and not portable:
        raise CannotMove(
            f"its programs have chosen code for the host's CPU, which {backend.name} here does "
            "not show: to move a machine, start it with --portable"
        )


def adapt(
    memory: GuestMemory,
    backend: Backend,
    image: KernelImage,
    vcpu: VcpuState,
    *,
    idle: bool,
    flags: int = 0,
) -> None:
    """Load ``vcpu`` into ``backend`` by way of the kernel; ``memory`` is the saved machine's.

    ``idle``: the kernel was idle, else a program ran. ``flags``: BOOT_* bits to add. Raises
    CannotMove, and OSError or ValueError where the backend refuses the registers.
    """
    gpr = vcpu.gpr
    registers = [gpr[name] for name in _FRAME]
    registers += [0, 0, vcpu.rip, vcpu.segments["cs"].selector, vcpu.rflags]
    registers += [gpr["rsp"], vcpu.segments["ss"].selector]
    told = MOVE.pack_fields(
        quirks=backend.quirks,
        flags=flags,
        wide=bool(vcpu.extended),
        in_program=not idle,
        registers=registers,
    )
    memory.write(MOVE_PHYS, told)
    backend.load_state(_at_entry(vcpu, image.entry))
    answer = _answer(backend)
    memory.write(MOVE_PHYS, bytes(len(told)))
    if answer != MOVED:
        why = _REFUSALS.get(answer, "its kernel cannot arrange itself for {} here")
        raise CannotMove(why.format(backend.name))


def _at_entry(vcpu: VcpuState, entry: int) -> VcpuState:
    """The kernel's entry in ring 0, with everything that belongs to the program as it was."""
    state = entry_state(entry, vcpu.cr3)
    state.gpr["rsi"] = MOVE_PHYS
    state.cr4 |= vcpu.cr4 & CR4_TSD
    state.segments |= {name: _for_ring3(vcpu.segments[name]) for name in ("ds", "es", "fs", "gs")}
    for name in ("fxsave", "extended", "kernel_gs_base", "tsc", "pending"):
        setattr(state, name, getattr(vcpu, name))
    return state


def _for_ring3(segment: Segment) -> Segment:
    """The return to ring 3 resets a segment of ring 0 (SDM vol. 2, IRET), base and all, on a CPU
    that does as the manual says; what a program has loaded itself stays."""
    if segment.attributes >> 5 & 3 == 3:
        return segment
    return Segment(0, segment.base, _FLAT_LIMIT, _FLAT_DATA3)


def _answer(backend: Backend) -> int:
    """What the kernel rings the doorbell with; 0, which is no answer, when it does not."""
    backend.set_timer(backend.tsc() + LIMIT_S * backend.tsc_hz)
    while (reason := backend.run()) is Exit.KICKED:
        pass
    backend.set_timer(None)
    return backend.exit_value if reason is Exit.DOORBELL else 0

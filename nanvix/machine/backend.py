"""What a backend is: one vCPU over one :class:`GuestMemory`, behind one protocol.

The run loop talks to KVM and to the emulator only through this protocol, so a feature that
needs more than it must first become a capability here.
"""

from __future__ import annotations

from nanvix.named import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import ClassVar, Protocol

    from nanvix.machine.state import VcpuState
else:
    Protocol = object


class Exit:
    """Why :meth:`Backend.run` came back: one of the objects below, as an enum has them."""

    __slots__ = ("name",)

    DOORBELL: ClassVar[Exit]
    """The guest kernel wrote to the channel's port; ``exit_value`` is eax."""
    TIMER: ClassVar[Exit]
    """The deadline of :meth:`Backend.set_timer` has passed."""
    KICKED: ClassVar[Exit]
    """:meth:`Backend.kick` or a host signal interrupted the guest."""
    BUDGET: ClassVar[Exit]
    """The instruction budget is used up (emulator only)."""
    SHUTDOWN: ClassVar[Exit]
    """Triple fault: the guest kernel is lost."""
    ERROR: ClassVar[Exit]
    """The CPU cannot go on; ``exit_detail`` says why in one line."""
    PAUSED: ClassVar[Exit]
    """A debugger's stop (emulator only); the guest has not noticed."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"Exit.{self.name}"


for _name in Exit.__annotations__:
    setattr(Exit, _name, Exit(_name))


class Capabilities(NamedTuple):
    """What a backend can do beyond running."""

    deterministic: bool
    single_step_user: bool
    single_step_kernel: bool


class Stepping(Protocol):
    """What a backend that can step has beside :class:`Backend`."""

    def run(self) -> Exit:
        """As :meth:`Backend.run`."""

    def step(self) -> Exit:
        """Run one instruction: PAUSED behind it, or why the guest was left before. Where one
        enters ring 0, by a fault or SYSCALL, the guest may run on to its next exit."""

    def general(self) -> dict[str, int]:
        """The general registers, rip and rflags."""

    def in_user(self) -> bool:
        """Whether ring 3 is next, as of the last step or :meth:`general`."""

    def translate(self, address: int) -> int | None:
        """As :meth:`Backend.translate`."""


class Backend(Protocol):
    """One virtual CPU. Not thread-safe, but for :meth:`kick`."""

    name: str
    capabilities: Capabilities
    quirks: int
    """QUIRK_* bits of nanvix.abi.layout for the guest kernel."""
    exit_value: int
    exit_detail: str
    exits: int
    """How often :meth:`run` has returned."""
    tsc_hz: int
    """Frequency of the guest's time-stamp counter."""

    def load_state(self, state: VcpuState) -> None:
        """Set every register; the vCPU resumes from there."""

    def save_state(self) -> VcpuState:
        """All registers, consistent with guest memory: only between two calls of run."""

    def run(self) -> Exit:
        """Run until the guest needs the host."""

    def inject(self, vector: int) -> None:
        """Deliver an external interrupt as soon as the guest's IF allows it.

        Stays pending until delivered; injecting a pending vector again is no event of its own.
        """

    def kick(self) -> None:
        """Make run return KICKED soon; from any thread or signal handler. Never lost."""

    def kick_in_program(self) -> None:
        """Make run return KICKED as soon as the guest takes interrupts: it is in a program then."""

    def tsc(self) -> int:
        """What ``rdtsc`` would read in the guest now."""

    def skip_to(self, tsc: int) -> None:
        """Idle time has passed: where time is virtual, move the counter forward to ``tsc``."""

    def set_timer(self, tsc: int | None) -> None:
        """Let run return TIMER once the counter reaches ``tsc`` (None: never)."""

    def set_budget(self, instructions: int | None) -> None:
        """Let run return BUDGET when that many have retired since creation (emulator only)."""

    def instructions(self) -> int | None:
        """Instructions retired since creation, in both rings; None where they cannot be counted."""

    def count_from(self, instructions: int | None) -> None:
        """Let ``instructions`` have retired already: those of a saved machine (emulator only)."""

    def code_changed(self, gpa: int, size: int) -> None:
        """The host has written guest memory that may hold translated code."""

    def translate(self, address: int) -> int | None:
        """Guest-physical address of a linear one by the current page tables, or None."""

    def close(self) -> None:
        """Release everything; idempotent. Guest memory belongs to the caller."""

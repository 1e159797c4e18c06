"""The emulator as a :class:`~nanvix.machine.backend.Backend`: the run loop and virtual time.

The guest runs in slices of at most ``SLICE`` instructions, counted by the engine itself, so
timers and budgets are exact to the instruction and two runs are identical. Virtual time is
instructions retired plus the idle time skipped, at 50 MHz. Between slices Python can serve
signals; a kick lowers the engine's limit to zero and ends the slice at once. Where a slice ends
makes no difference to the guest: an interrupt that has to wait for IF is looked at only at whole
multiples of ``PENDING_SLICE``.
"""

from __future__ import annotations

from nanvix.abi.layout import CODE_WRITTEN, QUIRK_TRANSLATED
from nanvix.emu.cpu import Cpu
from nanvix.emu.engine import Engine
from nanvix.emu.intercepts import Intercepts
from nanvix.emu.layout import CR0, CR3, FLAG_IF, RIP
from nanvix.emu.probes import Probes
from nanvix.emu.registers import Registers
from nanvix.emu.state import load, save
from nanvix.emu.translated import CR0_PG, Translated
from nanvix.machine.backend import Capabilities, Exit
from nanvix.machine.cpuid import Row, alike
from nanvix.machine.paging import walk
from nanvix.machine.state import VcpuState
from nanvix.named import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from nanvix.emu.intercepts import Observer
    from nanvix.machine.memory import GuestMemory

SLICE = 2_000_000
"""Instructions before Python gets a turn: 30 to 40 ms."""
PENDING_SLICE = 64
"""The same while an interrupt waits for IF, which the guest may set at any instruction."""


class Checkpoint(NamedTuple):
    """The vCPU at one moment, as :meth:`EmuBackend.checkpoint` gives it; opaque to others."""

    cpu: bytes
    retired: int
    skipped: int
    pending: frozenset[int]
    injected_at: int


class EmuBackend:
    """One emulated vCPU over ``memory``, which must outlive it."""

    name = "emu"
    capabilities = Capabilities(
        deterministic=True,
        single_step_user=True,
        single_step_kernel=True,
    )
    quirks = QUIRK_TRANSLATED
    tsc_hz = 50_000_000

    def __init__(self, memory: GuestMemory) -> None:
        self.exit_value = 0
        self.exit_detail = ""
        self.exits = 0
        self._memory = memory
        self._engine = Engine(memory.address, memory.size)
        self._cpu = Cpu(self._engine)
        self._intercepts = Intercepts(self._engine, self._cpu, memory)
        self._translated = Translated(self._engine, self._cpu, memory)
        self._retired = 0
        self._skipped = 0
        self._injected_at = -1
        self._deadline: int | None = None
        self._budget: int | None = None
        self._pause: int | None = None
        self._kicked = self._window = False
        self._closed = False
        self._load(VcpuState())

    def show_cpuid(self, rows: Iterable[Row]) -> None:
        """Tell the guest this of the CPU, what it was told where it was recorded, as far as the
        emulator has the instructions."""
        self._intercepts.show_cpuid(alike(rows))

    # -- state -------------------------------------------------------------------------------

    def load_state(self, state: VcpuState) -> None:
        """Set every register; the vCPU resumes from there. Raises ValueError for a state that
        uses vector registers this CPU does not have."""
        if state.extended:
            raise ValueError("it uses vector registers that the emulator does not have")
        self._load(state)
        self._translated.changed.clear()
        self._intercepts.pending = frozenset(state.pending)
        self._skipped = state.tsc - self._retired

    def _load(self, state: VcpuState) -> None:
        load(self._engine, self._cpu, state)
        self._intercepts.forget()

    def save_state(self) -> VcpuState:
        """All registers, consistent with guest memory."""
        return save(self._engine, self._cpu, self.tsc(), self._intercepts.pending)

    def checkpoint(self) -> Checkpoint:
        """The vCPU as it is, cheaper and more exact than :meth:`save_state`; for this VM only."""
        pending = self._intercepts.pending
        return Checkpoint(
            bytes(self._cpu.data), self._retired, self._skipped, pending, self._injected_at
        )

    def rollback(self, saved: Checkpoint) -> None:
        """Be again what :meth:`checkpoint` gave. The caller has put memory back, and has named
        what that changed by :meth:`code_changed`; the deadline stays as it is."""
        self._cpu.data[:] = saved.cpu
        self._retired = saved.retired
        self._skipped = saved.skipped
        self._intercepts.pending = saved.pending
        self._injected_at = saved.injected_at
        self._engine.flush_tlb()

    def translate(self, address: int) -> int | None:
        """Guest-physical address of a linear one by the current page tables, or None."""
        q = self._cpu.q
        if not q[CR0] & CR0_PG:
            return address if 0 <= address < self._memory.size else None
        found = walk(self._memory, q[CR3], address)
        return found.physical if found and found.physical < self._memory.size else None

    def code_changed(self, gpa: int, size: int) -> None:
        """The host has written guest memory that may hold translated code or page tables."""
        self._translated.note(gpa, size)

    # -- time --------------------------------------------------------------------------------

    def tsc(self) -> int:
        """Virtual nanoseconds: instructions retired plus idle time skipped."""
        return self._retired + self._skipped

    def skip_to(self, tsc: int) -> None:
        """Idle time has passed: move the counter forward, never back."""
        self._skipped = max(self._skipped, tsc - self._retired)

    def set_timer(self, tsc: int | None) -> None:
        """Let run return TIMER once, when the counter has reached ``tsc``."""
        self._deadline = tsc

    def set_budget(self, instructions: int | None) -> None:
        """Let run return BUDGET when that many instructions have retired since creation."""
        self._budget = instructions

    def pause_at(self, instructions: int | None) -> None:
        """Let run return PAUSED, every time, when that many instructions have retired."""
        self._pause = instructions

    def instructions(self) -> int:
        """Instructions retired since creation. A repeated string instruction counts each round."""
        return self._retired

    def count_from(self, instructions: int | None) -> None:
        """Let ``instructions`` have retired already, on a machine that has been loaded."""
        if instructions is not None:
            tsc = self.tsc()
            self._retired = instructions
            self._skipped = tsc - instructions

    # -- running -----------------------------------------------------------------------------

    def inject(self, vector: int) -> None:
        """Deliver an external interrupt as soon as IF allows it."""
        self._intercepts.pending |= {vector}
        self._injected_at = self._retired

    def kick(self) -> None:
        """Make run return KICKED soon; from any thread or signal handler."""
        self._kicked = True
        if not self._closed:
            self._intercepts.shared.limit = 0

    def kick_in_program(self) -> None:
        """Make run return KICKED as soon as the guest takes interrupts."""
        self._window = True

    def run(self) -> Exit:
        """Run until the guest needs the host. Raises ValueError once the engine is released."""
        if self._closed:
            raise ValueError("the VM is closed")
        self.exits += 1
        self.exit_detail = ""
        intercepts = self._intercepts
        if self._translated.changed:
            self._translated.drop()
        while True:
            if self._kicked:
                self._kicked = False
                return Exit.KICKED
            limit = SLICE
            if self._window:
                if intercepts.interruptible(self._cpu.flags()):
                    self._window = False
                    return Exit.KICKED
                limit = PENDING_SLICE
            if self._pause is not None:
                limit = min(limit, self._pause - self._retired)
                if limit <= 0:
                    return Exit.PAUSED
            if self._budget is not None:
                limit = min(limit, self._budget - self._retired)
                if limit <= 0:
                    return Exit.BUDGET
            if self._deadline is not None:
                left = self._deadline - self._retired - self._skipped
                if left <= 0:
                    self._deadline = None
                    return Exit.TIMER
                limit = min(limit, left)
            if intercepts.any_pending():
                flags = self._cpu.flags()
                phase = self._retired % PENDING_SLICE
                if (phase and self._retired != self._injected_at) or not intercepts.interruptible(
                    flags
                ):
                    limit = min(limit, PENDING_SLICE - phase)
                else:
                    intercepts.begin(self._retired, self._skipped)
                    intercepts.interrupt(self._cpu.q[RIP], flags)
                    if intercepts.exit is not None:
                        return self._ended()
            reason = self._slice(limit)
            if reason is not None:
                return reason

    def _slice(self, limit: int) -> Exit | None:
        """Run up to ``limit`` instructions, and account for them; why the run is over, if it is."""
        cpu, intercepts, shared = self._cpu, self._intercepts, self._intercepts.shared
        intercepts.begin(self._retired, self._skipped)
        error = intercepts.run(limit)
        self._retired += intercepts.retired()
        if shared.exit:
            return None if self._code_written() else self._ended()
        if error:
            self.exit_detail = f"{self._engine.describe(error)}, rip {cpu.q[RIP]:#x}"
            return Exit.ERROR
        if shared.deferred:
            self._deliver_deferred()
            return self._ended() if shared.exit else None
        if shared.behind:
            return self._raised(Exit.PAUSED)
        if shared.stopped:
            return None
        if intercepts.any_pending() and cpu.flags() & FLAG_IF:
            self._injected_at = self._retired  # what wakes it comes now
            return None
        self.exit_detail = "the guest halted with no interrupt to wake it"
        return Exit.ERROR

    def _code_written(self) -> bool:
        """Whether the slice was ended only to be told so (CODE_WRITTEN)."""
        intercepts = self._intercepts
        if intercepts.exit is not Exit.DOORBELL or intercepts.shared.value != CODE_WRITTEN:
            return False
        return self._translated.drop_named()

    def _deliver_deferred(self) -> None:
        """An instruction was refused after the engine had begun it: undo it, deliver its fault."""
        cpu, shared = self._cpu, self._intercepts.shared
        shared.deferred = 0
        flags = cpu.flags()
        for index, value in enumerate(shared.deferred_registers):
            cpu.q[index] = value
        self._intercepts.fault(shared.deferred_vector, shared.deferred_rip, flags)

    def _ended(self) -> Exit:
        """Why the slice was ended from inside."""
        intercepts = self._intercepts
        self.exit_detail = intercepts.detail()
        self.exit_value = intercepts.shared.value
        reason = intercepts.exit
        assert reason is not None
        return self._raised(reason)

    def _raised(self, reason: Exit) -> Exit:
        """``reason``, unless what a probe or an observer has raised is to come out of run."""
        failure, self._intercepts.failure = self._intercepts.failure, None
        if failure is not None and (reason is Exit.PAUSED or not isinstance(failure, Exception)):
            raise failure
        return reason

    def step(self) -> Exit:
        """Run one instruction: PAUSED behind it, or why the guest was left before. What faults
        is no step: the handler's first instruction is."""
        pause, self._pause = self._pause, self._retired + 1
        try:
            return self.run()
        finally:
            self._pause = pause

    def general(self) -> dict[str, int]:
        """The general registers, rip and rflags."""
        return self.registers().general()

    def in_user(self) -> bool:
        """Whether ring 3 is next."""
        return self.registers().user

    # -- for a debugger ----------------------------------------------------------------------

    @property
    def deadline(self) -> int | None:
        """What :meth:`set_timer` has set."""
        return self._deadline

    @property
    def observer(self) -> Observer | None:
        """Hears of every way into the guest kernel (see nanvix.emu.intercepts)."""
        return self._intercepts.observer

    @observer.setter
    def observer(self, observer: Observer | None) -> None:
        self._intercepts.observer = observer

    def probes(self) -> Probes:
        """Breakpoints and watchpoints inside the engine."""
        return Probes(self._engine, self._cpu, self._intercepts)

    def registers(self) -> Registers:
        """The live general registers; valid between runs and inside an observer or a probe."""
        return Registers(self._cpu)

    def close(self) -> None:
        """Release the engine; idempotent."""
        if not self._closed:
            self._closed = True
            self._cpu.release()
            self._engine.close()

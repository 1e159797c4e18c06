"""The KVM backend: :class:`nanvix.machine.backend.Backend` over one :class:`Vcpu`."""

from __future__ import annotations

import errno
from _thread import RLock  # importing threading takes a millisecond

from nanvix.abi.channel import PORT
from nanvix.abi.layout import QUIRK_HOST_CPUID
from nanvix.kvm import registers
from nanvix.kvm.clock import NS, TscClock
from nanvix.kvm.device import vcpu as device
from nanvix.kvm.device.vcpu import Vcpu
from nanvix.kvm.device.vm import Vm
from nanvix.kvm.wakeup import Wakeup, here
from nanvix.machine.backend import Capabilities, Exit
from nanvix.machine.cpuid import entries
from nanvix.machine.paging import walk
from nanvix.machine.state import VcpuState

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from nanvix.kvm.general import Registers
    from nanvix.kvm.stepping import Stepper
    from nanvix.machine.cpuid import Row
    from nanvix.machine.memory import GuestMemory

# Looking a member up in its enum costs more than all the rest of run (Python 3.11).
_DOORBELL = Exit.DOORBELL

STRAY_LIMIT = 100_000
"""Accesses to ports and addresses nobody serves before the guest counts as lost."""


class KvmBackend:
    """One vCPU on KVM. ``quirks``, ``capabilities``: what nanvix.kvm.quirks found out. ``vm``: a
    machine with that memory, which the backend takes over."""

    name = "kvm"

    def __init__(
        self,
        memory: GuestMemory,
        quirks: int,
        capabilities: Capabilities,
        vm: Vm | None = None,
    ) -> None:
        self.capabilities = capabilities
        self.quirks = quirks
        self.exit_value = 0
        self.exit_detail = ""
        self.exits = 0
        self._memory = memory
        self._pending: set[int] = set()
        self._kicked = self._window = False
        self._deadline: int | None = None
        self._stray = 0
        self.on_interrupt: Callable[[int], None] | None = None
        """Hears of every interrupt, with the vCPU stopped at the instruction it comes before."""
        self._closed = False
        self._inside = RLock()  # held while the guest runs
        self._running = False
        self._stepper: Stepper | None = None
        # Held so that no late kick writes to a page that is gone; a signal handler may re-enter.
        self._life = RLock()
        self.vcpu = Vcpu(vm or Vm(memory.address, memory.size), PORT)
        try:
            self.vcpu.set_cpuid(entries())
            self._clock = TscClock(self.vcpu)
            self._wakeup = Wakeup(self.vcpu)
        except BaseException:
            self.vcpu.close()
            raise
        self.tsc_hz = self._clock.hz

    def close(self) -> None:
        """Release the VM; idempotent. A :meth:`run` of another thread is ended first: it returns
        KICKED. From a signal handler inside run, the VM is released when run returns."""
        with self._life:
            if not self._closed:
                self._closed = True
                self._interrupt()
        with self._inside:
            if not self._running:
                self._release()

    def _release(self) -> None:
        with self._life:
            self._wakeup.close()
            self.vcpu.close()

    # Running

    def run(self) -> Exit:
        """Run until the guest needs the host. Nothing the guest does raises."""
        if self._stepper is not None:
            self._stepper.left()
        return self._enter()

    def _enter(self) -> Exit:
        with self._inside:
            if self._closed:
                raise ValueError("the VM is closed")
            self._running = True
            try:
                return self._until_exit()
            finally:
                self._running = False
                if self._closed:
                    self._release()

    def _until_exit(self) -> Exit:
        self.exits += 1
        if self._wakeup.owner is not here.token:
            self._adopt()
        vcpu = self.vcpu
        while True:
            if self._pending:
                self._offer_interrupt()
            elif self._window:
                vcpu.request_interrupt_window(True)
            reason = vcpu.enter()
            if reason == device.EXIT_DOORBELL:
                self.exit_value = vcpu.value
                return _DOORBELL
            outcome = self._interrupted() if reason == device.EXIT_INTR else self._other(reason)
            if outcome is not None:
                return outcome

    def _interrupted(self) -> Exit | None:
        """The guest was left for a signal, or cannot run; None to go on."""
        if self.vcpu.error not in (errno.EINTR, errno.EAGAIN):
            return self._error(f"KVM_RUN failed: {errno.errorcode.get(self.vcpu.error)}")
        self.vcpu.set_immediate_exit(False)
        ours = self._wakeup.consume()
        due = self._deadline is not None and self.tsc() >= self._deadline
        if self._kicked:
            self._kicked = False
            if due:
                self.vcpu.set_immediate_exit(True)  # its signal is gone: TIMER comes next
            elif ours:
                self._arm()  # what came may have been the timer, a little early
            return Exit.KICKED
        if due:
            self.set_timer(None)
            return Exit.TIMER
        if ours:
            self._arm()
            return None
        self._adopt()
        return Exit.KICKED

    def _other(self, reason: int) -> Exit | None:
        """Every exit but doorbell and signals; None to go on."""
        if reason == device.EXIT_IRQ_WINDOW_OPEN:
            if not self._window or self._pending:
                return None
            self._window = False
            self.vcpu.request_interrupt_window(False)
            return Exit.KICKED
        if reason == device.EXIT_SHUTDOWN:
            self.exit_detail = "triple fault"
            return Exit.SHUTDOWN
        if reason in (device.EXIT_IO, device.EXIT_MMIO):
            if reason == device.EXIT_IO:
                self.vcpu.ignore_io()
            else:
                self.vcpu.ignore_mmio()
            self._stray += 1
            if self._stray > STRAY_LIMIT:
                return self._error("the guest keeps touching ports or addresses nobody serves")
            return None
        if reason == device.EXIT_DEBUG:
            return Exit.PAUSED
        if reason == device.EXIT_HLT:
            if self._pending and self.vcpu.interrupts_on():
                return None
            return self._error("the guest kernel halted the CPU")
        if reason in (device.EXIT_FAIL_ENTRY, device.EXIT_INTERNAL_ERROR):
            return self._error(self.vcpu.failure())
        return self._error(f"unexpected KVM exit {reason}")

    def _error(self, detail: str) -> Exit:
        self.exit_detail = detail
        return Exit.ERROR

    def _adopt(self) -> None:
        self._wakeup.adopt()
        self._arm()

    # Stepping

    def step(self) -> Exit:
        """Run one instruction: PAUSED behind it, or why the guest was left before (see
        :meth:`nanvix.kvm.stepping.Stepper.step`). Only in rings the capabilities name."""
        return self._steps().step()

    def general(self) -> dict[str, int]:
        """The general registers, rip and rflags."""
        return self._steps().general()

    def in_user(self) -> bool:
        """Whether ring 3 is next, as of :meth:`general` or a step."""
        return self._steps().in_user()

    def _steps(self) -> Stepper:
        if self._stepper is None:
            from nanvix.kvm.stepping import Stepper

            self._stepper = Stepper(self.vcpu, self._memory, self._enter)
        return self._stepper

    # Interrupts, kicks, deadlines

    def inject(self, vector: int) -> None:
        """Deliver an external interrupt as soon as the guest's IF allows it."""
        self._pending.add(vector)

    def _offer_interrupt(self) -> None:
        """Hand the highest pending vector over, or ask to be told when the guest can take it."""
        vcpu = self.vcpu
        if vcpu.ready_for_interrupt():
            vector = max(self._pending)
            self._pending.remove(vector)
            if self.on_interrupt is not None:
                self.on_interrupt(vector)
            vcpu.interrupt(vector)
        vcpu.request_interrupt_window(bool(self._pending))

    def kick(self) -> None:
        """Make run return KICKED soon; from any thread or signal handler. Never lost."""
        with self._life:
            if not self._closed:
                self._interrupt()

    def _interrupt(self) -> None:
        self._kicked = True
        self.vcpu.set_immediate_exit(True)
        self._wakeup.kick()

    def kick_in_program(self) -> None:
        """Make run return KICKED as soon as the guest takes interrupts."""
        self._window = True

    def set_timer(self, tsc: int | None) -> None:
        """Let run return TIMER, once, when the counter reaches ``tsc`` (None: never)."""
        self._deadline = tsc
        self._arm()

    def _arm(self) -> None:
        deadline = self._deadline
        if deadline is None:
            self._wakeup.arm(None)
        else:
            self._wakeup.arm((deadline - self.tsc()) * NS // self.tsc_hz)

    # Time

    def tsc(self) -> int:
        """What ``rdtsc`` would read in the guest now."""
        return self._clock.now()

    def skip_to(self, tsc: int) -> None:
        """Time is real here: nothing to do."""

    def set_budget(self, instructions: int | None) -> None:
        """Instructions are not counted here: nothing to do."""

    def instructions(self) -> int | None:
        """None: KVM does not count."""
        return None

    def count_from(self, instructions: int | None) -> None:
        """Instructions are not counted here: nothing to do."""

    # State

    def load_state(self, state: VcpuState) -> None:
        """Set every register; what the CPU refuses shows as ERROR at the next run."""
        vcpu = self.vcpu
        vcpu.set_msrs(
            {
                registers.MSR_STAR: state.star,
                registers.MSR_LSTAR: state.lstar,
                registers.MSR_CSTAR: state.cstar,
                registers.MSR_SFMASK: state.sfmask,
                registers.MSR_KERNEL_GS_BASE: state.kernel_gs_base,
            }
        )
        vcpu.set_fpu(state.fxsave, state.extended)
        vcpu.set_registers(registers.encode_regs(state), registers.encode_sregs(state))
        self._clock.set(state.tsc)
        self._pending = set(state.pending)
        self._arm()

    def save_state(self) -> VcpuState:
        """All registers, with the last port access completed."""
        vcpu = self.vcpu
        vcpu.sync()
        state = VcpuState()
        registers.decode(state, *vcpu.registers())
        state.pending |= self._pending
        msrs = vcpu.msrs((*registers.STATE_MSRS, registers.MSR_TSC))
        state.star, state.lstar, state.cstar, state.sfmask, state.kernel_gs_base, state.tsc = msrs
        image, state.extended = vcpu.fpu()
        state.fxsave = registers.neutral_fxsave(image)
        return state

    def registers(self) -> Registers:
        """The general registers by name, for a debugger: valid until the guest runs on."""
        from nanvix.kvm.general import Registers

        return Registers(self.vcpu)

    def shown_cpuid(self) -> list[Row]:
        """The rows of CPUID in which programs here see something else than the guest's table."""
        if not self.quirks & QUIRK_HOST_CPUID:
            return []
        from nanvix.kvm.shown_cpu import shown

        return shown()

    def code_changed(self, gpa: int, size: int) -> None:
        """The CPU keeps its caches coherent: nothing to do."""

    def translate(self, address: int) -> int | None:
        """Guest-physical address of a linear one by the current page tables, or None."""
        self.vcpu.sync()
        cr3 = registers.cr3_of(self.vcpu.registers()[1])
        found = walk(self._memory, cr3, address)
        return None if found is None else found.physical

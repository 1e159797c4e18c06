"""One virtual CPU: made, run, interrupted."""

from __future__ import annotations

import errno
import os

from nanvix.kvm._kvm_abi import ffi
from nanvix.kvm.device import calls
from nanvix.kvm.device.calls import (
    CAP_ENFORCE_PV_FEATURE_CPUID,
    address_of,
    ioctl_raw,
    libc,
)
from nanvix.kvm.device.kept import Kept

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nanvix.kvm.device.vm import Vm

EXIT_IO = 2
EXIT_DEBUG = 4
EXIT_HLT = 5
EXIT_MMIO = 6
EXIT_IRQ_WINDOW_OPEN = 7
EXIT_SHUTDOWN = 8
EXIT_FAIL_ENTRY = 9
EXIT_INTR = 10
EXIT_INTERNAL_ERROR = 17
EXIT_DOORBELL = -1
"""Not KVM's: a 32-bit OUT to the doorbell's port."""

REGS_SIZE = 144
SREGS_SIZE = 312

_INTERNAL_ERRORS = {
    1: "an instruction it cannot emulate",
    2: "simultaneous exceptions",
    3: "an event it cannot deliver",
    4: "an exit it does not expect",
}
"""KVM_INTERNAL_ERROR_*; what the data words of each are differs from kernel to kernel."""

_SYNC_GENERAL = 1
_SYNC_ALL = 7  # general registers | special registers | events
_PROT_READ_WRITE = 3
_MAP_SHARED = 1
_KVM_RUN = libc.KVM_RUN


class Vcpu(Kept):
    """The one virtual CPU of ``vm``, which it takes over.

    ``doorbell``: port whose 32-bit OUT is reported apart from all other I/O. OSError names the
    ioctl that failed.
    """

    def __init__(self, vm: Vm, doorbell: int) -> None:
        self.value = 0
        self.error = 0
        self._leave_soon = False
        self._vm = vm
        self._fd = -1
        self._page = ffi.NULL
        # direction out | 4 bytes | port | count 1, as one 64-bit field of the run page
        self._doorbell = 1 | 4 << 8 | doorbell << 16 | 1 << 32
        try:
            self._create()
        except BaseException:
            self.close()
            raise

    def _create(self) -> None:
        self._fd = calls.ioctl(self._vm.ready(), "KVM_CREATE_VCPU")
        self._page_size = self._vm.page_size
        page = libc.mmap(ffi.NULL, self._page_size, _PROT_READ_WRITE, _MAP_SHARED, self._fd, 0)
        if address_of(page) == (1 << 64) - 1:
            raise OSError(ffi.errno, os.strerror(ffi.errno), "mmap of the run page")
        self._refuse_paravirtual_features()
        self._page = page
        self._run = ffi.cast("struct run_page *", page)
        self._words = ffi.cast("uint32_t *", page)

    def _refuse_paravirtual_features(self) -> None:
        """KVM's own hypercalls and MSRs, which write guest memory behind our back, are faults
        for a guest whose CPUID does not offer them. Linux 5.7; before it they stay open."""
        request = ffi.new("struct enable_capability *")
        request.capability = CAP_ENFORCE_PV_FEATURE_CPUID
        request.arguments[0] = 1
        ioctl_raw(self._fd, libc.KVM_ENABLE_CAP, address_of(request))

    def close(self) -> None:
        """Unmap and close; idempotent, and fine on a half-made object."""
        if self._page != ffi.NULL:
            libc.munmap(self._page, self._page_size)
            self._page = ffi.NULL
            del self._run, self._words
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
        self._vm.close()

    # Running

    def enter(self) -> int:
        """Run the guest: an ``EXIT_*`` number. With EXIT_DOORBELL, ``value`` is what was
        written; with EXIT_INTR, ``error`` is the errno (EINTR: a signal or immediate exit)."""
        run = self._run
        if ioctl_raw(self._fd, _KVM_RUN, 0) < 0:
            self.error = ffi.errno
            return EXIT_INTR
        reason: int = run.exit_reason
        if reason == EXIT_IO and run.io_word == self._doorbell:
            self.value = self._words[run.io_data_offset >> 2]
            return EXIT_DOORBELL
        self.error = errno.EINTR
        return reason

    def reason(self) -> int:
        """KVM's own reason for the last exit that was not a signal."""
        return int(self._run.exit_reason)

    def set_immediate_exit(self, on: bool) -> None:
        """Make :meth:`enter` finish what is pending and come back without running the guest."""
        self._leave_soon = on
        self._run.immediate_exit = on

    def ignore_io(self) -> None:
        """Answer the port access just reported: reads give all ones, writes go nowhere."""
        run = self._run
        direction, size = run.io_word & 0xFF, run.io_word >> 8 & 0xFF
        if direction == 0:
            length = size * (run.io_word >> 32)
            start = ffi.cast("uint8_t *", self._page) + run.io_data_offset
            ffi.memmove(start, b"\xff" * length, length)

    def ignore_mmio(self) -> None:
        """Answer the access outside RAM just reported, in the same way."""
        if not self._run.mmio_is_write:
            ffi.memmove(self._run.mmio_data, b"\xff" * 8, 8)

    def failure(self) -> str:
        """One line on the entry failure or internal error just reported."""
        run = self._run
        if run.exit_reason == EXIT_FAIL_ENTRY:
            return f"the CPU refused to enter the guest: reason {run.hardware_reason:#x}"
        number = run.internal_suberror
        kind = _INTERNAL_ERRORS.get(number, f"suberror {number}")
        data = run.internal_data[0 : min(run.internal_count, len(run.internal_data))]
        words = "".join(f" {word:#x}" for word in data)
        return f"KVM internal error: {kind}" + (f" (data{words})" if words else "")

    # Interrupts

    def ready_for_interrupt(self) -> bool:
        """As of the last exit: :meth:`interrupt` may be called."""
        return bool(self._run.ready_for_interrupt)

    def interrupts_on(self) -> bool:
        """As of the last exit: the guest's IF."""
        return bool(self._run.if_flag)

    def request_interrupt_window(self, on: bool) -> None:
        """Come back with EXIT_IRQ_WINDOW_OPEN as soon as an interrupt can be taken."""
        self._run.request_interrupt_window = on

    def interrupt(self, vector: int) -> None:
        """Deliver an external interrupt at the next entry."""
        number = ffi.new("uint32_t *", vector)
        calls.ioctl(self._fd, "KVM_INTERRUPT", address_of(number))

    # State

    def set_registers(self, regs: bytes, sregs: bytes) -> None:
        """Set struct kvm_regs and kvm_sregs and drop pending events, at the next entry."""
        run = self._run
        ffi.memmove(run.regs, regs, REGS_SIZE)
        ffi.memmove(run.sregs, sregs, SREGS_SIZE)
        ffi.memmove(run.events, bytes(64), 64)
        run.dirty_regs = _SYNC_ALL
        run.ready_for_interrupt = 0  # the answer belonged to the old state

    def set_general(self, regs: bytes) -> None:
        """Set struct kvm_regs alone, at the next entry; between :meth:`sync` and the next run."""
        run = self._run
        ffi.memmove(run.regs, regs, REGS_SIZE)
        run.dirty_regs |= _SYNC_GENERAL

    def changed(self) -> bool:
        """Whether registers have been set that KVM has not taken over yet."""
        return bool(self._run.dirty_regs)

    def keep_registers(self, on: bool) -> None:
        """Make :meth:`registers` exact after every exit that leaves no access to be answered."""
        self._run.valid_regs = _SYNC_ALL if on else 0

    def sync(self) -> None:
        """Complete pending I/O and registers without running the guest; OSError if they are
        impossible. Afterwards :meth:`registers` is exact."""
        run = self._run
        run.immediate_exit = 1
        run.valid_regs = _SYNC_ALL
        result, error = ioctl_raw(self._fd, _KVM_RUN, 0), ffi.errno
        run.valid_regs = 0
        run.immediate_exit = 0
        if self._leave_soon:
            # Asked for before or, by another thread, meanwhile.
            run.immediate_exit = 1
        if result < 0 and error != errno.EINTR:
            raise OSError(error, os.strerror(error), "KVM_RUN")

    def registers(self) -> tuple[bytes, bytes]:
        """struct kvm_regs and kvm_sregs as of the last :meth:`sync` or set_registers."""
        run = self._run
        return bytes(ffi.buffer(run.regs)), bytes(ffi.buffer(run.sregs))

    def debug_pc(self) -> int:
        """Where the EXIT_DEBUG just reported has stopped."""
        return int(self._run.debug_pc)

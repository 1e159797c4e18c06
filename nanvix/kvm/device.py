"""The wall: every pointer, ioctl and raw system call of the KVM backend is in this file.

Above it there are only integers and bytes. What is documented where: ioctls and the run page in
Documentation/virt/kvm/api.rst of the Linux kernel, the rest in section 2 of the Linux manual.
"""

import errno
import os
from collections.abc import Iterable
from typing import Self

from nanvix.kvm._kvm_abi import ffi

DEVICE = "/dev/kvm"
API_VERSION = 12

CAP_SET_GUEST_DEBUG = 23
CAP_SYNC_REGS = 74
CAP_VCPU_ATTRIBUTES = 127
CAP_IMMEDIATE_EXIT = 136
CAP_ENFORCE_PV_FEATURE_CPUID = 190

CAPABILITIES = {
    "user_memory": 3,
    "set_tss_addr": 4,
    "ext_cpuid": 7,
    "nr_memslots": 10,
    "set_guest_debug": CAP_SET_GUEST_DEBUG,
    "ioeventfd": 36,
    "vcpu_events": 41,
    "xsave": 55,
    "get_tsc_khz": 61,
    "sync_regs": CAP_SYNC_REGS,
    "vcpu_attributes": CAP_VCPU_ATTRIBUTES,
    "immediate_exit": CAP_IMMEDIATE_EXIT,
    "manual_dirty_log_protect2": 168,
    "enforce_pv_feature_cpuid": CAP_ENFORCE_PV_FEATURE_CPUID,
    "dirty_log_ring": 192,
}
"""What ``doctor`` reports."""

REQUIRED = ("user_memory", "ext_cpuid", "xsave", "vcpu_events", "sync_regs", "immediate_exit")

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

DEBUG_ENABLE = 1 << 0
DEBUG_SINGLE_STEP = 1 << 1
DEBUG_HARDWARE_BREAKPOINTS = 1 << 17

REGS_SIZE = 144
SREGS_SIZE = 312
XSAVE_SIZE = 4096

_X87_SSE = 3  # their bits in XSTATE_BV
_PKRU = 1 << 9  # the host's Linux never leaves it zero; the guest has no protection keys
_SYNC_GENERAL = 1
_SYNC_ALL = 7  # general registers | special registers | events
_CPUID_SUBLEAF_MATTERS = 1
_TSC_CONTROL = 0  # group and attribute of the TSC offset
_TSS_ADDRESS = 0xFFFB_D000
_PROT_READ_WRITE = 3
_MAP_SHARED = 1
_CLOCK_MONOTONIC = 1
_SIGEV_THREAD_ID = 4
_NS = 1_000_000_000

_libc = ffi.dlopen(None)
_KVM_RUN = _libc.KVM_RUN
_ioctl_raw = _libc.ioctl


def _address(pointer: object) -> int:
    return int(ffi.cast("uintptr_t", pointer))


def _ioctl(fd: int, name: str, argument: int = 0) -> int:
    """The ioctl called ``name``; OSError with that name if it fails."""
    result = int(_ioctl_raw(fd, getattr(_libc, name), argument))
    if result < 0:
        raise OSError(ffi.errno, os.strerror(ffi.errno), name)
    return result


class System:
    """``/dev/kvm``, open. A context manager."""

    def __init__(self) -> None:
        self.fd = os.open(DEVICE, os.O_RDWR | os.O_CLOEXEC)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        os.close(self.fd)

    def api_version(self) -> int:
        """12 ever since Linux 2.6.22."""
        return _ioctl(self.fd, "KVM_GET_API_VERSION")

    def capability(self, number: int) -> int:
        """KVM_CHECK_EXTENSION: 0 when absent; what a positive value means depends on it."""
        return _ioctl(self.fd, "KVM_CHECK_EXTENSION", number)


class Vcpu:
    """One VM with one memory slot and one virtual CPU.

    ``address``, ``size``: host mapping that becomes guest-physical 0. ``doorbell``: port whose
    32-bit OUT is reported apart from all other I/O. OSError names the ioctl that failed.
    """

    def __init__(self, address: int, size: int, doorbell: int) -> None:
        self.value = 0
        self.error = 0
        self._vm = self._fd = -1
        self._page = ffi.NULL
        # direction out | 4 bytes | port | count 1, as one 64-bit field of the run page
        self._doorbell = 1 | 4 << 8 | doorbell << 16 | 1 << 32
        try:
            self._create(address, size)
        except BaseException:
            self.close()
            raise

    def _create(self, address: int, size: int) -> None:
        with System() as system:
            self._vm = _ioctl(system.fd, "KVM_CREATE_VM")
            self._page_size = _ioctl(system.fd, "KVM_GET_VCPU_MMAP_SIZE")
        if size <= _TSS_ADDRESS:
            # Only VT-x without "unrestricted guest" uses it; elsewhere it may not even exist.
            _ioctl_raw(self._vm, _libc.KVM_SET_TSS_ADDR, _TSS_ADDRESS)
        region = ffi.new("struct memory_region *", (0, 0, 0, size, address))
        _ioctl(self._vm, "KVM_SET_USER_MEMORY_REGION", _address(region))
        self._fd = _ioctl(self._vm, "KVM_CREATE_VCPU")
        page = _libc.mmap(ffi.NULL, self._page_size, _PROT_READ_WRITE, _MAP_SHARED, self._fd, 0)
        if _address(page) == (1 << 64) - 1:
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
        _ioctl_raw(self._fd, _libc.KVM_ENABLE_CAP, _address(request))

    def close(self) -> None:
        """Unmap and close; idempotent, and fine on a half-made object."""
        if self._page != ffi.NULL:
            _libc.munmap(self._page, self._page_size)
            self._page = ffi.NULL
            del self._run, self._words
        for fd in (self._fd, self._vm):
            if fd >= 0:
                os.close(fd)
        self._fd = self._vm = -1

    # Running

    def enter(self) -> int:
        """Run the guest: an ``EXIT_*`` number. With EXIT_DOORBELL, ``value`` is what was
        written; with EXIT_INTR, ``error`` is the errno (EINTR: a signal or immediate exit)."""
        run = self._run
        if _ioctl_raw(self._fd, _KVM_RUN, 0) < 0:
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
        kind = {1: "instruction emulation", 2: "simultaneous exceptions", 3: "event delivery"}
        name = kind.get(run.internal_suberror, f"suberror {run.internal_suberror}")
        return f"KVM internal error: {name} failed"

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
        _ioctl(self._fd, "KVM_INTERRUPT", _address(number))

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
        before = run.immediate_exit
        run.immediate_exit = 1
        run.valid_regs = _SYNC_ALL
        result, error = _ioctl_raw(self._fd, _KVM_RUN, 0), ffi.errno
        run.valid_regs = 0
        if not before:
            run.immediate_exit = 0
        if result < 0 and error != errno.EINTR:
            raise OSError(error, os.strerror(error), "KVM_RUN")

    def registers(self) -> tuple[bytes, bytes]:
        """struct kvm_regs and kvm_sregs as of the last :meth:`sync` or set_registers."""
        run = self._run
        return bytes(ffi.buffer(run.regs)), bytes(ffi.buffer(run.sregs))

    def set_cpuid(self, rows: Iterable[tuple[int, int | None, int, int, int, int]]) -> None:
        """Give the guest exactly these leaves."""
        table = ffi.new("struct cpuid_table *")
        for index, (leaf, subleaf, *registers) in enumerate(rows):
            matters = 0 if subleaf is None else _CPUID_SUBLEAF_MATTERS
            table.entries[index] = (leaf, subleaf or 0, matters, *registers)
            table.count = index + 1
        _ioctl(self._fd, "KVM_SET_CPUID2", _address(table))

    def fpu(self) -> tuple[bytes, bytes]:
        """The FXSAVE image, 512 bytes (KVM_GET_FPU lacks MXCSR), and the rest of the XSAVE area;
        no rest where only x87 and SSE are in use."""
        area = ffi.new("uint8_t[]", XSAVE_SIZE)
        _ioctl(self._fd, "KVM_GET_XSAVE", _address(area))
        data = bytes(ffi.buffer(area))
        in_use = int.from_bytes(data[512:520], "little")  # XSTATE_BV
        return data[:512], data[512:] if in_use & ~(_X87_SSE | _PKRU) else b""

    def set_fpu(self, image: bytes, extended: bytes = b"") -> None:
        """Set x87 and SSE from an FXSAVE image, and the rest of XSAVE, which is reset if empty."""
        area = ffi.new("uint8_t[]", XSAVE_SIZE)
        ffi.memmove(area, image, 512)
        ffi.memmove(area + 512, extended, len(extended))
        area[512] |= _X87_SSE  # XSTATE_BV: the image holds them
        _ioctl(self._fd, "KVM_SET_XSAVE", _address(area))

    def msrs(self, indices: tuple[int, ...]) -> list[int]:
        """The values of these model-specific registers."""
        table = ffi.new("struct msr_list *")
        table.count = len(indices)
        for entry, index in zip(table.entries, indices, strict=False):
            entry.index = index
        done = _ioctl(self._fd, "KVM_GET_MSRS", _address(table))
        if done != len(indices):
            raise OSError(errno.EIO, f"MSR {indices[done]:#x} cannot be read", "KVM_GET_MSRS")
        return [table.entries[i].value for i in range(done)]

    def set_msrs(self, values: dict[int, int]) -> None:
        """Set model-specific registers by index."""
        rows = [(index, 0, value) for index, value in values.items()]
        table = ffi.new("struct msr_list *", (len(rows), 0, rows))
        done = _ioctl(self._fd, "KVM_SET_MSRS", _address(table))
        if done != len(rows):
            raise OSError(errno.EIO, f"MSR {rows[done][0]:#x} cannot be set", "KVM_SET_MSRS")

    def tsc_khz(self) -> int:
        """Frequency of the guest's time-stamp counter; OSError where KVM cannot tell."""
        return _ioctl(self._fd, "KVM_GET_TSC_KHZ")

    def shift_tsc(self, difference: int) -> None:
        """Add to the guest's time-stamp counter, exactly; OSError where KVM cannot."""
        offset = ffi.new("uint64_t *")
        attribute = ffi.new("struct device_attribute *")
        attribute.group = attribute.attribute = _TSC_CONTROL
        attribute.address = _address(offset)
        _ioctl(self._fd, "KVM_GET_DEVICE_ATTR", _address(attribute))
        offset[0] = (offset[0] + difference) & (1 << 64) - 1
        _ioctl(self._fd, "KVM_SET_DEVICE_ATTR", _address(attribute))

    def debug(self, control: int, breakpoints: tuple[int, ...] = ()) -> None:
        """KVM_SET_GUEST_DEBUG: ``DEBUG_*`` bits and addresses to break at when executed."""
        request = ffi.new("struct guest_debug *")
        request.control = control
        for index, address in enumerate(breakpoints):
            request.registers[index] = address
            request.registers[7] |= 2 << 2 * index  # DR7: global enable, execute
        _ioctl(self._fd, "KVM_SET_GUEST_DEBUG", _address(request))

    def debug_pc(self) -> int:
        """Where the EXIT_DEBUG just reported has stopped."""
        return int(self._run.debug_pc)

    def set_signal_mask(self, blocked: int) -> None:
        """Signals blocked while the guest runs (bit n-1: signal n), instead of the thread's."""
        mask = ffi.new("struct signal_mask *", (8, blocked.to_bytes(8, "little")))
        _ioctl(self._fd, "KVM_SET_SIGNAL_MASK", _address(mask))


# Signals and timers


def install_null_handler(signal: int) -> None:
    """Make ``signal`` interrupt system calls and do nothing else, without running Python.

    ``abs`` has a handler's signature, no side effect and no state: it is the no-op we need.
    """
    _libc.signal(signal, ffi.addressof(_libc, "abs"))


def signal_thread(thread: int, signal: int) -> None:
    """Send ``signal`` to a thread of this process; nothing if it has ended."""
    _libc.syscall(_libc.SYS_tgkill, os.getpid(), thread, signal, 0)


class ThreadTimer:
    """A POSIX timer on the monotonic clock that signals one thread of this process."""

    def __init__(self, thread: int, signal: int) -> None:
        event = ffi.new("struct timer_event *", (0, signal, _SIGEV_THREAD_ID, thread))
        number = ffi.new("int32_t *")
        result = _libc.syscall(
            _libc.SYS_timer_create, _CLOCK_MONOTONIC, _address(event), _address(number), 0
        )
        if result < 0:
            raise OSError(ffi.errno, os.strerror(ffi.errno), "timer_create")
        self._number: int = number[0]
        self._spec = ffi.new("struct timer_spec *")
        self._spec_address = _address(self._spec)

    def set(self, first_ns: int, interval_ns: int) -> None:
        """Fire after ``first_ns``, then every ``interval_ns``; 0, 0 stops it."""
        spec = self._spec
        spec.value_s, spec.value_ns = divmod(first_ns, _NS)
        spec.interval_s, spec.interval_ns = divmod(interval_ns, _NS)
        _libc.syscall(_libc.SYS_timer_settime, self._number, 0, self._spec_address, 0)

    def close(self) -> None:
        """Delete the timer; idempotent."""
        if self._number >= 0:
            _libc.syscall(_libc.SYS_timer_delete, self._number, 0, 0, 0)
            self._number = -1

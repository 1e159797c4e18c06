"""What KVM keeps of a virtual CPU outside the run page: asked for and set by ioctls."""

from __future__ import annotations

import errno

from nanvix.kvm._kvm_abi import ffi
from nanvix.kvm.device import calls
from nanvix.kvm.device.calls import address_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

DEBUG_ENABLE = 1 << 0
DEBUG_SINGLE_STEP = 1 << 1
DEBUG_HARDWARE_BREAKPOINTS = 1 << 17

XSAVE_SIZE = 4096

_X87_SSE = 3  # their bits in XSTATE_BV
_PKRU = 1 << 9  # the host's Linux never leaves it zero; the guest has no protection keys
_CPUID_SUBLEAF_MATTERS = 1
_TSC_CONTROL = 0  # group and attribute of the TSC offset


class Kept:
    """The part of :class:`nanvix.kvm.device.vcpu.Vcpu` that needs its descriptor alone."""

    _fd: int

    def set_cpuid(self, rows: Iterable[tuple[int, int | None, int, int, int, int]]) -> None:
        """Give the guest exactly these leaves."""
        table = ffi.new("struct cpuid_table *")
        for index, (leaf, subleaf, *registers) in enumerate(rows):
            matters = 0 if subleaf is None else _CPUID_SUBLEAF_MATTERS
            table.entries[index] = (leaf, subleaf or 0, matters, *registers)
            table.count = index + 1
        calls.ioctl(self._fd, "KVM_SET_CPUID2", address_of(table))

    def fpu(self) -> tuple[bytes, bytes]:
        """The FXSAVE image, 512 bytes (KVM_GET_FPU lacks MXCSR), and the rest of the XSAVE area;
        no rest where only x87 and SSE are in use."""
        area = ffi.new("uint8_t[]", XSAVE_SIZE)
        calls.ioctl(self._fd, "KVM_GET_XSAVE", address_of(area))
        data = bytes(ffi.buffer(area))
        in_use = int.from_bytes(data[512:520], "little")  # XSTATE_BV
        return data[:512], data[512:] if in_use & ~(_X87_SSE | _PKRU) else b""

    def set_fpu(self, image: bytes, extended: bytes = b"") -> None:
        """Set x87 and SSE from an FXSAVE image, and the rest of XSAVE, which is reset if empty."""
        area = ffi.new("uint8_t[]", XSAVE_SIZE)
        ffi.memmove(area, image, 512)
        ffi.memmove(area + 512, extended, len(extended))
        area[512] |= _X87_SSE  # XSTATE_BV: the image holds them
        calls.ioctl(self._fd, "KVM_SET_XSAVE", address_of(area))

    def msrs(self, indices: tuple[int, ...]) -> list[int]:
        """The values of these model-specific registers."""
        table = ffi.new("struct msr_list *")
        table.count = len(indices)
        for entry, index in zip(table.entries, indices, strict=False):
            entry.index = index
        done = calls.ioctl(self._fd, "KVM_GET_MSRS", address_of(table))
        if done != len(indices):
            raise OSError(errno.EIO, f"MSR {indices[done]:#x} cannot be read", "KVM_GET_MSRS")
        return [table.entries[i].value for i in range(done)]

    def set_msrs(self, values: dict[int, int]) -> None:
        """Set model-specific registers by index."""
        rows = [(index, 0, value) for index, value in values.items()]
        table = ffi.new("struct msr_list *", (len(rows), 0, rows))
        done = calls.ioctl(self._fd, "KVM_SET_MSRS", address_of(table))
        if done != len(rows):
            raise OSError(errno.EIO, f"MSR {rows[done][0]:#x} cannot be set", "KVM_SET_MSRS")

    def tsc_khz(self) -> int:
        """Frequency of the guest's time-stamp counter; OSError where KVM cannot tell."""
        return calls.ioctl(self._fd, "KVM_GET_TSC_KHZ")

    def shift_tsc(self, difference: int) -> None:
        """Add to the guest's time-stamp counter, exactly; OSError where KVM cannot."""
        offset = ffi.new("uint64_t *")
        attribute = ffi.new("struct device_attribute *")
        attribute.group = attribute.attribute = _TSC_CONTROL
        attribute.address = address_of(offset)
        calls.ioctl(self._fd, "KVM_GET_DEVICE_ATTR", address_of(attribute))
        offset[0] = (offset[0] + difference) & (1 << 64) - 1
        calls.ioctl(self._fd, "KVM_SET_DEVICE_ATTR", address_of(attribute))

    def debug(self, control: int, breakpoints: tuple[int, ...] = ()) -> None:
        """KVM_SET_GUEST_DEBUG: ``DEBUG_*`` bits and addresses to break at when executed."""
        request = ffi.new("struct guest_debug *")
        request.control = control
        for index, address in enumerate(breakpoints):
            request.registers[index] = address
            request.registers[7] |= 2 << 2 * index  # DR7: global enable, execute
        calls.ioctl(self._fd, "KVM_SET_GUEST_DEBUG", address_of(request))

    def set_signal_mask(self, blocked: int) -> None:
        """Signals blocked while the guest runs (bit n-1: signal n), instead of the thread's."""
        mask = ffi.new("struct signal_mask *", (8, blocked.to_bytes(8, "little")))
        calls.ioctl(self._fd, "KVM_SET_SIGNAL_MASK", address_of(mask))

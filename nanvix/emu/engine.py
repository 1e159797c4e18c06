"""libunicorn, called directly: the dozen functions we need, without the Python binding.

The binding costs 40 ms to import and a few microseconds per callback; a hypercall takes less
than that. The version is pinned because :mod:`nanvix.emu.cpu` knows the engine's structures.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import sys

from nanvix.emu.layout import CTL_FLUSH_CODE, CTL_WRITE, NOWHERE
from nanvix.errors import BackendUnavailable

VERSION = (2, 1, 4)

_ARCH_X86 = 4
_MODE_64 = 8
_CPU_WESTMERE = 34
"""The engine's model closest to ours: the same instructions as nanvix.machine.cpuid."""
CODE_BUFFER = 256 << 20
"""Bytes of translated code kept; only what is used becomes resident."""
_ROOM = 16 << 20
"""What it allocates besides."""

# unicorn.h: uc_control_type.
_CTL_USE_EXITS = 4
_CTL_CPU_MODEL = 7
_CTL_REMOVE_CACHE = 9
_CTL_FLUSH_TLB = 11
_CTL_TLB_MODE = 12
_CTL_BUFFER_SIZE = 13

HOOK_INTR = 1 << 0
HOOK_INSN = 1 << 1
HOOK_CODE = 1 << 2
HOOK_BLOCK = 1 << 3
HOOK_MEM_READ = 1 << 10
HOOK_MEM_WRITE = 1 << 11
HOOK_INSN_INVALID = 1 << 14

# x86.h: uc_x86_insn, the instructions that can be hooked.
INSN_CPUID = 113
INSN_IN = 218
INSN_OUT = 500
INSN_RDTSC = 608
INSN_RDTSCP = 609
INSN_SYSCALL = 699
INSN_SYSENTER = 700

# x86.h: uc_x86_reg, those we use by name.
REG_FPSW = 31
REG_RAX = 35
REG_CR2 = 52
REG_DR0 = 66
REG_FP0 = 82
REG_XMM0 = 122
REG_IDTR = 242
REG_GDTR = 243
REG_FPCW = 246
REG_FPTAG = 247
REG_MSR = 248
REG_MXCSR = 249
REG_FIP = 254
REG_FDP = 256
REG_FOP = 258

_TRANSLATOR_POINTER = 0x300
"""Offset of the translator's address in uc_struct of 2.1.4 on 64-bit Linux."""
_HOOK_SIZE = 64
"""The bounds of a hook lie within this many bytes of its structure."""

_PHYSICAL_END = 1 << 40
"""First guest-physical address the engine's page walk takes for a reserved bit."""

_READ_MMIO = ctypes.CFUNCTYPE(ctypes.c_uint64)
_WRITE_MMIO = ctypes.CFUNCTYPE(None)

_LIBRARY = {"linux": "libunicorn.so.2", "darwin": "libunicorn.2.dylib", "win32": "unicorn.dll"}


class EngineError(BackendUnavailable):
    """The emulator library is missing, of another version, or refused a call."""


class TableRegister(ctypes.Structure):
    """uc_x86_mmr: GDTR, IDTR, LDTR, TR."""

    _fields_ = (
        ("selector", ctypes.c_uint16),
        ("base", ctypes.c_uint64),
        ("limit", ctypes.c_uint32),
        ("flags", ctypes.c_uint32),
    )


class Msr(ctypes.Structure):
    """uc_x86_msr: which, and its value."""

    _fields_ = (("index", ctypes.c_uint32), ("value", ctypes.c_uint64))


def library_path() -> str:
    """The shared library of the installed unicorn package (looked up without importing it)."""
    inside = os.path.join("unicorn", "lib", _LIBRARY.get(sys.platform, _LIBRARY["linux"]))
    for place in sys.path:
        path = os.path.join(place, inside)
        if os.path.exists(path):
            return path
    raise EngineError("the emulator is not installed: pip install unicorn==2.1.4")


def _require_room() -> None:
    """The library ends the process where there is no room for its translated code."""
    try:
        mmap.mmap(-1, CODE_BUFFER + _ROOM).close()
    except (OSError, ValueError):
        needed = CODE_BUFFER + _ROOM >> 20
        raise EngineError(
            f"the emulator needs {needed} MiB of address space more than 'ulimit -v' leaves it"
        ) from None


class Engine:
    """One emulated CPU with RAM at guest-physical 0. Every method is a single engine call."""

    def __init__(self, ram: int, size: int) -> None:
        """``ram``: address of ``size`` bytes that stay mapped until :meth:`close`."""
        path = library_path()
        # Short calls keep the interpreter lock: giving it up costs more than they take.
        self._lib = lib = ctypes.PyDLL(path)
        version = lib.uc_version(None, None) & 0xFFFFFFFF
        found = (version >> 24, version >> 16 & 255, version >> 8 & 255)
        if found != VERSION:
            raise EngineError(f"unicorn {VERSION} is needed, {path} is {found}")
        _require_room()
        self._callbacks: list[object] = []
        handle = ctypes.c_void_p()
        self._check(lib.uc_open(_ARCH_X86, _MODE_64, ctypes.byref(handle)), "open")
        self.handle = handle
        self.address = handle.value or 0
        self._ctl = lib.uc_ctl
        self._ctl.argtypes = [ctypes.c_void_p, ctypes.c_int]
        self.control(_CTL_CPU_MODEL, ctypes.c_int(_CPU_WESTMERE))
        self.control(_CTL_BUFFER_SIZE, ctypes.c_uint32(CODE_BUFFER))
        self.control(_CTL_TLB_MODE, ctypes.c_int(0))
        # Without this the engine stops at an "until" address, which a guest could execute.
        self.control(_CTL_USE_EXITS, ctypes.c_int(1))
        lib.uc_mem_map_ptr.argtypes = [
            ctypes.c_void_p, ctypes.c_uint64, ctypes.c_size_t, ctypes.c_uint32, ctypes.c_void_p,
        ]  # fmt: skip
        self._check(lib.uc_mem_map_ptr(handle, 0, size, 7, ram), "map RAM")
        self._map_nothing(size)
        lib.uc_hook_add.argtypes = [
            ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p,
            ctypes.c_uint64, ctypes.c_uint64,
        ]  # fmt: skip
        lib.uc_reg_read.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p]
        lib.uc_reg_write.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p]
        lib.uc_context_size.argtypes = [ctypes.c_void_p]
        lib.uc_context_size.restype = ctypes.c_size_t
        lib.uc_strerror.restype = ctypes.c_char_p
        lib.uc_emu_stop.argtypes = [ctypes.c_void_p]
        self._stop = lib.uc_emu_stop
        self._value = ctypes.c_uint64()
        self._where = ctypes.addressof(self._value)

    def _map_nothing(self, start: int) -> None:
        """Where there is no RAM, reads give all ones and writes are lost, as on a bus."""
        read, write = _READ_MMIO(lambda: (1 << 64) - 1), _WRITE_MMIO(lambda: None)
        self._callbacks += [read, write]
        function = self._lib.uc_mmio_map
        function.argtypes = [
            ctypes.c_void_p, ctypes.c_uint64, ctypes.c_uint64, ctypes.c_void_p, ctypes.c_void_p,
            ctypes.c_void_p, ctypes.c_void_p,
        ]  # fmt: skip
        error = function(
            self.handle, start, _PHYSICAL_END - start,
            ctypes.cast(read, ctypes.c_void_p), None, ctypes.cast(write, ctypes.c_void_p), None,
        )  # fmt: skip
        self._check(error, "map what is not RAM")

    def _check(self, error: int, what: str) -> None:
        if error:
            raise EngineError(f"unicorn: {what}: {self.describe(error)}")

    def describe(self, error: int) -> str:
        """The engine's words for one of its error codes."""
        text: bytes | None = self._lib.uc_strerror(error)
        return (text or b"unknown error").decode()

    def control(self, kind: int, *arguments: object) -> None:
        """uc_ctl in the writing direction."""
        self._check(
            self._ctl(self.handle, kind | len(arguments) << 26 | CTL_WRITE, *arguments),
            f"control {kind}",
        )

    def symbol(self, name: str) -> int:
        """Address of a function of the library, 0 if it shows none of that name."""
        function = getattr(self._lib, name, None)
        return 0 if function is None else ctypes.cast(function, ctypes.c_void_p).value or 0

    def translator(self) -> int:
        """Address of the engine's translator, for functions that the library does not document."""
        return ctypes.c_uint64.from_address(self.address + _TRANSLATOR_POINTER).value

    def hook(self, kind: int, function: int, data: int, instruction: int = 0) -> None:
        """Have the C function at address ``function`` called with ``data`` as its last argument,
        for the life of the engine."""
        slot = ctypes.c_size_t()
        self._check(
            self._lib.uc_hook_add(
                self.handle, ctypes.byref(slot), kind, function, data, 1, 0,
                ctypes.c_int(instruction),
            ),
            "hook",
        )  # fmt: skip

    def watch(self, kind: int, function: int, data: int = 0) -> ctypes.Array[ctypes.c_uint64]:
        """The same for a range of addresses (of code: linear, of data: physical), at first nowhere.
        The caller flushes translated code.

        The result are the hook's bounds in the engine, first and last address, to be changed in
        place between runs.
        """
        slot, at = ctypes.c_size_t(), NOWHERE
        self._check(
            self._lib.uc_hook_add(self.handle, ctypes.byref(slot), kind, function, data, at, at),
            "watch",
        )
        both = at.to_bytes(8, "little") * 2
        offset = ctypes.string_at(slot.value, _HOOK_SIZE).find(both)
        if offset < 0 or offset % 8:
            raise EngineError("the emulator's hooks are not those of unicorn 2.1.4")
        return (ctypes.c_uint64 * 2).from_address(slot.value + offset)

    def stop(self) -> None:
        """End the running :meth:`start` before the next instruction."""
        self._stop(self.handle)

    def read(self, register: int) -> int:
        """A register of up to 64 bits by the engine's own view (it computes lazy flags)."""
        self._value.value = 0
        self._lib.uc_reg_read(self.handle, register, self._where)
        return self._value.value

    def write(self, register: int, value: int) -> None:
        """Set a register of up to 64 bits."""
        self._value.value = value
        self._lib.uc_reg_write(self.handle, register, self._where)

    def read_bytes(self, register: int, size: int) -> bytes:
        """A wide register (x87: 10 bytes, SSE: 16)."""
        buffer = ctypes.create_string_buffer(size)
        self._lib.uc_reg_read(self.handle, register, ctypes.addressof(buffer))
        return buffer.raw

    def write_bytes(self, register: int, data: bytes) -> None:
        """Set a wide register."""
        buffer = ctypes.create_string_buffer(data, len(data))
        self._lib.uc_reg_write(self.handle, register, ctypes.addressof(buffer))

    def write_structure(self, register: int, value: ctypes.Structure) -> None:
        """Set a table register or an MSR."""
        self._lib.uc_reg_write(self.handle, register, ctypes.addressof(value))

    def context_size(self) -> int:
        """Bytes of the CPU structure, with a header of at most 64 bytes."""
        size: int = self._lib.uc_context_size(self.handle)
        return size

    def flush_tlb(self) -> None:
        """Forget cached translations of addresses."""
        self.control(_CTL_FLUSH_TLB)

    def flush_code(self) -> None:
        """Forget all translated code."""
        self.control(CTL_FLUSH_CODE)

    def remove_code(self, start: int, end: int) -> None:
        """Forget code translated from linear [start, end) as the CPU maps it now."""
        self.control(_CTL_REMOVE_CACHE, ctypes.c_uint64(start), ctypes.c_uint64(end))

    def close(self) -> None:
        """Release the CPU; idempotent."""
        if self.handle:
            self._lib.uc_close(self.handle)
            self.handle = ctypes.c_void_p()
            self._callbacks.clear()

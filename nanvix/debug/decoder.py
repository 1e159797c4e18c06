"""libcapstone, called directly: one function of it, without the Python binding.

The binding brings the tables of every processor there is, which takes longer to import than the
first screen of the debugger takes to show.
"""

import ctypes
import os
import sys

from nanvix.debug.errors import DebugError

_MAJOR = 5
_ARCH_X86 = 3
_MODE_64 = 8
_LIBRARY = {"darwin": "libcapstone.dylib", "win32": "capstone.dll"}


class _Insn(ctypes.Structure):
    """capstone.h, cs_insn."""

    _fields_ = (
        ("id", ctypes.c_uint),
        ("address", ctypes.c_uint64),
        ("size", ctypes.c_uint16),
        ("bytes", ctypes.c_uint8 * 24),
        ("mnemonic", ctypes.c_char * 32),
        ("op_str", ctypes.c_char * 160),
        ("detail", ctypes.c_void_p),
    )


def library_path() -> str:
    """The shared library of the installed capstone package. Raises DebugError."""
    inside = os.path.join("capstone", "lib", _LIBRARY.get(sys.platform, "libcapstone.so"))
    for place in sys.path:
        path = os.path.join(place, inside)
        if os.path.exists(path):
            return path
    raise DebugError("the disassembler is not installed: pip install 'capstone>=5.0.1,<6'")


class Decoder:
    """Decodes 64-bit x86 code, in Intel's syntax. Raises DebugError where it cannot be had."""

    def __init__(self) -> None:
        path = library_path()
        # Short calls keep the interpreter lock: giving it up costs more than they take.
        lib = ctypes.PyDLL(path)
        version = lib.cs_version(None, None) >> 8
        if version != _MAJOR:
            raise DebugError(f"capstone {_MAJOR} is needed, {path} is {version}")
        self._handle = ctypes.c_size_t()
        error = lib.cs_open(_ARCH_X86, _MODE_64, ctypes.byref(self._handle))
        if error:
            raise DebugError(f"capstone: error {error}")
        self._next = lib.cs_disasm_iter
        self._next.restype = ctypes.c_bool
        self._next.argtypes = [ctypes.c_size_t, *[ctypes.c_void_p] * 4]
        self._insn = _Insn()
        self._code = ctypes.c_char_p()
        self._size = ctypes.c_size_t()
        self._address = ctypes.c_uint64()
        self._places = [
            ctypes.addressof(part) for part in (self._code, self._size, self._address, self._insn)
        ]

    def decode(self, data: bytes, address: int) -> tuple[int, str, str] | None:
        """Size, mnemonic and operands of the first instruction of ``data``; None: it is none."""
        self._code.value = data
        self._size.value = len(data)
        self._address.value = address
        if not self._next(self._handle, *self._places):
            return None
        insn = self._insn
        return insn.size, insn.mnemonic.decode(), insn.op_str.decode()

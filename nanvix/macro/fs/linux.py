"""The Linux calls that host files need and Python's ``os`` does not have.

The only file of the service that speaks ctypes. Every name given to :func:`look` and
:func:`create` is resolved by openat2(2) beneath a held directory and without following any
link, so no race with a rename or a swapped-in symlink can lead out of it.
"""

from __future__ import annotations

import ctypes
import os
from errno import EINTR, EMFILE, ENFILE, ENOSYS, EPERM
from struct import Struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_OPENAT2 = 437
"""The same number on every architecture (asm-generic/unistd.h)."""

_HOW = Struct("=QQQ")
"""struct open_how: flags, mode, resolve (openat2(2))."""
_NO_MAGICLINKS = 0x02
_NO_SYMLINKS = 0x04
_BENEATH = 0x08
# Not RESOLVE_NO_XDEV: what is mounted below an export belongs to it (see exports.py for what is
# never shown).
_CONFINED = _BENEATH | _NO_SYMLINKS | _NO_MAGICLINKS

_LOOK = _HOW.pack(os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, 0, _CONFINED)
_CREATE = (
    os.O_WRONLY
    | os.O_CREAT
    | os.O_EXCL
    | os.O_NOFOLLOW
    | os.O_CLOEXEC
    | os.O_NOCTTY
    | os.O_NONBLOCK
)

_UNNAMED = os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC

_RENAMEAT2, _GETDENTS64 = {"x86_64": (316, 217)}.get(os.uname().machine, (276, 61))
"""x86-64 has numbers of its own, newer architectures share those of asm-generic/unistd.h."""

_libc = ctypes.CDLL(None, use_errno=True)


def _syscall(*argtypes: type) -> Callable[..., int]:
    """syscall(2) with a prototype: a function object of its own per prototype."""
    function = _libc["syscall"]
    function.argtypes = (ctypes.c_long, *argtypes)
    function.restype = ctypes.c_long
    return function


_openat2 = _syscall(ctypes.c_int, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_size_t)
_renameat2 = _syscall(ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint)
_getdents64 = _syscall(ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t)

_fallocate = _libc["fallocate"]
_fallocate.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64)

_fstatfs = _libc["fstatfs"]
_fstatfs.argtypes = (ctypes.c_int, ctypes.c_void_p)
_STATFS_SIZE = 256
"""More than struct statfs has on any architecture; its first member is ``long f_type``."""


def look(directory: int, name: bytes) -> int:
    """An O_PATH descriptor of entry ``name``; of a symbolic link it is the link itself."""
    return _open(directory, name, _LOOK)


def create(directory: int, name: bytes, mode: int) -> int:
    """Create a regular file that must not exist yet; its descriptor, for writing."""
    return _open(directory, name, _HOW.pack(_CREATE, mode, _CONFINED))


def create_unnamed(directory: int, mode: int) -> int:
    """Create a regular file in the directory's file system but not in the directory."""
    return _open(directory, b".", _HOW.pack(_UNNAMED, mode, _CONFINED))


def allocate(fd: int, mode: int, offset: int, size: int) -> None:
    """fallocate(2)."""
    if _fallocate(fd, mode, offset, size):
        raise _error()


def rename(source: int, old: bytes, target: int, new: bytes, flags: int) -> None:
    """renameat2(2) between two directories."""
    if _renameat2(_RENAMEAT2, source, old, target, new, flags):
        raise _error()


def list_directory(fd: int, size: int) -> bytes:
    """The next run of ``struct linux_dirent64``, at most ``size`` bytes; empty at the end."""
    buffer = ctypes.create_string_buffer(size)
    count = _getdents64(_GETDENTS64, fd, buffer, size)
    if count < 0:
        raise _error()
    return ctypes.string_at(buffer, count)


def filesystem_type(fd: int) -> int:
    """The magic number of the file system an open descriptor is on (statfs(2))."""
    buffer = ctypes.create_string_buffer(_STATFS_SIZE)
    if _fstatfs(fd, buffer):
        raise _error()
    return ctypes.c_long.from_buffer(buffer).value & 0xFFFF_FFFF


def require_openat2(directory: int) -> None:
    """OSError that says what is missing where the kernel, or a filter, does not allow openat2."""
    try:
        os.close(look(directory, b"."))
    except OSError as error:
        if error.errno in (ENOSYS, EPERM):
            raise OSError(
                error.errno,
                "host files need openat2(2): Linux 5.6 or newer, not blocked by a seccomp filter",
            ) from None
        raise


def _open(directory: int, name: bytes, how: bytes) -> int:
    while True:
        fd = _openat2(_OPENAT2, directory, name, how, _HOW.size)
        if fd >= 0:
            return fd
        number = ctypes.get_errno()
        if number == EMFILE:
            # To the guest this is no limit of one of its processes.
            raise OSError(ENFILE, "no descriptor left")
        if number != EINTR:
            # By no name of this frame: an exception that its own traceback leads to would keep
            # guest memory mapped until the garbage collector comes by.
            raise OSError(number, os.strerror(number))


def _error() -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number))

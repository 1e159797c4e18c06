"""Exports: which parts of the host a guest may see at all."""

from __future__ import annotations

import os
from errno import EACCES, ENODEV
from stat import S_ISDIR, S_ISREG

from nanvix.macro.fs import linux
from nanvix.named import NamedTuple

# linux/magic.h. Files of these are doors to the kernel, other processes or this very process
# (/proc/self/mem), not storage: they are not shown even when mounted below an export.
_PSEUDO_FILESYSTEMS = frozenset((
    0x0000_9FA0,  # proc
    0x6265_6572,  # sysfs
    0x6462_6720,  # debugfs
    0x7472_6163,  # tracefs
    0x6265_6570,  # configfs
    0x7363_6673,  # securityfs
    0x0027_E0EB,  # cgroup
    0x6367_7270,  # cgroup2
    0xCAFE_4A11,  # bpf
    0x0000_1CD1,  # devpts
    0x4249_4E4D,  # binfmt_misc
    0x6E73_6673,  # nsfs
    0x6165_676C,  # pstore
    0xDE5E_81E4,  # efivarfs
    0xF97C_FF8C,  # selinuxfs
    0x4341_5D53,  # smackfs
    0x6573_5543,  # fusectl
    0x1980_0202,  # mqueue
    0x0765_5821,  # resctrl
    0xABBA_1974,  # xenfs
))  # fmt: skip


class Export(NamedTuple):
    """A host tree, or one regular file, that the guest may see.

    ``path``: followed once, when the service starts. ``read_only``: EROFS for every change.
    ``stable``: promised not to change while the VM runs, so that the guest may cache it.
    """

    path: str
    read_only: bool = True
    stable: bool = False


def open_root(export: Export) -> int:
    """An O_PATH descriptor of an export; OSError, naming the path, when it cannot be one."""
    fd = os.open(export.path, os.O_PATH | os.O_CLOEXEC)
    try:
        mode = os.fstat(fd).st_mode
        if not (S_ISDIR(mode) or S_ISREG(mode)):
            raise OSError(ENODEV, "neither a directory nor a regular file")
        require_storage(fd)
        if S_ISDIR(mode):
            linux.require_openat2(fd)
    except OSError as error:
        os.close(fd)
        raise OSError(error.errno, error.strerror, export.path) from None
    return fd


def require_storage(fd: int) -> None:
    """EACCES for what lies on a pseudo file system."""
    if linux.filesystem_type(fd) in _PSEUDO_FILESYSTEMS:
        raise OSError(EACCES, "a kernel interface, not storage")

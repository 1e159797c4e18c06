"""Files gdb asks the target for (vFile packets): the program and its libraries, and /proc/PID.

Read only, and nothing but what the process has mapped: gdb must not become a way to the host's
other files.
"""

import os
from errno import EBADF, EINVAL, ENOENT, EROFS
from struct import Struct

from nanvix.debug.gdb.inferior import Inferior

_MAX_OPEN = 64
_MAX_READ = 1 << 16
_STAT = Struct(">7I3Q3I")
"""The protocol's struct stat (GDB manual, E.13.9.3): big-endian."""
_ERRNO = {EBADF: 9, EINVAL: 22, ENOENT: 2, EROFS: 30}


class Files:
    """The open files of one connection."""

    def __init__(self, inferior: Inferior) -> None:
        self._inferior = inferior
        self._open: dict[int, tuple[bytes | None, int]] = {}

    def serve(self, packet: bytes) -> bytes | None:
        """Answer what follows ``vFile:``; None for what is not supported."""
        operation, _, rest = packet.partition(b":")
        arguments = rest.split(b",")
        try:
            if operation == b"setfs":
                return b"F0"
            if operation == b"open":
                return self._begin(bytes.fromhex(arguments[0].decode()).decode(), arguments)
            if operation == b"pread":
                fd, size, offset = (int(part, 16) for part in arguments)
                return self._read(fd, min(size, _MAX_READ), offset)
            if operation == b"close":
                return self._close(int(arguments[0], 16))
            if operation == b"fstat":
                return self._status(int(arguments[0], 16))
            if operation == b"readlink":
                return self._link(bytes.fromhex(arguments[0].decode()).decode())
        except (ValueError, IndexError):
            return _failed(EINVAL)
        except OSError as error:
            return _failed(error.errno or EINVAL)
        return None

    def close(self) -> None:
        """Close everything; idempotent."""
        while self._open:
            self._close(next(iter(self._open)))

    def _begin(self, path: str, arguments: list[bytes]) -> bytes:
        if int(arguments[1], 16) & 3 or len(self._open) >= _MAX_OPEN:
            return _failed(EROFS)
        number = next(n for n in range(3, 4 + _MAX_OPEN) if n not in self._open)
        made = self._made(path)
        if made is not None:
            self._open[number] = (made, -1)
        elif (place := self._real(path)) in self._mapped():
            self._open[number] = (None, os.open(place, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK))
        else:
            return _failed(ENOENT)
        return b"F%x" % number

    def _mapped(self) -> set[str]:
        inferior = self._inferior
        files = {a.name for a in inferior.debugger.maps(inferior.pid) if a.file}
        return {self._real(path) for path in files | {inferior.executable()}}

    def _real(self, path: str) -> str:
        """The host's file; libraries are often named through links such as /lib64."""
        return os.path.realpath(self._inferior.debugger.host_path(path))

    def _made(self, path: str) -> bytes | None:
        """The content of a /proc file, or None."""
        inferior = self._inferior
        home = f"/proc/{inferior.pid}/"
        if not path.startswith(home):
            return None
        name = path.removeprefix(home).removeprefix(f"task/{inferior.pid}/")
        if name in ("maps", "smaps"):
            return inferior.maps().encode()
        if name == "cmdline":
            return b"\0".join(os.fsencode(part) for part in inferior.debugger.argv) + b"\0"
        if name == "status":
            return (
                f"Name:\t{os.path.basename(inferior.executable())}\nPid:\t{inferior.pid}\n".encode()
            )
        return None

    def _read(self, number: int, size: int, offset: int) -> bytes:
        content, fd = self._get(number)
        data = os.pread(fd, size, offset) if content is None else content[offset : offset + size]
        return b"F%x;" % len(data) + data

    def _status(self, number: int) -> bytes:
        content, fd = self._get(number)
        if content is None:
            found = os.fstat(fd)
            mode, size = found.st_mode, found.st_size
        else:
            mode, size = 0o100444, len(content)
        data = _STAT.pack(0, 0, mode, 1, 0, 0, 0, size, 4096, -(-size // 512), 0, 0, 0)
        return b"F%x;" % len(data) + data

    def _link(self, path: str) -> bytes:
        if path != f"/proc/{self._inferior.pid}/exe":
            return _failed(EINVAL)
        data = os.fsencode(self._inferior.executable())
        return b"F%x;" % len(data) + data

    def _close(self, number: int) -> bytes:
        content, fd = self._get(number)
        del self._open[number]
        if content is None:
            os.close(fd)
        return b"F0"

    def _get(self, number: int) -> tuple[bytes | None, int]:
        found = self._open.get(number)
        if found is None:
            raise OSError(EBADF, "not open")
        return found


def _failed(errno: int) -> bytes:
    return b"F-1,%x" % _ERRNO.get(errno, EINVAL)

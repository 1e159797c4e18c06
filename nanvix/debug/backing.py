"""What a page holds that the guest has mapped but not touched yet: the file's bytes, or zeros."""

import os
import stat
from bisect import bisect_right
from collections.abc import Callable, Sequence

from nanvix.abi.layout import PAGE_SIZE
from nanvix.debug.kernel import Area
from nanvix.debug.space import Space


def read(
    space: Space,
    areas: Callable[[], Sequence[Area]],
    locate: Callable[[str], str],
    address: int,
    size: int,
) -> bytes:
    """Linear memory; where no page is there yet, what the first access would find. It ends where
    nothing is mapped at all."""
    data = space.read(address, size)
    if len(data) == size:
        return data
    known = areas()
    parts = [data]
    at, left = address + len(data), size - len(data)
    while left > 0:
        piece = min(left, PAGE_SIZE - at % PAGE_SIZE)
        found = space.read(at, piece) or _untouched(known, locate, at, piece)
        if not found:
            break
        parts.append(found)
        at, left = at + len(found), left - len(found)
    return b"".join(parts)


def _untouched(
    areas: Sequence[Area], locate: Callable[[str], str], address: int, size: int
) -> bytes:
    """Part of one page that is not there."""
    index = bisect_right(areas, address, key=_start) - 1
    if index < 0 or address >= areas[index].end or areas[index].rights.startswith("---"):
        return b""
    area = areas[index]
    if not area.file:
        return bytes(size)
    try:
        fd = os.open(locate(area.name), os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except (OSError, ValueError):
        return b""
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            return b""
        return os.pread(fd, size, area.offset + address - area.start).ljust(size, b"\0")
    except OSError:
        return b""
    finally:
        os.close(fd)


def _start(area: Area) -> int:
    return area.start

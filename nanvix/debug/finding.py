"""Bytes in a process's memory: found piece by piece, so that it can be watched and ended."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from nanvix.abi.layout import PAGE_SIZE
from nanvix.debug.kernel import Area
from nanvix.debug.space import Space

Going = Callable[[float], bool]
"""Told how much of long work is done (0 to 1); False ends it."""
_PIECE = 1 << 20
_SHIFTS = {"PML4": 39, "PDPT": 30, "PD": 21, "PT": 12}


def on(done: float) -> bool:
    """Never ends it."""
    return True


def within(areas: Iterable[Area], start: int, end: int) -> list[Area]:
    """What of them lies in [start, end)."""
    cut = (a._replace(start=max(start, a.start), end=min(end, a.end)) for a in areas)
    return [area for area in cut if area.start < area.end]


def find(
    data: bytes,
    space: Space,
    areas: Sequence[Area],
    read: Callable[[int, int], bytes],
    going: Going = on,
) -> Iterator[int]:
    """Addresses in ``areas`` at which ``data`` stands, in order. ``read``: memory as the process
    would find it. Memory that nobody has touched yet holds zeros and is passed over."""
    total = sum(area.end - area.start for area in areas) or 1
    before, passed, tail = 0, 0, b""
    for area in areas:
        at = area.start
        while at < area.end:
            if not going((passed + at - area.start) / total):
                return
            piece = b"" if area.rights.startswith("---") else read(at, min(_PIECE, area.end - at))
            if not piece:
                at, tail = min(_behind_gap(space, at), area.end), b""
                continue
            if before != at:
                tail = b""
            text = tail + piece
            place = text.find(data)
            while place >= 0:
                yield at - len(tail) + place
                place = text.find(data, place + 1)
            at = before = at + len(piece)
            tail = text[max(len(text) - len(data) + 1, 0) :]
        passed += area.end - area.start


def _behind_gap(space: Space, address: int) -> int:
    """The first address behind one that is not mapped that may be: the page tables say how much of
    them is not there."""
    walked = space.walk(address)
    shift = _SHIFTS[walked[-1].table] if walked and not walked[-1].value & 1 else 12
    return max((address >> shift) + 1 << shift, address + PAGE_SIZE & -PAGE_SIZE)

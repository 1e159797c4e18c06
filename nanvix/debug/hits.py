"""What a search finds, and where in memory watchpoints look."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from nanvix.abi.layout import PAGE_SIZE
from nanvix.named import NamedTuple

if TYPE_CHECKING:
    from nanvix.debug.points import Access, Watchpoint
    from nanvix.debug.space import Space


class Hit(NamedTuple):
    """``moment``: where to stand for it."""

    moment: int
    reason: str
    points: tuple[int, ...]
    detail: str = ""
    access: Access | None = None


Test = Callable[[int], Hit | None]
"""A temporary condition at an address: called with the count, gives the hit or None."""


def watched(point: Watchpoint, space: Space | None) -> list[tuple[int, int, int]]:
    """Physical ranges of a watchpoint: address, size, offset in what is watched. ``space``: its
    process's."""
    if point.physical:
        return [(point.address, point.size, 0)]
    found, offset = [], 0
    while offset < point.size and space is not None:
        address = point.address + offset
        part = min(point.size - offset, PAGE_SIZE - address % PAGE_SIZE)
        physical = space.translate(address)
        if physical is not None:
            found.append((physical, part, offset))
        offset += part
    return found

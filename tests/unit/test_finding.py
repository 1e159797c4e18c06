"""Finding bytes in memory: across pieces, over gaps, and no longer than wanted."""

from collections.abc import Callable

import pytest

from nanvix.debug import finding
from nanvix.debug.kernel import Area
from nanvix.debug.space import Space
from nanvix.machine.memory import GuestMemory

PIECE = finding._PIECE
BASE = 0x10_0000_0000


def area(start: int, end: int, rights: str = "rw-p") -> Area:
    return Area(start, end, rights, 0, "", False)


def reading(content: dict[int, bytes]) -> Callable[[int, int], bytes]:
    """Memory that is nowhere but there."""

    def read(address: int, size: int) -> bytes:
        for start, data in content.items():
            if start <= address < start + len(data):
                return data[address - start :][:size]
        return b""

    return read


@pytest.fixture
def space() -> Space:
    """Page tables with nothing in them."""
    return Space(GuestMemory(1 << 20), 0)


def test_across_the_edges_of_pieces_and_areas(space: Space) -> None:
    data = bytearray(3 * PIECE)
    places = [0, 5, PIECE - 3, PIECE + 7, 2 * PIECE - 1, 3 * PIECE - 6]
    for place in places:
        data[place : place + 5] = b"trout"
    data[5:10] = b"trout"
    areas = [area(BASE, BASE + 2 * PIECE), area(BASE + 2 * PIECE, BASE + 3 * PIECE)]
    found = finding.find(b"trout", space, areas, reading({BASE: bytes(data)}))
    assert [at - BASE for at in found] == places


def test_what_is_not_there_joins_nothing(space: Space) -> None:
    content = {BASE: b"tro", BASE + 8192: b"ut"}
    areas = [area(BASE, BASE + 16384)]
    assert list(finding.find(b"trout", space, areas, reading(content))) == []


def test_terabytes_of_nothing_are_passed_over(space: Space) -> None:
    """Page tables that are not there are not walked page by page."""
    steps = []

    def going(done: float) -> bool:
        steps.append(done)
        return True

    areas = [area(BASE, BASE + (1 << 42), "---p"), area(1 << 45, (1 << 45) + 4096)]
    found = finding.find(b"x", space, areas, reading({1 << 45: b"..x"}), going)
    assert list(found) == [(1 << 45) + 2]
    assert len(steps) < 20 and steps == sorted(steps) and 0 <= steps[0] <= steps[-1] <= 1


def test_it_ends_when_nobody_wants_it(space: Space) -> None:
    read = reading({BASE: b"x" * (4 * PIECE)})
    found = finding.find(b"y", space, [area(BASE, BASE + 4 * PIECE)], read, lambda done: done < 0.5)
    assert list(found) == []


def test_only_what_is_asked_for() -> None:
    areas = [area(0, 10), area(20, 30), area(40, 50)]
    assert [(a.start, a.end) for a in finding.within(areas, 25, 45)] == [(25, 30), (40, 45)]

"""Our named tuples beside typing's: the same answers, the same refusals."""

from __future__ import annotations

import pickle
import typing

import pytest

from nanvix.named import NamedTuple


class Ours(NamedTuple):
    """A point with a name."""

    x: int
    y: int = 2
    name: str = "here"

    @property
    def sum(self) -> int:
        return self.x + self.y


class Theirs(typing.NamedTuple):
    x: int
    y: int = 2
    name: str = "here"


GOOD = [((1,), {}), ((), {"x": 1}), ((1, 3), {"name": "n"}), ((1, 3, "n"), {}), ((1,), {"y": 5})]
BAD = [
    ((), {}), ((), {"y": 1}), ((1,), {"x": 1}), ((1, 2, "n", 4), {}), ((1,), {"z": 1}),
    ((1, 2, "n"), {"name": "m"}), ((1, 2), {"y": 3}),
]  # fmt: skip


@pytest.mark.parametrize(("places", "names"), GOOD)
def test_it_is_filled_as_typings_is(places: tuple[object, ...], names: dict[str, object]) -> None:
    ours, theirs = Ours(*places, **names), Theirs(*places, **names)
    assert tuple(ours) == tuple(theirs)
    assert (ours.x, ours.y, ours.name) == (theirs.x, theirs.y, theirs.name)
    assert repr(ours).partition("(")[2] == repr(theirs).partition("(")[2]
    assert ours._asdict() == theirs._asdict()
    assert ours._fields == theirs._fields


@pytest.mark.parametrize(("places", "names"), BAD)
def test_it_refuses_what_typings_does(places: tuple[object, ...], names: dict[str, object]) -> None:
    for kind in (Theirs, Ours):
        with pytest.raises(TypeError):
            kind(*places, **names)


def test_it_is_a_tuple_and_no_more() -> None:
    point = Ours(1)
    assert point == (1, 2, "here") and hash(point) == hash((1, 2, "here"))
    assert point._replace(y=7) == Ours._make([1, 7, "here"]) and point.sum == 3
    copy = pickle.loads(pickle.dumps(point))
    assert type(copy) is Ours and copy == point
    assert not hasattr(point, "__dict__")
    with pytest.raises(AttributeError):
        point.x = 2
    with pytest.raises(TypeError):
        point._replace(z=1)

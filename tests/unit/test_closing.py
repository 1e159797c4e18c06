"""What a run has taken is released in reverse, all of it, whatever goes wrong on the way."""

import pytest

from nanvix.closing import Closing


def test_the_last_goes_first_and_each_once() -> None:
    done: list[int] = []
    with Closing() as closing:
        for number in range(3):
            closing.callback(lambda number=number: done.append(number))
        assert done == []
    closing.close()
    assert done == [2, 1, 0]


def test_one_that_fails_holds_nobody_up() -> None:
    done: list[str] = []
    closing = Closing()
    closing.callback(lambda: done.append("first"))
    closing.callback(lambda: 1 / 0)
    closing.callback(lambda: done.append("last"))
    with pytest.raises(ZeroDivisionError), closing:
        pass
    assert done == ["last", "first"]


def test_the_error_of_the_body_goes_on() -> None:
    done: list[str] = []
    closing = Closing()
    closing.callback(lambda: done.append("released"))
    with pytest.raises(KeyError), closing:
        raise KeyError
    assert done == ["released"]

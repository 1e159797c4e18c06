"""What was shown before, so that changes can be marked."""

from typing import Generic, TypeVar

_K = TypeVar("_K")
_T = TypeVar("_T")


class Before(Generic[_K, _T]):
    """Values of the moment shown and of the one before it: a view made twice changes nothing."""

    def __init__(self) -> None:
        self._version = -1
        self._now: dict[_K, _T] = {}
        self._then: dict[_K, _T] = {}

    def renew(self, version: int, values: dict[_K, _T]) -> dict[_K, _T]:
        """Take the values of what is shown now; those of what was shown before."""
        if version != self._version:
            self._then, self._version = self._now or values, version
        self._now = values
        return self._then

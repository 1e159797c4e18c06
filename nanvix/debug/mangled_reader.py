"""The letters of a mangled name, one after the other, and its numbers."""

import re
from collections.abc import Callable

_LARGEST, _DEPTH = 4096, 64
_NUMBER = re.compile(r"\d+")


class Unknown(Exception):
    """Not a mangled name, or one beyond what is understood here."""


class Reader:
    """At some place of a name; every method raises Unknown where it does not find what it reads."""

    def __init__(self, text: str, at: int) -> None:
        self._text = text
        self._at = at
        self._depth = 0

    def _take(self, text: str) -> bool:
        if self._text.startswith(text, self._at):
            self._at += len(text)
            return True
        return False

    def _next(self, size: int = 1) -> str:
        return self._text[self._at : self._at + size]

    def _over(self) -> bool:
        """At the end, or at the suffix of a clone."""
        return self._next() in ("", ".", "@")

    def _bounded(self, text: str) -> str:
        if len(text) > _LARGEST:
            raise Unknown
        return text

    def _number(self) -> int:
        found = _NUMBER.match(self._text, self._at)
        if found is None or len(found[0]) > 6:
            raise Unknown
        self._at = found.end()
        return int(found[0])

    def _index(self) -> int:
        """``_`` is 0, ``0_`` 1 and so on, by 36."""
        end = self._text.find("_", self._at)
        digits = self._text[self._at : end]
        if end < 0 or len(digits) > 4 or not (digits == "" or digits.isalnum()):
            raise Unknown
        self._at = end + 1
        return int(digits, 36) + 1 if digits else 0

    def _deeper(self, read: Callable[[], str]) -> str:
        self._depth += 1
        if self._depth > _DEPTH:
            raise Unknown
        text = self._bounded(read())
        self._depth -= 1
        return text

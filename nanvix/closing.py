"""What is released at the end of a run: contextlib.ExitStack's part that a run needs."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol, Self

    class Closer(Protocol):
        """Somebody who will release things: a :class:`Closing` or a contextlib.ExitStack."""

        def callback(self, callback: Callable[[], object], /) -> object:
            """Call it at the end."""


class Closing:
    """A context manager that calls at its end what it was given, the last one first.

    All are called, whatever they raise; what was raised last goes on.
    """

    __slots__ = ("_callbacks",)

    def __init__(self) -> None:
        self._callbacks: list[Callable[[], object]] = []

    def callback(self, callback: Callable[[], object], /) -> None:
        """Call it at the end."""
        self._callbacks.append(callback)

    def close(self) -> None:
        """The end; idempotent."""
        while self._callbacks:
            try:
                self._callbacks.pop()()
            except BaseException:
                self.close()
                raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

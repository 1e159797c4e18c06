"""The entropy service: the host's randomness, or a reproducible stream from a seed."""

from __future__ import annotations

import os

from nanvix.abi.channel import OPS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nanvix.abi.call import Call, Handler

_PIECE = 1 << 16


class Entropy:
    """Serves ENTROPY. With a ``seed`` the n-th request of a size has always the same answer."""

    def __init__(self, seed: bytes | None = None) -> None:
        self._seed = seed
        self._requests = 0
        self.handlers: dict[int, Handler] = {OPS["ENTROPY"][0]: self._fill}

    def save(self) -> int:
        """How many requests of a seeded stream have been served."""
        return self._requests

    def load(self, saved: int) -> None:
        """Go on behind what :meth:`save` gave."""
        self._requests = saved

    def _fill(self, call: Call) -> int:
        for view in call.outputs:
            for start in range(0, len(view), _PIECE):
                piece = view[start : start + _PIECE]
                piece[:] = self._bytes(len(piece))
        return 0

    def _bytes(self, size: int) -> bytes:
        if self._seed is None:
            return os.urandom(size)
        import hashlib

        counter = self._requests.to_bytes(8, "little")
        self._requests += 1
        return hashlib.shake_256(b"nanvix entropy" + counter + self._seed).digest(size)

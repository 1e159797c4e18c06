"""Where answers go: checks of the views a request brought for output."""

from __future__ import annotations

from errno import EINVAL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def room(outputs: Sequence[memoryview], size: int) -> memoryview:
    """The first output; EINVAL unless it has ``size`` bytes. Ask before changing anything."""
    if not outputs or len(outputs[0]) < size:
        raise OSError(EINVAL, "no room for the answer")
    return outputs[0]


def scatter(data: bytes, outputs: Sequence[memoryview]) -> int:
    """Copy ``data`` into outputs, which count as one buffer; how many bytes found room."""
    done = 0
    for view in outputs:
        piece = data[done : done + len(view)]
        view[: len(piece)] = piece
        done += len(piece)
    return done

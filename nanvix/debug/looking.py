"""Another frame or thread in the place of the one that runs: registers, memory, names as they are
there, for as long as one looks."""

from typing import TYPE_CHECKING

from nanvix.abi.layout import USER_END
from nanvix.debug.errors import DebugError

if TYPE_CHECKING:
    from nanvix.debug.unwind import Frame
    from nanvix.debug.view import Registers, View

_LEVELS = 64


class FrameRegisters:
    """Those of a frame, as far as they are known; of the rest the vCPU's own that do not belong to
    a program. ``exact``: see :class:`~nanvix.debug.unwind.Frame`."""

    def __init__(self, frame: "Frame", root: int) -> None:
        self.exact = frame.exact
        self._known = frame.registers | {"cr3": root}

    def __getitem__(self, name: str) -> int:
        return self._known[name]

    @property
    def rip(self) -> int:
        """The next instruction, or where the call returns to."""
        return self._known["rip"]

    @property
    def user(self) -> bool:
        """Whether it is a program's."""
        return self.rip < USER_END

    def general(self) -> dict[str, int]:
        """Those that are known."""
        return {name: value for name, value in self._known.items() if name != "cr3"}


class Chosen:
    """A context: the frame is shown by all that looks, until it is left. Nothing may run in it.
    ``level`` None: the innermost frame in the program. Entering it gives the level, and raises
    DebugError where there is no such thread or frame."""

    def __init__(self, view: "View", tid: int | None, level: int | None) -> None:
        self._view = view
        self._tid = tid
        self._level = level
        self._before: tuple[Registers, int | None] | None = None

    def __enter__(self) -> int:
        view, tid, level = self._view, self._tid, self._level
        if tid == view.kernel.ids()[1]:
            tid = None
        if tid is None and level == 0:
            return 0
        frames = view.frames(tid, _LEVELS if level is None else level + 1)
        if level is None:
            level = next((frame.level for frame in frames if frame.ring == "user"), 0)
        if level >= len(frames):
            raise DebugError(f"there is no frame {level}")
        task = view.kernel.current() if tid is None else view.thread(tid).task
        registers = FrameRegisters(frames[level], view.kernel.root_of_task(task))
        self._before = view.registers, view.kernel.shown
        view.registers, view.kernel.shown = registers, task
        return level

    def __exit__(self, *_: object) -> None:
        if self._before is not None:
            self._view.registers, self._view.kernel.shown = self._before


def exact(registers: object) -> bool:
    """Whether registers are of the next instruction rather than of a call to return from."""
    return getattr(registers, "exact", True)

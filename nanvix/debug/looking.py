"""Another frame or thread in the place of the one that runs: registers, memory, names as they are
there, for as long as one looks."""

from typing import TYPE_CHECKING

from nanvix.abi.layout import USER_END
from nanvix.debug.errors import DebugError

if TYPE_CHECKING:
    from nanvix.debug.view import Registers, View


class FrameRegisters:
    """Those of a frame, as far as they are known. ``exact``: see
    :class:`~nanvix.debug.unwind.Frame`, also for ``outer``."""

    def __init__(self, known: dict[str, int], root: int, exact: bool, outer: int) -> None:
        self.exact = exact
        self.outer = outer
        self._known = known | {"cr3": root}

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
    ``program``: frames are counted from where the thread is in its program, whatever the kernel
    does for it. Entering it raises DebugError where there is no such thread or frame."""

    def __init__(self, view: "View", tid: int | None, level: int, program: bool) -> None:
        self._view = view
        self._tid = tid
        self._level = level
        self._program = program
        self._before: list[tuple[Registers, int | None]] = []

    def __enter__(self) -> None:
        view, tid = self._view, self._tid
        if tid == view.kernel.ids()[1]:
            tid = None
        task = view.kernel.current() if tid is None else view.thread(tid).task
        if self._program and not (tid is None and view.registers.user):
            registers = view.kernel.user_registers(task) if task else {}
            if not 0 < registers.get("rip", 0) < USER_END:
                raise DebugError("this thread has no program")
            self._show(task, registers, exact=True)
            tid = None
        if tid is None and not self._level:
            return
        frames = view.calls(tid, self._level + 1)
        if self._level >= len(frames):
            self.__exit__()
            raise DebugError(f"there is no frame {self._level}")
        frame = frames[self._level]
        self._show(task, frame.registers, exact=frame.exact, outer=frame.outer)

    def _show(self, task: int, registers: dict[str, int], *, exact: bool, outer: int = 0) -> None:
        view = self._view
        root = view.kernel.root_of_task(task)
        if not root:
            raise DebugError("its memory is gone")
        self._before.append((view.registers, view.kernel.shown))
        view.registers, view.kernel.shown = FrameRegisters(registers, root, exact, outer), task

    def __exit__(self, *_: object) -> None:
        if self._before:
            self._view.registers, self._view.kernel.shown = self._before[0]
            self._before.clear()


def exact(registers: object) -> bool:
    """Whether registers are of the next instruction rather than of a call to return from."""
    return getattr(registers, "exact", True)

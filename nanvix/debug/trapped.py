"""A machine that its own kernel stops for a debugger: breakpoints and steps where KVM has none.

The guest kernel calls DEBUG for the events the host has asked for (kernel/lib/debug.c) and stands
there, with every thread's registers in its trap frame, until it is answered.
"""

from __future__ import annotations

import time
from struct import Struct
from typing import TYPE_CHECKING, Any

from nanvix.abi.channel import OPS, REQUEST
from nanvix.abi.layout import (
    CONTROL,
    CONTROL_PHYS,
    DEBUG_OWN,
    DEBUG_TAKEN,
    DEBUG_UNWATCH,
    DEBUG_WATCH,
    PAGE_SHIFT,
)
from nanvix.debug.present import PresentMachine
from nanvix.named import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from nanvix.abi.call import Call, Handler
    from nanvix.machine.memory import GuestMemory

_DEBUG = OPS["DEBUG"][0]
_WANTED = CONTROL_PHYS + CONTROL.offsets["debug_events"]
_ANSWER = REQUEST.offsets["result"]
_RESULT = Struct("<qQQ")
_WORD = Struct("<Q")
DYING = -1
"""The kind of what the guest stands for where a process dies of a fault: the kernel only reports
that, with the process's registers and memory as they were."""
_ASKED_S = 5.0
"""Seconds in which the kernel does what it is asked for, some thousand instructions."""


class Told(NamedTuple):
    """What the kernel has told: ``kind`` is TRACE_*, DEBUG_* or DYING; ``code``, ``first``,
    ``second`` depend on it."""

    kind: int
    code: int
    first: int
    second: int


class TrappedMachine(PresentMachine):
    """``told``: what the guest stands for, None while it does not. ``taken``: whether the program
    is to know nothing of it. ``stop_at_crash``: whether it stands where a process dies too."""

    stop_at_crash = False

    def __init__(
        self, memory: GuestMemory, backend: Any, image: Any, spec: Any,
        handlers: Mapping[int, Handler], watches: Any, **options: Any,
    ) -> None:  # fmt: skip
        self.told: Told | None = None
        self.taken = False
        self._found = 0
        handlers = {**handlers, _DEBUG: self._hear}
        super().__init__(memory, backend, image, spec, handlers, watches, **options)

    def want_events(self, kinds: Iterable[int]) -> None:
        """The kernel calls for these kinds of events from now on."""
        self.memory.write(_WANTED, _WORD.pack(sum(1 << kind for kind in set(kinds))))

    def want_stop(self) -> None:
        """Have the kernel stop soon; from any thread or signal handler."""
        self.inbox.asked = True
        self.rouse()

    def forget_stop(self) -> None:
        """No stop is wanted any more."""
        self.inbox.asked = False

    def resume(self) -> None:
        """Let the kernel go on when the machine does."""
        if self.told is not None and not self.dying:
            self._answer(DEBUG_TAKEN if self.taken else 0)
        self.told, self.taken = None, False

    def _answer(self, result: int, first: int = 0, second: int = 0) -> None:
        """What the kernel reads when it goes on."""
        at = (self.backend.exit_value << PAGE_SHIFT) + _ANSWER
        self.memory.write(at, _RESULT.pack(result, first, second))

    def own(self, pid: int, address: int) -> int:
        """Physical address of the page of its own that a process gets there; 0 if it gets none.
        The guest must stand, and stands again for the same afterwards."""
        return self._ask(DEBUG_OWN, pid, address)

    def watch(self, pid: int, page: int, *, on: bool = True) -> bool:
        """Have the kernel tell of writes to a page of a process, or no longer; whether it does. The
        guest must stand, and stands again for the same afterwards."""
        return bool(self._ask(DEBUG_WATCH if on else DEBUG_UNWATCH, pid, page))

    def _ask(self, what: int, pid: int, address: int) -> int:
        if self.dying:
            return 0
        kept = self.told
        self._answer(what, pid, address)
        self.told = None
        self.go_on(time.monotonic() + _ASKED_S)
        found = self._found if self.told is not None else 0
        self.told = kept
        return found

    def stands(self) -> bool:
        """Whether the kernel has called and not been answered."""
        return self.told is not None

    @property
    def dying(self) -> bool:
        """Whether it stands because a process dies of a fault."""
        return self.told is not None and self.told.kind == DYING

    def process_crash(
        self, frame: int, signal: int, pid: int, address: int, root: int, name: str
    ) -> None:
        """As for any machine; and stand there."""
        super().process_crash(frame, signal, pid, address, root, name)
        if self.stop_at_crash:
            self.told = Told(DYING, signal, pid, address)

    def _hear(self, call: Call) -> int:
        kind, code, first, second, self._found, _ = call.arg
        self.told = Told(kind, code, first, second)
        return 0

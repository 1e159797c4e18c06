"""The first pass: the guest runs with the host's services, and everything they do is taped.

:class:`LiveMachine` is the ordinary machine with another loop: it can stop between any two
instructions, before anything that belongs to leaving that moment has happened.
"""

from struct import Struct
from typing import TYPE_CHECKING, Any

from nanvix.abi.channel import OPS, REQUEST
from nanvix.abi.layout import CONTROL, CONTROL_PHYS, EVENT, EVENT_SLOTS, PAGE_SHIFT
from nanvix.debug.tape import ARRIVAL, DEPARTURE, INJECT, SKIP, WRITE, Effect, Tape
from nanvix.emu.backend import EmuBackend
from nanvix.machine.backend import Exit
from nanvix.machine.event_ring import EventRing
from nanvix.machine.machine import Machine

if TYPE_CHECKING:
    from collections.abc import Callable

    from nanvix.machine.idle import Wait
    from nanvix.machine.memory import GuestMemory

_TRACE_TAIL = CONTROL_PHYS + CONTROL.offsets["trace_tail"]
_EVENT_TAIL = CONTROL_PHYS + CONTROL.offsets["event_tail"]
_SLOTS = CONTROL_PHYS + CONTROL.size
_ANSWER = REQUEST.offsets["result"]
_ANSWER_SIZE = REQUEST.size - _ANSWER
_RESULT = Struct("<q")
_OP = Struct("<H")
_COUNTED = frozenset(OPS[name][0] for name in ("CON_READ", "FS_READ", "FS_READDIR", "FS_READLINK"))
"""Their result is the number of bytes written; the rest of their buffers is as it was."""


class TapedBackend(EmuBackend):
    """The emulator, with what the machine does to it on tape. Nothing is taped in a rerun."""

    def __init__(self, memory: "GuestMemory") -> None:
        super().__init__(memory)
        self.tape = Tape()

    def inject(self, vector: int) -> None:
        """Taped."""
        self.tape.add(Effect(self.instructions(), DEPARTURE, INJECT, vector))
        super().inject(vector)

    def skip_to(self, tsc: int) -> None:
        """Taped."""
        self.tape.add(Effect(self.instructions(), DEPARTURE, SKIP, tsc))
        super().skip_to(tsc)


class _TapedRing(EventRing):
    """The event ring, with every entry on tape."""

    __slots__ = ("_backend", "_memory")

    def __init__(self, memory: "GuestMemory", backend: TapedBackend) -> None:
        super().__init__(memory)
        self._memory, self._backend = memory, backend

    def append(self, kind: int, value: int, cookie: int = 0) -> bool:
        """Taped."""
        slot = _SLOTS + self.tail % EVENT_SLOTS * EVENT.size
        if not super().append(kind, value, cookie):
            return False
        count, tape = self._backend.instructions(), self._backend.tape
        for at, size in ((slot, EVENT.size), (_EVENT_TAIL, 4)):
            tape.add(Effect(count, DEPARTURE, WRITE, at, self._memory.read(at, size)))
        return True


class LiveMachine(Machine):
    """A machine a debugger drives. ``on_write`` hears of host writes (address, size),
    ``on_doorbell`` of answered requests (physical address); True stops :meth:`go_on`.

    ``pause_wanted``: ask :meth:`go_on` to return; see :meth:`want_pause`.
    """

    backend: TapedBackend

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.event_ring = _TapedRing(self.memory, self.backend)
        self._written: list[tuple[int, int]] = []
        self.channel.written = self._note
        self._rang = False
        self.pause_wanted = False
        self.on_write: Callable[[int, int], bool] | None = None
        self.on_doorbell: Callable[[int], bool] | None = None

    def want_pause(self) -> None:
        """Let the guest stop soon; from any thread or signal handler."""
        self.pause_wanted = True
        self.backend.kick()
        self._waker.wake()

    def glance(self) -> None:
        """End a wait early; from any thread."""
        self._waker.wake()

    def go_on(self, target: int | None) -> "Wait | None":
        """Run until ``target`` instructions have retired, a probe pauses, a pause is wanted or the
        guest has ended (None), or until it is idle (what it waits for)."""
        backend = self.backend
        while self.outcome is None and not self.pause_wanted:
            if target is not None and backend.instructions() >= target:
                return None
            if self._stop is not None:
                self.finish(self._stop[0], detail=self._stop[1])
                return None
            if self._rang:
                self._rang = False
                if self._watches.pending and not self.idle.active:
                    self._poll_while_running()
            if self.idle.active and (wait := self._sleep()) is not None:
                return wait
            backend.pause_at(target)
            reason = backend.run()
            if reason is Exit.DOORBELL:
                if self._serve():
                    return None
            elif reason is Exit.PAUSED:
                return None
            elif reason is not Exit.KICKED or not self.pause_wanted:
                self._handle(reason)
        return None

    def _note(self, gpa: int, size: int) -> None:
        self._written.append((gpa, size))
        self.backend.code_changed(gpa, size)

    def _serve(self) -> bool:
        """Answer the doorbell; True when a host write is of interest."""
        backend, memory = self.backend, self.memory
        count, page = backend.instructions(), backend.exit_value
        self.drain()
        self._written.clear()
        if not self.channel.ring(page):
            self.finish("error", detail="channel violation: a doorbell outside memory")
            return False
        if self.journal is not None and self.journal.diverged is not None:
            self.finish("diverged", detail=self.journal.diverged)
            return False
        self._rang = True
        at = page << PAGE_SHIFT
        ranges = [*self._trimmed(at), (at + _ANSWER, _ANSWER_SIZE), (_TRACE_TAIL, 8)]
        stop = False
        for gpa, size in ranges:
            backend.tape.add(Effect(count, ARRIVAL, WRITE, gpa, memory.read(gpa, size)))
            if self.on_write is not None and self.on_write(gpa, size):
                stop = True
        return bool(self.on_doorbell is not None and self.on_doorbell(at)) or stop

    def _trimmed(self, request: int) -> list[tuple[int, int]]:
        """What the service has really written."""
        written = self._written
        if not written:
            return []
        op = _OP.unpack(self.memory.read(request, 2))[0]
        if op not in _COUNTED:
            return written
        left = max(0, _RESULT.unpack(self.memory.read(request + _ANSWER, 8))[0])
        found = []
        for gpa, size in written:
            part = min(size, left)
            left -= part
            if part:
                found.append((gpa, part))
        return found

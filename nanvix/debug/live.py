"""The machine a debugger drives: the ordinary one with another loop.

:class:`LiveMachine` can stop between any two instructions, before anything that belongs to leaving
that moment has happened (interrupts, idle time), and it makes no difference whether the moment is
lived for the first time or repeated from the journal.
"""

from struct import Struct
from typing import TYPE_CHECKING, Any

from nanvix.abi.channel import REQUEST
from nanvix.abi.layout import BOOT_TRACE, CONTROL, CONTROL_PHYS, PAGE_SHIFT
from nanvix.debug.pausing import Pausing
from nanvix.machine.answers import COUNTED
from nanvix.machine.backend import Exit
from nanvix.machine.boot import BootSpec
from nanvix.machine.journal import Change, Journal
from nanvix.machine.outcome import Checkpoint

if TYPE_CHECKING:
    from collections.abc import Callable

    from nanvix.emu.backend import EmuBackend
    from nanvix.machine.idle import Wait

_TRACE_TAIL = CONTROL_PHYS + CONTROL.offsets["trace_tail"]
_ANSWER = REQUEST.offsets["result"]
_ANSWER_SIZE = REQUEST.size - _ANSWER
_RESULT = Struct("<q")
_OP = Struct("<H")


class LiveMachine(Pausing):
    """A machine with a journal, on the emulator. ``on_write`` hears of host writes (address, size),
    ``on_doorbell`` of answered requests (physical address); True stops :meth:`go_on`.

    ``quiet``: the past is being repeated, so events and log lines have been heard already.
    """

    backend: "EmuBackend"
    journal: Journal

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.quiet = False
        log = options.get("log")
        if log is not None:
            options["log"] = lambda level, text: None if self.quiet else log(level, text)
        events = options.get("events")
        if events is not None:
            options["events"] = lambda event: None if self.quiet else events(event)
        super().__init__(*arguments, **options)
        self.spec, self.ops = arguments[3], tuple(arguments[4])
        """How it was booted (a clock, if it was not), and which calls are served."""
        if events is not None and isinstance(self.spec, BootSpec):
            self.spec = self.spec._replace(flags=self.spec.flags | BOOT_TRACE)
        self.journal.change = self._make
        self._written: list[tuple[int, int]] = []
        self.channel.written = self._note
        self._rang = False
        self._due: Exit | None = None
        self.on_write: Callable[[int, int], bool] | None = None
        self.on_doorbell: Callable[[int], bool] | None = None

    # -- running -----------------------------------------------------------------------------

    def go_on(self, target: int) -> "Wait | None":
        """Run until ``target`` instructions have retired, a probe pauses, a pause is wanted or the
        guest has ended (None), or until it is idle (what it waits for)."""
        backend = self.backend
        while self.outcome is None:
            self.make_changes()
            if self.pause_wanted or backend.instructions() >= target:
                break
            if (wait := self._leave()) is not None:
                return wait
            if self.outcome is not None:
                break
            backend.pause_at(target)
            reason = backend.run()
            if reason is Exit.DOORBELL:
                if self._serve():
                    break
            elif reason is Exit.PAUSED:
                break
            elif reason in (Exit.TIMER, Exit.KICKED):
                self._due = reason
            else:
                self._handle(reason)
        if self.outcome is None:
            self.make_changes()
        return None

    def make_changes(self) -> None:
        """Make the changes that the journal has for this moment."""
        if self._repeater is not None:
            self._repeater.make_changes()

    def rejoin(self) -> None:
        """The past has been repeated to its end: look what the world has to say by now."""
        self.backend.kick()

    def rollback(self, saved: Checkpoint) -> None:
        """As for any machine; what was due at the moment left is due there only."""
        super().rollback(saved)
        self._due = None
        self._rang = False

    def _leave(self) -> "Wait | None":
        """All that happens between this moment and its next instruction; what an idle guest waits
        for."""
        if self._stop is not None:
            self.finish(self._stop[0], detail=self._stop[1])
            return None
        if self._rang:
            self._rang = False
            if self._watches.pending and not self.idle.active:
                self._poll_while_running()
        due, self._due = self._due, None
        if due is not None:
            self._handle(due)
        return self._sleep() if self.idle.active else None

    # -- changing ----------------------------------------------------------------------------

    def change(self, change: Change) -> None:
        """Make a change that is part of this moment from now on."""
        self._make(change)
        self.journal.insert(change)

    def _make(self, change: Change) -> None:
        if change.register:
            self.backend.registers()[change.register] = change.value
        else:
            self.memory.write(change.value, change.data)
            self.backend.code_changed(change.value, len(change.data))

    # -- hearing -----------------------------------------------------------------------------

    def _note(self, gpa: int, size: int) -> None:
        self._written.append((gpa, size))
        self.backend.code_changed(gpa, size)

    def _serve(self) -> bool:
        """Answer the doorbell; True when a host write is of interest."""
        page = self.backend.exit_value
        self.drain()
        self._written.clear()
        if not self.channel.ring(page):
            self.finish("error", detail="channel violation: a doorbell outside memory")
            return False
        if self.journal.diverged is not None:
            self.finish("diverged", detail=self.journal.diverged)
            return False
        self._rang = True
        at = page << PAGE_SHIFT
        stop = False
        if self.on_write is not None:
            for gpa, size in (*self._trimmed(at), (at + _ANSWER, _ANSWER_SIZE), (_TRACE_TAIL, 8)):
                stop |= self.on_write(gpa, size)
        return bool(self.on_doorbell is not None and self.on_doorbell(at)) or stop

    def _trimmed(self, request: int) -> list[tuple[int, int]]:
        """What the service has really written."""
        written = self._written
        if not written:
            return []
        op = _OP.unpack(self.memory.read(request, 2))[0]
        if op not in COUNTED:
            return written
        left = max(0, _RESULT.unpack(self.memory.read(request + _ANSWER, 8))[0])
        found = []
        for gpa, size in written:
            part = min(size, left)
            left -= part
            if part:
                found.append((gpa, part))
        return found

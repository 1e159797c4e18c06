"""The run loop: exit, dispatch, resume, over either backend.

    machine = Machine(memory, backend, image, spec, handlers, watches)
    outcome = machine.run(timeout_s=10)

:meth:`Machine.step` runs the guest until it has nothing to do and says what it waits for;
:meth:`Machine.run` is the simple driver around it that blocks. An idle guest costs no thread.
"""

from __future__ import annotations

from nanvix.abi.layout import BOOT_HOST_STEP, BOOT_TRACE, USER_END, VECTOR_EVENT
from nanvix.machine.backend import Backend, Exit
from nanvix.machine.boot import BootSpec, boot
from nanvix.machine.channel import Channel
from nanvix.machine.clock import GuestClock
from nanvix.machine.idle import Idle, Wait
from nanvix.machine.inbox import Inbox
from nanvix.machine.outcome import SAVED, Checkpoint, Outcome
from nanvix.machine.system import SystemOps
from nanvix.machine.timers import Timers
from nanvix.machine.trace_ring import EventStream, TraceRing
from nanvix.machine.watchdog import Watchdog

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from nanvix.abi.call import Handler, WatchTable
    from nanvix.machine.crash import CrashRecord
    from nanvix.machine.image import KernelImage
    from nanvix.machine.journal import Journal
    from nanvix.machine.look import Look
    from nanvix.machine.memory import GuestMemory
    from nanvix.machine.outcome import Listener, Log
    from nanvix.machine.repeat import Repeater
    from nanvix.machine.steps import UserSteps

# Looking a member up in its enum on every exit is slow in Python 3.11.
_DOORBELL = Exit.DOORBELL
_POLL_NS = 1_000_000


class Machine:
    """One VM: memory, a vCPU and the services' handlers, none of which it owns.

    ``events`` hears every :class:`TraceEvent` (None costs nothing); ``log`` hears the guest
    kernel's log lines with their level; ``journal`` keeps what enters the guest, or repeats it.
    ``outcome`` is None until the run has ended.
    """

    def __init__(
        self,
        memory: GuestMemory,
        backend: Backend,
        image: KernelImage,
        spec: BootSpec | GuestClock,
        handlers: Mapping[int, Handler],
        watches: WatchTable,
        *,
        events: Listener | None = None,
        log: Log | None = None,
        journal: Journal | None = None,
    ) -> None:
        """Build and boot the machine; the guest's first instruction is up to :meth:`step`.

        With a clock in place of the spec, memory and vCPU are those of a saved machine already,
        and the rest of it comes by :meth:`rollback`; its journal, if any, begins there.
        Raises BootError when ``memory`` cannot hold what is asked for.
        """
        self.memory = memory
        self.backend = backend
        self.image = image
        self.log = log
        self.outcome: Outcome | None = None
        self.channel = Channel(memory, {**handlers, **SystemOps(self).handlers})
        self.channel.written = backend.code_changed
        self.trace = TraceRing(memory)
        self._stream = EventStream(self.trace, events, backend.tsc, self._cannot_record)
        if events is not None:
            self.channel.observer = self._stream.call
        if isinstance(spec, GuestClock):
            self.clock = spec
        else:
            if events is not None:
                spec = spec._replace(flags=spec.flags | BOOT_TRACE)
            self.clock = boot(memory, backend, image, spec)
        flags = spec.flags if isinstance(spec, BootSpec) else 0
        self.steps: UserSteps | None = None
        if flags & BOOT_HOST_STEP:
            from nanvix.machine.steps import UserSteps

            self.steps = UserSteps(backend, memory, self._stream.emit)
        self.idle = Idle(backend, self.clock)
        self.timers = Timers(backend, self.clock)
        self._watches = watches
        self.inbox = Inbox(memory, watches)
        self._stop: tuple[str, str] | None = None
        self._crash: CrashRecord | None = None
        self._polled_ns = 0
        self.journal = journal
        self._repeater: Repeater | None = None
        self.look: Look | None = None
        if journal is not None:
            from nanvix.machine.repeat import connect

            self._repeater = connect(self, journal, flags)

    # -- driving -----------------------------------------------------------------------------

    def run(self, timeout_s: float | None = None) -> Outcome:
        """Run to the end, at most ``timeout_s`` seconds of wall time (then: "timeout")."""
        with Watchdog(timeout_s, lambda: self.stop("timeout")):
            while (wait := self.step()) is not None:
                wait.block()
        assert self.outcome is not None
        return self.outcome

    def step(self) -> Wait | None:
        """Run until the guest is idle or has ended: what it waits for, or None at the end.

        Call it again when the wait is over; calling it too early only returns a wait again.
        """
        run = self.backend.run if self.steps is None else self.steps.run
        ring, journal, stream = self.channel.ring, self.journal, self._stream
        reason = _DOORBELL
        while self.outcome is None:
            if self._stop is not None and self._may_stop(reason):
                self.finish(self._stop[0], detail=self._stop[1])
            elif self.idle.active and (wait := self._sleep()) is not None:
                return wait
            elif (reason := run()) is _DOORBELL:
                if stream.listener is not None:
                    stream.drain()
                if not ring(self.backend.exit_value):
                    self.finish("error", detail="channel violation: a doorbell outside memory")
                elif journal is not None and journal.diverged is not None:
                    self.finish("diverged", detail=journal.diverged)
                elif self._watches.pending and not self.idle.active:
                    self._poll_while_running()
            else:
                self._handle(reason)
        return None

    def post_signal(self, signo: int, tid: int = 0) -> None:
        """Send a signal to a thread, or to the guest's foreground group; safe in a signal handler.
        Signal 0 only makes the kernel look what there is to do.

        The same signal posted again before the guest has taken it is one signal.
        """
        self.inbox.post(signo, tid)
        self.rouse()

    def rouse(self) -> None:
        """Have the run loop look around soon, whether the guest runs or sleeps; from any thread or
        signal handler."""
        self.backend.kick()
        self.inbox.waker.wake()

    def stop(self, reason: str, detail: str = "") -> None:
        """End the run soon, with this outcome; from any thread or signal handler."""
        if self._stop is None:
            self._stop = (reason, detail)
        self._watches.ending = True
        self.rouse()

    def settle(self) -> bool:
        """Run on to the next moment at which the machine can be saved; it can go on afterwards.

        False when it ends before. The machine must not be in the middle of a step.
        """
        self.stop(SAVED)
        while (wait := self.step()) is not None:
            wait.block()
        assert self.outcome is not None
        if self.outcome.reason != SAVED:
            return False
        self.outcome = self._stop = None
        self._watches.ending = False
        return True

    def close(self) -> None:
        """Release the machine's own descriptor; idempotent."""
        self.inbox.waker.close()

    # -- going back --------------------------------------------------------------------------

    def checkpoint(self) -> Checkpoint:
        """What goes with memory and the vCPU; between two steps.

        The services are not part of it. With a journal they are not asked, after
        :meth:`rollback`, for what they have been asked before, because the journal knows it.
        """
        return Checkpoint(
            self.timers.save(),
            self.idle.save(),
            self.inbox.ring.tail,
            self.trace.tail,
            self.trace.lost,
            tuple(self.channel.counts),
            self._crash,
            0 if self.journal is None else self.journal.position,
            frozenset(self.inbox.signals),
        )

    def rollback(self, saved: Checkpoint) -> None:
        """Be again what :meth:`checkpoint` gave; memory and the vCPU are the caller's."""
        self.outcome = self._stop = None
        self.idle.load(saved.idle)
        self.inbox.ring.tail = saved.event_tail
        self.trace.tail, self.trace.lost = saved.trace_tail, saved.trace_lost
        self.channel.counts[:] = saved.counts
        self._crash = saved.crash
        self.timers.load(saved.timers)
        if self.journal is None or self._repeater is None:
            self.inbox.signals = set(saved.signals)
            return
        self.journal.position = saved.position
        self.journal.diverged = None
        self._repeater.prepare()

    # -- for the system operations -----------------------------------------------------------

    def finish(self, reason: str, status: int = 0, detail: str = "") -> None:
        """End the run; only the first reason counts."""
        if self.outcome is None:
            self.drain()
            if self._stop is not None and self._stop[0] == "error":
                reason, detail = self._stop
            elif self._repeater is not None and (other := self._repeater.other_end(reason, status)):
                reason, status, detail = "diverged", 0, other
            self.outcome = Outcome(reason, status, detail, self._crash)

    def drain(self) -> None:
        """Hand the guest's new trace records to the listener."""
        self._stream.drain()

    def now_ns(self) -> int:
        """The guest's monotonic time."""
        return self.clock.ns(self.backend.tsc())

    def process_crash(
        self, frame: int, signal: int, pid: int, address: int, root: int, name: str
    ) -> None:
        """A guest process dies by a fault: keep a report of the last one."""
        from nanvix.machine.crash import process_crash

        self._crash = process_crash(self, frame, signal, pid, address, root, name)

    def panic(self, message: str, frame: int) -> None:
        """The guest kernel has given up."""
        from nanvix.machine.crash import kernel_crash

        self._crash = kernel_crash(self, message, frame)
        self.finish("panic", detail=message)

    # -- the loop's rarer turns --------------------------------------------------------------

    def _handle(self, reason: Exit) -> None:
        if reason is Exit.TIMER:
            if self.timers.fired() or self._repeating() is not None:
                self._interrupt()
        elif reason is Exit.KICKED:
            self._interrupt()
        elif reason is Exit.PAUSED and (again := self._repeating()) and again.at_place():
            pass
        elif reason is Exit.BUDGET:
            self.finish("budget", detail="the instruction budget is used up")
        elif reason is Exit.SHUTDOWN:
            from nanvix.machine.crash import kernel_crash

            self._crash = kernel_crash(self, "triple fault", 0)
            self.finish("shutdown", detail="the guest kernel is lost (triple fault)")
        else:
            self.finish("error", detail=self.backend.exit_detail)

    def _may_stop(self, reason: Exit) -> bool:
        """Whether a stop can take effect now, after an exit for ``reason``.

        A machine is saved while a program runs or the kernel is idle: it may get another CPU and
        another counter, which kernel code that is under way would not expect.
        """
        assert self._stop is not None
        if self._stop[0] != SAVED or self.idle.active:
            return True
        if reason is not _DOORBELL and self.backend.save_state().rip < USER_END:
            return True
        if reason is Exit.KICKED:
            # Should that moment have been one of the kernel's, another comes with another exit.
            self.timers.look_again()
        else:
            self.backend.kick_in_program()
        return False

    def _sleep(self) -> Wait | None:
        """For an idle guest: what it waits for, or None when it can go on."""
        if (again := self._repeating()) is not None:
            again.sleep()
            return None
        self.inbox.waker.clear()
        # A signal posted from here on makes the descriptor readable again.
        self._collect()
        if self._stop is not None:
            return None
        if self.inbox.ring.unread():
            self.idle.interrupt()
        elif not self.idle.expired():
            return self.idle.wait(self._watches, self.inbox.waker)
        if self.journal is not None:
            from nanvix.machine.journal import Wake

            self.journal.append(Wake(self.backend.tsc()))
        return None

    def _repeating(self) -> Repeater | None:
        """What stands in for the world, while the journal is not at its end."""
        return None if self.journal is None or self.journal.live else self._repeater

    def _poll_while_running(self) -> None:
        self.timers.poll_soon()
        now = self.clock.ns(self.backend.tsc())
        if now - self._polled_ns >= _POLL_NS:
            self._polled_ns = now
            self._interrupt()

    def _interrupt(self) -> None:
        """Tell the running guest what has happened, if anything."""
        if (again := self._repeating()) is not None:
            again.at_counter()
        elif self._collect(VECTOR_EVENT):
            self.timers.inject(VECTOR_EVENT)
        if self._watches.pending:
            self.timers.poll_soon()

    def _collect(self, *vectors: int) -> bool:
        """Move posted signals and ready watches into the event ring; True if any went in.

        What finds no room stays posted or pending. ``vectors``: what the caller then injects.
        """
        fresh = self.inbox.deliver()
        if fresh and self.journal is not None:
            from nanvix.machine.journal import Arrival

            # Where moments are not exact, an interrupt is an entry of its own.
            vectors = vectors if self.journal.exact else ()
            self.journal.append(Arrival(self.backend.tsc(), tuple(fresh), vectors))
        return bool(fresh)

    def _cannot_record(self, error: Exception) -> None:
        self.stop("error", f"cannot record the event stream: {error}")

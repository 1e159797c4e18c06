"""A guest on KVM under a debugger: it has a present, and no past.

    with Present(["./a.out"]) as present:
        threading.Timer(1, present.pause).start()
        stop = present.run()                     # Stop(reason='pause', ...)
        present.registers()["rip"]

It runs at KVM's speed, can be paused, looked into and changed. What needs every instruction to be
seen it does not have; :attr:`Present.lacks` says what and why. Not thread-safe, but for
:meth:`Present.pause` and :meth:`Present.glance`.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Self

from nanvix.abi.channel import OPS
from nanvix.abi.layout import TRACE_HYPERCALL
from nanvix.debug.control import ENDS
from nanvix.debug.errors import DebugError
from nanvix.debug.events import Event, EventLog
from nanvix.debug.inspect import Inspector
from nanvix.debug.pausing import Pausing
from nanvix.debug.points import Point, Stop
from nanvix.machine.backend import Exit
from nanvix.machine.describe import ended
from nanvix.machine.trace_ring import TraceEvent

if TYPE_CHECKING:
    from nanvix.assembly import Stdio
    from nanvix.debug.debugger import Debugger
    from nanvix.debug.session import OnKvm
    from nanvix.kvm.general import Registers
    from nanvix.machine.idle import Wait
    from nanvix.machine.memory import GuestMemory

_DEBUG = OPS["DEBUG"][0]
_SLICE_S = 0.01
"""How often a running guest is looked at, at most: as often as its timer may poll."""
NOT_KEPT = "on KVM the run is kept only with --record"
_SETTLING = 20
"""Slices a paused guest gets to leave the middle of its kernel."""


class PresentMachine(Pausing):
    """The ordinary machine with a loop that comes back."""

    def stands(self) -> bool:
        """Whether the kernel waits for a debugger's answer."""
        return False

    def go_on(self, until: float) -> "Wait | None":
        """Run until ``until`` (time.monotonic), a pause is wanted, the kernel stands or the guest
        has ended (None), or until it is idle: what it waits for."""
        while self.outcome is None and not (self.pause_wanted or self.stands()):
            if time.monotonic() >= until:
                break
            if self._stop is not None:
                self.finish(self._stop[0], detail=self._stop[1])
            elif self.idle.active and (wait := self._sleep()) is not None:
                return wait
            else:
                self.timers.poll_soon()
                self._turn()
        return None

    def _turn(self) -> None:
        reason = self.backend.run()
        if reason is Exit.DOORBELL:
            self.drain()
            if not self.channel.ring(self.backend.exit_value):
                self.finish("error", detail="channel violation: a doorbell outside memory")
            elif self._watches.pending and not self.idle.active:
                self._poll_while_running()
        elif reason is not Exit.KICKED or not self.pause_wanted:
            self._handle(reason)


class _Log(EventLog):
    """Events by the guest's monotonic time in ns: instructions are not counted here. What the
    kernel asks the debugger itself is no event of the guest's."""

    def __call__(self, record: TraceEvent) -> None:
        if (record.kind, record.code) != (TRACE_HYPERCALL, _DEBUG):
            super().__call__(record)

    def _moment(self, tsc: int) -> int:
        return 0 if self.machine is None else max(0, self.machine.clock.ns(tsc))


class _Stage:
    """What a View looks at (see nanvix.debug.view.Stage)."""

    def __init__(self, machine: PresentMachine) -> None:
        self.machine = machine
        self.backend: Any = machine.backend
        self.position = 0

    @property
    def memory(self) -> "GuestMemory":
        return self.machine.memory


class Present(Inspector):
    """One guest on KVM. A context manager. Arguments as for a Debugger; unless ``portable`` is
    False, its programs are kept to the CPU that the emulator has too.

    ``last``: the latest stop; its moment is 0. Raises NanvixError as a Sandbox does.
    """

    make_machine: "type[PresentMachine]" = PresentMachine
    """What it drives."""
    moment = None
    """There are no moments on KVM: it does not count instructions."""
    live = True
    """What is shown is always the latest there is."""

    def __init__(
        self,
        argv: Sequence[str],
        *,
        stdio: "Stdio" = (0, 1, 2),
        wait: bool = True,
        **settings: Any,
    ) -> None:
        self.argv = list(argv)
        self.wait = wait
        self.version = 0
        """Another number whenever the guest has run on."""
        self._progress: Callable[[int], None] | None = None
        self._stack = ExitStack()
        try:
            self._log = _Log()
            settings.setdefault("portable", True)
            self._built = self._open(stdio, self._stack, {**settings, "events": self._log})
            self.machine = self._built.machine
            self._log.machine = self.machine
            self._stage = _Stage(self.machine)
            super().__init__(self._stage, settings.get("mounts", ()))
        except BaseException:
            self._stack.close()
            raise
        self._registers: Registers = self._view.registers  # type: ignore[assignment]
        self.last = self._stop("start")

    def _open(self, stdio: "Stdio", stack: ExitStack, settings: dict[str, Any]) -> "OnKvm":
        from nanvix.debug.session import open_present

        return open_present(self.argv, stdio, stack, self.make_machine, **settings)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the guest and release everything; idempotent."""
        self._stack.close()

    # -- what it is ----------------------------------------------------------------------------

    @property
    def lacks(self) -> dict[str, str]:
        """What cannot be done here, and why."""
        return {
            "step": "on KVM the guest runs freely",
            "points": "on KVM the guest runs freely",
            "watch": "on KVM the guest runs freely",
            "travel": "KVM keeps no past",
            "record": NOT_KEPT,
        }

    @property
    def points(self) -> list[Point]:
        """None can be set here."""
        return []

    @property
    def ended(self) -> bool:
        """Whether the guest has ended."""
        return self.machine.outcome is not None

    def events(self) -> list[Event]:
        """The log: ``moment`` is the guest's monotonic time in ns."""
        return self._log.all()

    def events_from(self, number: int) -> list[Event]:
        """The log from its event ``number`` on: for those who have the ones before."""
        return self._log.rest(number)

    def progress(self, listener: Callable[[int], None] | None) -> None:
        """Call ``listener`` now and then while the guest runs, with the guest at rest."""
        self._progress = listener

    # -- running -------------------------------------------------------------------------------

    def pause(self) -> None:
        """Let :meth:`run` stop soon; from any thread or signal handler."""
        self.machine.want_pause()

    def glance(self) -> None:
        """Let the listener of :meth:`progress` be called soon, even if the guest sleeps; from any
        thread."""
        self.machine.glance()

    def run(self) -> Stop:
        """Run until a pause or the end; without ``wait`` also until the guest is idle."""
        machine = self.machine
        machine.pause_wanted = False
        idle = False
        while machine.outcome is None and not machine.pause_wanted:
            waits = self._go_on()
            if self._progress is not None:
                self._progress(0)
            if waits is not None and not self.wait:
                idle = True
                break
            if waits is not None:
                waits.block()
        self._settle()
        machine.drain()
        if machine.outcome is not None:
            reason = ENDS.get(machine.outcome.reason, "error")
            detail = machine.outcome.detail or ended(machine.outcome.status)
            return self._stop(reason, detail)
        return self._stop("idle" if idle else "pause")

    def signal(self, number: int) -> None:
        """Send a signal to the guest's foreground, as the terminal does."""
        self.machine.post_signal(number)

    def _go_on(self) -> "Wait | None":
        waits = self.machine.go_on(time.monotonic() + _SLICE_S)
        self.machine.drain()
        self._looked()
        return waits

    def _settle(self) -> None:
        """A pause may have come in the middle of the kernel's work, where little makes sense: let
        it come back to a program or go to sleep, if that does not take long."""
        machine = self.machine
        for _ in range(_SETTLING):
            if machine.outcome is not None or machine.idle.active or self._registers.user:
                break
            machine.pause_wanted = False
            self._go_on()
        machine.pause_wanted = False

    def _looked(self) -> None:
        self.version += 1
        self._registers.forget()
        self._view.forget_modules()

    def _stop(self, reason: str, detail: str = "") -> Stop:
        pid, tid = self._view.kernel.ids()
        self.last = Stop(reason, 0, pid, tid, self._registers.rip, detail)
        return self.last

    def save(self, path: str) -> None:
        """Save the machine as it stands, or soon after, for a Debugger or Sandbox.resume; it can go
        on here afterwards. Raises NanvixError where it cannot be saved."""
        from nanvix.snapshot.state import save

        machine, services, about, settings = self._built
        if settings.net == "host":
            raise DebugError("a machine with the host's network cannot be saved")
        going = not self.ended and machine.settle()
        self._looked()
        if not going:
            raise DebugError("the guest has ended: there is nothing to be saved")
        fixed = settings.realtime_ns is not None
        save(
            machine, services.keepers, about, path, fixed_date=fixed, portable=settings.portable
        )  # fmt: skip

    def in_emulator(self, stdio: "Stdio") -> "Debugger":
        """This moment on the emulator, with all that a Debugger can do from here on; this guest
        stays as it is. Raises NanvixError, in one line, where it cannot go on there."""
        from tempfile import TemporaryDirectory

        from nanvix.debug.debugger import Debugger
        from nanvix.snapshot.state import Saved

        try:
            with TemporaryDirectory(prefix="nanvix-") as folder:
                path = f"{folder}/machine.nvstate"
                self.save(path)
                with Saved(path) as saved:
                    return Debugger(saved, stdio=stdio, mounts=self._built.settings.mounts)
        except OSError as error:
            raise DebugError(f"cannot keep the machine: {error}") from None

    # -- changing ------------------------------------------------------------------------------

    def write_memory(self, address: int, data: bytes, *, pid: int | None = None) -> None:
        """Write linear memory. Raises DebugError when it is not mapped."""
        for physical, part in self._pieces(address, data, pid):
            self.machine.memory.write(physical, part)

    def set_register(self, name: str, value: int) -> None:
        """Set a general register, rip or rflags of the running thread."""
        if self.ended:
            raise DebugError("the guest has ended: nothing can be changed any more")
        try:
            self._registers[name] = value
        except KeyError:
            raise DebugError(f"{name} cannot be changed") from None

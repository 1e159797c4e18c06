"""The debugger: start a program, stop it anywhere, look, and go back.

    with Debugger(["./a.out"]) as debugger:
        debugger.breakpoint("main")
        stop = debugger.run()
        debugger.step_back()

Every verb returns a :class:`~nanvix.debug.points.Stop`; what is shown always belongs to the moment
of the last one. Not thread-safe, but for :meth:`Debugger.pause`.
"""

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Self

from nanvix.abi.layout import PAGE_SIZE, USER_END
from nanvix.debug.backward import RETRIES, Backward
from nanvix.debug.control import RECORDED
from nanvix.debug.errors import DebugError
from nanvix.debug.events import EventLog
from nanvix.debug.points import Breakpoint, Stop
from nanvix.debug.returned import returning, with_result
from nanvix.debug.search import Search
from nanvix.debug.session import open_recording, open_saved, open_session
from nanvix.debug.timeline import Timeline
from nanvix.machine.clock import GuestClock
from nanvix.machine.journal import Change, End
from nanvix.snapshot.history import BUDGET
from nanvix.snapshot.state import Saved
from nanvix.trace.record import describe
from nanvix.trace.recording import Recording

if TYPE_CHECKING:
    from nanvix.debug.live import LiveMachine

Stdio = tuple[int | None, int | None, int | None]


class Debugger(Backward):
    """One guest on the emulator, under control. A context manager.

    ``argv``: the program, or a recording of one (nanvix.trace.recording.load), which is then all
    the host there is (its event log is empty, unless a debugger made it), or a saved machine
    (nanvix.snapshot.state.Saved, whichever backend it is from): history begins where it was saved,
    and moments count from there. ``stdio``: the host descriptors behind its
    standard streams. ``start``: "program" runs to its first instruction, "boot" stays at the
    kernel's; going back ends there. ``memory_budget``: bytes for checkpoints. ``wait``: whether
    verbs wait while the guest is idle (False: they stop with ``idle``). Other ``settings`` are a
    Sandbox's: memory, env, directory, mounts, seed, ...

    Raises NanvixError as a Sandbox does.
    """

    def __init__(
        self,
        argv: Sequence[str] | Recording | Saved,
        *,
        stdio: Stdio = (0, 1, 2),
        start: str = "program",
        memory_budget: int = BUDGET,
        wait: bool = True,
        **settings: Any,
    ) -> None:
        self.recording: Recording | None = None
        self.saved: Saved | None = None
        self.argv: list[str]
        if isinstance(argv, Recording):
            self.recording, self.argv = argv, argv.header.argv
        elif isinstance(argv, Saved):
            self.saved, self.argv = argv, argv.argv
            start = "boot" if argv.idle else "program"
        else:
            self.argv = list(argv)
        self._stack = ExitStack()
        try:
            log = EventLog()
            machine = log.machine = self._open(stdio, log, settings)
            timeline = Timeline(machine, memory_budget)
            self._stack.callback(timeline.close)
            super().__init__(timeline, log, settings.get("mounts", ()), wait)
        except BaseException:
            self._stack.close()
            raise
        self._bottom = timeline.start
        if start == "program":
            self.last = self.to_user()._replace(reason="start")
            self._bottom = self.moment

    def _open(self, stdio: Stdio, log: EventLog, settings: dict[str, Any]) -> "LiveMachine":
        if self.recording is not None:
            return open_recording(self.recording, self._stack, log)
        if self.saved is not None:
            return open_saved(self.saved, stdio, self._stack, events=log, **settings)[0]
        machine, launch = open_session(self.argv, stdio, self._stack, events=log, **settings)
        self._program = launch.program
        return machine

    @property
    def lacks(self) -> dict[str, str]:
        """What cannot be done here, and why."""
        if self.saved is None:
            return super().lacks
        return super().lacks | {"record": "what entered it before it was saved is not known"}

    def recorded(self) -> Recording:
        """All that has happened so far, as a recording that ends at the frontier. Raises
        DebugError where that is not known, or a debugger has had a hand in it."""
        if self.recording is not None:
            return self.recording
        machine, outcome = self.machine, self.outcome
        if isinstance(machine.spec, GuestClock):
            raise DebugError(f"no recording: {self.lacks['record']}")
        entries = list(machine.journal.entries)
        if any(isinstance(entry, Change) for entry in entries):
            raise DebugError("the guest has been changed by hand: a recording would not repeat it")
        try:
            header = describe(
                argv=self.argv, program=self._program, spec=machine.spec, image=machine.image,
                backend=machine.backend, memory=machine.memory, ops=machine.ops,
            )  # fmt: skip
        except OSError as error:
            raise DebugError(f"cannot read {self._program}: {error.strerror}") from None
        how = (RECORDED, 0, "it goes no further") if outcome is None else outcome[:3]
        entries.append(End(machine.journal.horizon, *how))
        return Recording(header, machine.spec.manifest, entries)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the guest and release everything; idempotent."""
        self._stack.close()

    # -- forward -----------------------------------------------------------------------------

    def run(self) -> Stop:
        """Run on to the next hit of a point, or the end."""
        return self._search()

    def run_to(self, where: int | str) -> Stop:
        """Run to a place, or to a point before it."""
        point = Breakpoint(0, where)
        if isinstance(where, str) and not self._view.resolve(where):
            raise DebugError(f"{where!r} is not known here")
        return self._search(extra=[point])

    def to_user(self) -> Stop:
        """Run until a program runs in user mode, right behind the kernel's return to it."""
        return self._search(to_user=True)

    def step(self, *, kernel: bool = False) -> Stop:
        """One instruction. In a program the kernel's work counts as none, unless ``kernel``."""
        registers, here = self._view.registers, self.moment
        user, tid, rip = registers.user, self._view.kernel.ids()[1], registers.rip
        syscall = user and self._kind() == "syscall"
        for _ in range(RETRIES):
            search = Search(self._view, [], here=self.moment, skip_crash=here)
            stop = self._forward(search, self.moment + 1)
            if stop.reason != "moment":
                return stop
            if kernel or not user or registers.user:
                return stop._replace(reason="step")
            stop = self._search(to_user_of=tid, skip_crash=here)
            # After a page fault or an interrupt the instruction is still to come.
            if stop.reason != "user" or syscall or registers.rip != rip:
                return stop._replace(reason="step") if stop.reason == "user" else stop
        return self._stop("step")

    def step_thread(self, tid: int) -> Stop:
        """One instruction of a thread in user mode; others run until it is its turn."""
        if self._view.registers.user and self._view.kernel.ids()[1] == tid:
            return self.step()
        stop = self._search(to_user_of=tid)
        return stop._replace(reason="step") if stop.reason == "user" else stop

    def over(self) -> Stop:
        """One instruction, a called function as part of it."""
        if self._kind() == "":
            return self.step()
        item = self.instruction()
        if item.kind != "call" and not item.mnemonic.startswith("rep"):
            return self.step()
        sp, tid = self._view.registers["rsp"], self._view.kernel.ids()[1]
        return self._until(item.address + item.size, sp, tid)

    def out(self) -> Stop:
        """Run until the current function has returned; the stop's detail is what it has returned,
        where that is known."""
        what = returning(self._view)
        target, sp = self._return_place()
        stop = self._until(target, sp, self._view.kernel.ids()[1], "return")
        self.last = with_result(self, stop, what)
        return self.last

    def step_line(self, *, over: bool = False) -> Stop:
        """To the beginning of another source line: into called functions that have lines, or
        ``over`` all. Without debug information, one instruction."""
        return self._by_line(lambda: self._over_or_into(over))

    def _over_or_into(self, over: bool) -> Stop:
        if over or self._kind() != "call":
            return self.over()
        before = self.moment
        stop = self.step()
        if stop.reason == "step" and self.line() is None:
            self.timeline.go(before)
            return self.over()
        return stop

    # -- changing ----------------------------------------------------------------------------

    def write_memory(self, address: int, data: bytes, *, pid: int | None = None) -> None:
        """Write linear memory at the frontier: a process gets pages of its own for it, where they
        are not shared on purpose. Raises DebugError elsewhere or when not mapped."""
        self._renew()
        self.timeline.require_changeable()
        if address < USER_END:
            self._own(address, len(data), pid)
        for physical, part in self._pieces(address, data, pid):
            self.timeline.write(physical, part)

    def _own(self, address: int, size: int, pid: int | None) -> None:
        """Have a process share none of these pages."""
        from nanvix.debug import owning

        owner = self._view.kernel.ids()[0] if pid is None else pid
        for page in range(address & -PAGE_SIZE, address + size, PAGE_SIZE):
            space = self._view.space(pid)
            if space is not None and owner and not owning.is_own(space, page):
                for physical, word in owning.own_page(self.machine, self._view, owner, page):
                    self.timeline.write(physical, word)

    def set_register(self, name: str, value: int) -> None:
        """Set a general register, rip or rflags of the running thread, at the frontier."""
        self._renew()
        self.timeline.set_register(name, value)

    def signal(self, number: int, tid: int = 0) -> None:
        """Send a signal to a thread, or to the guest's foreground as the terminal does."""
        self.machine.post_signal(number, tid)

    def answer_signal(self, number: int, news: int) -> bool:
        """At a stop for the signal ``news``, and at the frontier: let it be another one, or none
        (0); whether that one is still to come. The past has run as it has."""
        if not self.in_kernel:
            return self._answer_fault(number, news)
        if number != news and self.live:
            at = self._view.kernel.address("debug_signal")
            self.write_memory(at, (number or -1).to_bytes(4, "little", signed=True))
        return False

    def _answer_fault(self, number: int, news: int) -> bool:
        """A fault is shown before it happens: it does again, if it has not been mended."""
        mended = self.live and self._view.registers.rip != self.last.rip
        if number == news and not mended:
            return False
        try:
            self._renew()
        except DebugError:
            return False
        if not self.live:
            return False
        self._again = not mended
        if number:
            self.signal(number, self.last.tid)
        return number != 0

    def hold(self, tids: Iterable[int]) -> None:
        """Let exactly these threads not run from now on. The past has run as it has."""
        wanted, kernel = frozenset(tids), self._view.kernel
        other = [t for t in self.threads() if (t.tid in wanted) != kernel.held(t.task)]
        if not other or self.ended:
            return
        try:
            self._renew()
        except DebugError:
            return
        if self.live:
            for thread in other:
                self.write_memory(kernel.held_at(thread.task), bytes((thread.tid in wanted,)))
            self.machine.post_signal(0)

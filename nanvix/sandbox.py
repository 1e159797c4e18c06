"""The public API: run a program in a micro-VM of its own.

    with Sandbox(memory=128 << 20, timeout=5) as sandbox:
        result = sandbox.run(["ls", "-la"], capture=True)
    print(result.exit_code, result.stdout)

A sandbox is a set of limits and grants; each run gets a fresh VM.
"""

from __future__ import annotations

from nanvix.assembly import Stdio, assemble, launch
from nanvix.closing import Closing
from nanvix.errors import UsageError
from nanvix.result import Phases, Result, result_of
from nanvix.settings import Settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager
    from typing import Self

    from nanvix.guest.launch import Launch
    from nanvix.machine.journal import Journal
    from nanvix.machine.machine import Machine
    from nanvix.recorded import RecordedRun
    from nanvix.snapshot.state import Saved


class Sandbox(Settings):
    """Runs programs, one after the other, under the limits and with the grants of
    :class:`nanvix.settings.Settings`, which says what arguments there are."""

    _closed = False
    _machine: Machine | None = None
    _stop: tuple[str, str] | None = None
    _save_to: str | None = None
    _argv: Sequence[str] = ()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the run, if there is one, and start no other; from any thread. Idempotent."""
        self._closed = True
        if self._machine is not None:
            self._machine.stop("closed")

    def run(
        self,
        argv: Sequence[str],
        *,
        stdio: Stdio = (0, 1, 2),
        input: bytes | None = None,
        capture: bool = False,
    ) -> Result:
        """Run ``argv`` to its end in a fresh VM.

        ``stdio``: the host descriptors behind the guest's standard streams, None for a closed
        one; they stay the caller's. ``input`` replaces
        the first by these bytes, ``capture`` the others by buffers of the result.
        Raises a NanvixError if the guest cannot be started or the sandbox is closed; what the
        guest does then never raises.
        """
        return _piped(lambda streams: self._start(argv, streams), stdio, input, capture)

    @property
    def running(self) -> bool:
        """Whether a guest is there to hear a signal."""
        return self._machine is not None

    def signal(self, signo: int) -> None:
        """Send a signal to the running guest's foreground; safe in a signal handler."""
        if self._machine is not None:
            self._machine.post_signal(signo)

    def read_code(self, address: int, size: int) -> bytes:
        """Memory of the process that runs now, for a listener; empty where nothing is mapped."""
        machine = self._machine
        physical = machine.backend.translate(address) if machine is not None else None
        if machine is None or physical is None or physical + size > machine.memory.size:
            return b""
        return machine.memory.read(physical, size)

    def stop(self, reason: str, detail: str = "") -> None:
        """End the run, now or once it has begun; from any thread or signal handler."""
        self._stop = (reason, detail)
        if self._machine is not None:
            self._machine.stop(reason, detail)

    def save(self, path: str) -> None:
        """End the run at the next moment at which the machine can be saved, and save it to
        ``path`` for :meth:`resume`; from any thread or signal handler.

        The run's reason is "saved" then; if the guest ends before, its own, and nothing is saved.
        :meth:`run` raises NanvixError when the machine or the file cannot be written. Raises
        UsageError for a sandbox whose runs are recorded or listened to, or have the host's network.
        """
        self.require_savable()
        self._save_to = path
        self.stop("saved")

    def require_savable(self) -> None:
        """Raises UsageError where :meth:`save` would."""
        if self.record is not None or self.events is not None or self.net == "host":
            raise UsageError(
                "a machine that is recorded or traced, or has the host's network, cannot be saved"
            )

    def resume(
        self,
        path: str,
        *,
        stdio: Stdio = (0, 1, 2),
        input: bytes | None = None,
        capture: bool = False,
    ) -> Result:
        """Go on with the machine that :meth:`save` saved, to its end, as :meth:`run` does.

        What the guest may see and use comes from the file; ``timeout``, ``max_instructions`` (from
        the machine's beginning), ``backend`` and ``log`` are this sandbox's. Raises a NanvixError
        when the file is no whole saved machine of this version and kernel, or a file that the
        guest uses is not what it was.
        """
        from nanvix.snapshot.state import Saved

        self._require_open()
        if self.record is not None or self.events is not None:
            raise UsageError("a machine that has been saved cannot be recorded or traced")
        with Saved(path) as saved:
            self._argv, program = self.take_over(saved.memory, saved.about)
            return _piped(
                lambda streams: self._run(program, streams, saved=saved), stdio, input, capture
            )

    def _exact(self, recording: RecordedRun | None) -> bool:
        """Whether somebody may want to know that two runs ended the same."""
        return self.seed is not None or (recording is not None and recording.recorder.exact)

    def machine(
        self, argv: Sequence[str], *, stdio: Stdio = (0, 1, 2), journal: Journal | None = None
    ) -> AbstractContextManager[Machine]:
        """A booted machine to drive by hand: its first instruction is up to the caller.

        ``journal``: keeps what enters the guest. Raises a NanvixError as :meth:`run` does.
        """

        self._require_open()

        def boot(closing: Closing) -> Machine:
            program = launch(self, argv)
            return assemble(self, program, stdio, closing, Phases(), journal=journal).machine

        return _Booted(boot)

    def _require_open(self) -> None:
        if self._closed:
            raise UsageError("the sandbox is closed")

    def _start(self, argv: Sequence[str], stdio: Stdio) -> Result:
        self._require_open()
        phases = Phases()
        self._argv = list(argv)
        program = launch(self, argv)
        phases.end("prepare")
        return self._run(program, stdio, phases)

    def _run(
        self,
        program: Launch,
        stdio: Stdio,
        phases: Phases | None = None,
        saved: Saved | None = None,
    ) -> Result:
        phases = phases or Phases()
        with Closing() as closing:
            recording = self._recorded(closing)
            machine, backend, services = assemble(
                self, program, stdio, closing, phases, recording=recording, saved=saved
            )
            self._machine = machine
            try:
                if self._stop is not None:
                    machine.stop(*self._stop)
                elif self._closed:
                    machine.stop("closed")
                outcome = machine.run(self.timeout)
            finally:
                self._machine = None
                self._stop = None
                save_to, self._save_to = self._save_to, None
            phases.end("guest")
            if outcome.reason == "saved" and save_to is not None:
                from nanvix.snapshot.state import save

                fixed = self.realtime_ns is not None
                save(
                    machine,
                    services.keepers,
                    self.about(program, self._argv),
                    save_to,
                    fixed_date=fixed,
                    portable=self.portable,
                )
                phases.end("save")
            if recording is not None:
                recording.finish(outcome, backend)
                phases.end("recording")
            result = result_of(
                machine, outcome, program.program,
                phases=phases.phases, checksum=self._exact(recording),
            )  # fmt: skip
        phases.end("close")
        return result

    def _recorded(self, closing: Closing) -> RecordedRun | None:
        if self.record is None:
            return None
        from nanvix.recorded import RecordedRun

        return RecordedRun(self.record, self._argv, closing)


class _Booted:
    """A machine while it is driven by hand."""

    def __init__(self, boot: Callable[[Closing], Machine]) -> None:
        self._boot = boot
        self._closing = Closing()

    def __enter__(self) -> Machine:
        try:
            return self._boot(self._closing)
        except BaseException:
            self._closing.close()
            raise

    def __exit__(self, *_: object) -> None:
        self._closing.close()


def _piped(
    run: Callable[[Stdio], Result], stdio: Stdio, input: bytes | None, capture: bool
) -> Result:
    """A run with the streams replaced that bytes are given for, or wanted of."""
    if input is None and not capture:
        return run(stdio)
    from nanvix.capture import Capture

    with Capture(stdio, input, capture) as pipes:
        result = run(pipes.stdio)
        stdout, stderr = pipes.finish()
    return result._replace(stdout=stdout, stderr=stderr)

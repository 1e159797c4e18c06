"""Replays: the machine of a recording, and running it to its end."""

import os
import select
from contextlib import ExitStack
from typing import TYPE_CHECKING, Self

from nanvix.abi.channel import OPS
from nanvix.machine.journal import End, Journal
from nanvix.replay.recorded import recorded_machine
from nanvix.result import Result, result_of
from nanvix.trace.recording import Recording, RecordingError

if TYPE_CHECKING:
    from nanvix.abi.call import Call
    from nanvix.machine.machine import Machine
    from nanvix.machine.outcome import Listener, Log, Outcome
    from nanvix.machine.trace_ring import TraceEvent
    from nanvix.replay.landing import Lander

_CON_WRITE = OPS["CON_WRITE"][0]
Output = tuple[int | None, int | None]


class Replay:
    """The recorded machine, booted on the emulator. A context manager.

    ``machine``: to be driven by hand, or by :meth:`run`. ``output``: host descriptors for what the
    guest writes to its standard output and error. ``copy``: a journal that gets the entries with
    exact moments, whatever backend was recorded. Raises RecordingError when the recording is not
    for this nanvix.
    """

    def __init__(
        self,
        recording: Recording,
        *,
        output: Output = (None, None),
        copy: Journal | None = None,
        events: "Listener | None" = None,
        log: "Log | None" = None,
    ) -> None:
        from nanvix.machine.machine import Machine

        header = recording.header
        self.recording = recording
        journal = Journal(recording.entries, exact=header.exact, own_timers=header.own_timers)
        journal.copy = copy
        journal.echo = _Echo(output)
        self._lander: Lander | None = None
        self._events = events
        self._held: list[TraceEvent] = []
        self._stack = ExitStack()
        try:
            self.machine = recorded_machine(
                recording, journal, self._stack, Machine, events=events and self._hear, log=log
            )
            if not header.exact:
                self._lander = self._land(self.machine)
        except BaseException:
            self.close()
            raise

    def _land(self, machine: "Machine") -> "Lander":
        from nanvix.replay.landing import Lander, Probing

        assert isinstance(machine.backend, Probing)
        lander = Lander(machine, machine.backend, self._release)
        self._stack.callback(lander.close)
        return lander

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Release the machine; idempotent."""
        self._stack.close()

    @property
    def approximate(self) -> int:
        """Interrupts whose place was found by less than all registers and the stack."""
        return 0 if self._lander is None else self._lander.approximate

    def run(self, timeout: float | None = None) -> "Outcome":
        """Run to the end, or to the first difference (reason "diverged")."""
        while True:
            outcome = self.machine.run(timeout)
            lander = self._lander
            if outcome.reason != "diverged" or lander is None or not lander.look_again():
                self._release()
                return outcome
            self._held.clear()

    def _hear(self, event: "TraceEvent") -> None:
        """An event of which the listener hears once the run cannot go back behind it."""
        if self._lander is not None and self._lander.unsure:
            self._held.append(event)
            return
        self._release()
        if self._events is not None:
            self._events(event)

    def _release(self) -> None:
        held, self._held = self._held, []
        for event in held:
            if self._events is not None:
                self._events(event)


def replay(
    recording: Recording,
    *,
    output: Output = (None, None),
    timeout: float | None = None,
    events: "Listener | None" = None,
    log: "Log | None" = None,
) -> Result:
    """Run a recording to its end, or to the first difference (reason "diverged")."""
    with Replay(recording, output=output, events=events, log=log) as session:
        outcome = session.run(timeout)
        machine = session.machine
        detail = ""
        if session.approximate:
            detail = f"{session.approximate} interrupts came at their address, not their state"
        return result_of(machine, outcome, recording.header.program, detail=detail, checksum=True)


def exact(recording: Recording, timeout: float | None = None) -> Recording:
    """The same recording with exact moments, found by replaying it once: one that can be run
    back and forth. Raises RecordingError where the replay differs from the recording."""
    header = recording.header
    if header.exact:
        return recording
    copy = Journal(own_timers=False)
    with Replay(recording, copy=copy) as session:
        outcome = session.run(timeout)
        if outcome.reason == "diverged":
            raise RecordingError(outcome.detail)
        copy.append(End(session.machine.backend.tsc(), *outcome[:3]))
    return Recording(
        header._replace(exact=True, own_timers=False), recording.manifest, copy.entries
    )


def check_program(recording: Recording, path: str) -> None:
    """Raise RecordingError unless the recording is of the program in this file."""
    from nanvix.machine.fingerprint import file_fingerprint

    try:
        found = file_fingerprint(path)
    except OSError as error:
        raise RecordingError(f"cannot read {path}: {error.strerror}") from None
    if found != recording.header.program_file:
        raise RecordingError(
            f"the recording is of another program than {path}: of {recording.header.program}, "
            "as it was then"
        )


class _Echo:
    """What the guest writes to its console, for whoever watches."""

    def __init__(self, output: Output) -> None:
        self._output = output

    def __call__(self, call: "Call", result: int) -> None:
        if call.op != _CON_WRITE or result <= 0:
            return
        fd = self._output[1 if call.arg[0] == 2 else 0]
        if fd is not None:
            data = memoryview(b"".join(call.inputs))[:result]
            while data:
                try:
                    data = data[os.write(fd, data) :]
                except BlockingIOError:  # by somebody who shares it with us
                    poller = select.poll()
                    poller.register(fd, select.POLLOUT)
                    poller.poll()

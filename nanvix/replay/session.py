"""Replays: the machine of a recording, and running it to its end."""

import os
from contextlib import ExitStack
from types import TracebackType
from typing import TYPE_CHECKING, Self

from nanvix.abi.channel import OPS
from nanvix.abi.header import abi_version
from nanvix.abi.layout import BOOT_TRACE
from nanvix.machine.journal import End, Journal
from nanvix.result import Result, exit_code
from nanvix.trace.recording import Header, Recording, RecordingError

if TYPE_CHECKING:
    from nanvix.abi.call import Call
    from nanvix.machine.boot import BootSpec
    from nanvix.machine.cpuid import Row
    from nanvix.machine.image import KernelImage
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
        from nanvix.machine.image import KernelImage

        header = recording.header
        image = KernelImage.load()
        check_kernel(recording, image)
        self.recording = recording
        journal = Journal(recording.entries, exact=header.exact, own_timers=header.own_timers)
        journal.copy = copy
        journal.echo = _Echo(output)
        self._lander: Lander | None = None
        self._events = events
        self._held: list[TraceEvent] = []
        self._stack = ExitStack()
        try:
            self.machine = self._build(image, journal, events and self._hear, log)
        except BaseException:
            self.close()
            raise

    def _build(
        self,
        image: "KernelImage",
        journal: Journal,
        events: "Listener | None",
        log: "Log | None",
    ) -> "Machine":
        from nanvix.abi.call import WatchTable
        from nanvix.assembly import open_backend
        from nanvix.machine.machine import Machine
        from nanvix.machine.memory import GuestMemory
        from nanvix.replay.landing import Lander, Probing

        header, stack = self.recording.header, self._stack
        memory = GuestMemory(header.memory)
        stack.callback(memory.close)
        backend = open_backend("emu", memory)
        stack.callback(backend.close)
        spec = boot_spec(header, self.recording.manifest)
        if spec.flags & BOOT_TRACE and events is None:
            events = _unheard  # somebody listened, and the guest waits for that
        machine = Machine(
            memory,
            backend,
            image,
            spec,
            dict.fromkeys(header.ops, never),
            WatchTable(),
            events=events,
            log=log,
            journal=journal,
        )
        stack.callback(machine.close)
        assert isinstance(backend, Probing)
        backend.show_cpuid(cpuid_rows(header))
        if not header.exact:
            self._lander = Lander(machine, backend, self._release)
            stack.callback(self._lander.close)
        return machine

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
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
        detail = outcome.detail
        if session.approximate and not detail:
            detail = f"{session.approximate} interrupts came at their address, not their state"
        return Result(
            program=recording.header.program,
            exit_code=exit_code(outcome.reason, outcome.status),
            reason=outcome.reason,
            detail=detail,
            backend=machine.backend.name,
            instructions=machine.backend.instructions(),
            exits=machine.backend.exits,
            hypercalls=machine.hypercalls(),
            syscalls=machine.syscalls(),
            peak_memory=machine.peak_memory(),
            phases={},
            ram_sha256=machine.memory.sha256(),
            crash=outcome.crash,
        )


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


def check_kernel(recording: Recording, image: "KernelImage") -> None:
    """Raises RecordingError unless the recording was made with this kernel image."""
    header = recording.header
    if header.abi != abi_version() or header.kernel != image.fingerprint():
        raise RecordingError(
            "the recording was made with another kernel image: replay it with the nanvix it is from"
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


def cpuid_rows(header: Header) -> "list[Row]":
    """What programs saw of the CPU. Raises RecordingError."""
    rows: list[Row] = []
    for row in header.cpuid:
        if len(row) != 6 or not all(isinstance(v, int) and 0 <= v < 1 << 32 for v in row):
            raise RecordingError("the recording is damaged: its header makes no sense")
        a, b, c, d, e, f = row
        rows.append((a, b, c, d, e, f))
    return rows


def _unheard(event: "TraceEvent") -> None:
    """Takes an event."""


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
                data = data[os.write(fd, data) :]


def never(call: "Call") -> int:
    """Stands for every service: the journal answers."""
    raise AssertionError(f"op {call.op:#x} reached a service during a replay")


def boot_spec(header: Header, manifest: bytes) -> "BootSpec":
    """How the recorded machine was booted. Raises RecordingError."""
    from nanvix.machine.boot import BootSpec

    fields = dict(header.spec)
    try:
        fields["seed"] = bytes.fromhex(fields["seed"])
        return BootSpec(manifest=manifest, **fields)
    except (KeyError, TypeError, ValueError):
        raise RecordingError("the recording is damaged: its header makes no sense") from None

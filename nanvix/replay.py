"""Running a recording again, on the emulator and without the host.

    result = replay(load("crash.nvrec"))

The guest gets from the recording what it got from the host: no file is opened for it, nothing is
read, no clock is asked. What it does is compared with what it did, request by request, and the
first difference ends the replay with the reason "diverged".
"""

import os
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from nanvix.abi.channel import OPS
from nanvix.abi.header import abi_version
from nanvix.machine.journal import Journal
from nanvix.result import Result, exit_code
from nanvix.trace.recording import Header, Recording, RecordingError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nanvix.abi.call import Call
    from nanvix.machine.boot import BootSpec
    from nanvix.machine.machine import Listener, Log, Machine

_CON_WRITE = OPS["CON_WRITE"][0]
Output = tuple[int | None, int | None]


@contextmanager
def open_machine(
    recording: Recording,
    *,
    output: Output = (None, None),
    copy: Journal | None = None,
    events: "Listener | None" = None,
    log: "Log | None" = None,
) -> "Iterator[Machine]":
    """The recorded machine, booted on the emulator; its first instruction is up to the caller.

    ``output``: host descriptors for what the guest writes to its standard output and error.
    ``copy``: gets the entries with exact moments, whatever backend was recorded (see Journal).
    Raises RecordingError when the recording is not for this nanvix.
    """
    from nanvix.abi.call import WatchTable
    from nanvix.machine.image import KernelImage
    from nanvix.machine.machine import Machine
    from nanvix.machine.memory import GuestMemory
    from nanvix.sandbox import open_backend

    header = recording.header
    image = KernelImage.load()
    if header.abi != abi_version() or header.kernel != image.sha256():
        raise RecordingError(
            "the recording was made with another kernel image: replay it with the nanvix it is from"
        )
    journal = Journal(recording.entries, exact=header.exact, own_timers=header.own_timers)
    journal.copy = copy
    journal.echo = _Echo(output)
    with ExitStack() as stack:
        memory = GuestMemory(header.memory)
        stack.callback(memory.close)
        backend = open_backend("emu", memory)
        stack.callback(backend.close)
        if not header.exact:
            from nanvix.trace.landing import Lander, Probing

            if isinstance(backend, Probing):
                journal.land = Lander(backend.probes(), backend.registers(), memory)
        machine = Machine(
            memory,
            backend,
            image,
            _spec(header, recording.manifest),
            dict.fromkeys(header.ops, _never),
            WatchTable(),
            events=events,
            log=log,
            journal=journal,
        )
        stack.callback(machine.close)
        yield machine


def replay(
    recording: Recording,
    *,
    output: Output = (None, None),
    timeout: float | None = None,
    events: "Listener | None" = None,
    log: "Log | None" = None,
) -> Result:
    """Run a recording to its end, or to the first difference (reason "diverged")."""
    with open_machine(recording, output=output, events=events, log=log) as machine:
        outcome = machine.run(timeout)
        return Result(
            program=recording.header.program,
            exit_code=exit_code(outcome.reason, outcome.status),
            reason=outcome.reason,
            detail=outcome.detail,
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


def check_program(recording: Recording, path: str) -> None:
    """Raise RecordingError unless the recording is of the program in this file."""
    from nanvix.trace.record import file_sha256

    try:
        found = file_sha256(path)
    except OSError as error:
        raise RecordingError(f"cannot read {path}: {error.strerror}") from None
    if found != recording.header.program_sha256:
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
                data = data[os.write(fd, data) :]


def _never(call: "Call") -> int:
    """Stands for every service: the journal answers."""
    raise AssertionError(f"op {call.op:#x} reached a service during a replay")


def _spec(header: Header, manifest: bytes) -> "BootSpec":
    from nanvix.machine.boot import BootSpec

    fields = dict(header.spec)
    try:
        fields["seed"] = bytes.fromhex(fields["seed"])
        return BootSpec(manifest=manifest, **fields)
    except (KeyError, TypeError, ValueError):
        raise RecordingError("the recording is damaged: its header makes no sense") from None

"""The machine of a recording, on the emulator: booted as it was, with a journal for the world."""

from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING, TypeVar

from nanvix.abi.header import abi_version
from nanvix.abi.layout import BOOT_TRACE
from nanvix.trace.recording import Header, Recording, RecordingError

if TYPE_CHECKING:
    from nanvix.abi.call import Call
    from nanvix.machine.boot import BootSpec
    from nanvix.machine.cpuid import Row
    from nanvix.machine.image import KernelImage
    from nanvix.machine.journal import Journal
    from nanvix.machine.machine import Machine
    from nanvix.machine.outcome import Listener, Log
    from nanvix.machine.trace_ring import TraceEvent

_M = TypeVar("_M", bound="Machine")
_SEED_SIZE = 32
_WIDE = ("flags", "tmpfs_limit", "realtime_ns")
"""Fields of a BootSpec that have 64 bits; the other numbers have 32."""


def recorded_machine(
    recording: Recording,
    journal: "Journal",
    stack: ExitStack,
    make_machine: Callable[..., _M],
    *,
    events: "Listener | None" = None,
    log: "Log | None" = None,
) -> _M:
    """The machine before its first instruction, released with ``stack``.

    Raises RecordingError when the recording is not for this nanvix, or the machine cannot be had.
    """
    from nanvix.abi.call import WatchTable
    from nanvix.assembly import open_backend
    from nanvix.machine.boot import BootError
    from nanvix.machine.image import KernelImage
    from nanvix.machine.memory import GuestMemory
    from nanvix.replay.landing import Probing

    image = KernelImage.load()
    check_kernel(recording, image)
    header = recording.header
    spec = boot_spec(header, recording.manifest)
    try:
        memory = GuestMemory(header.memory)
    except (OSError, OverflowError, ValueError) as error:
        size = header.memory >> 20
        raise RecordingError(f"the recording needs {size} MiB of guest memory: {error}") from None
    stack.callback(memory.close)
    backend = open_backend("emu", memory)
    stack.callback(backend.close)
    if events is None and spec.flags & BOOT_TRACE:
        events = _unheard  # somebody listened, and the guest waits for that
    services = dict.fromkeys(header.ops, _never)
    try:
        machine = make_machine(
            memory, backend, image, spec, services, WatchTable(),
            events=events, log=log, journal=journal,
        )  # fmt: skip
    except BootError as error:
        raise RecordingError(f"the recorded machine cannot be booted: {error}") from None
    stack.callback(machine.close)
    assert isinstance(backend, Probing)
    backend.show_cpuid(cpuid_rows(header))
    return machine


def check_kernel(recording: Recording, image: "KernelImage") -> None:
    """Raises RecordingError unless the recording was made with this kernel image."""
    header = recording.header
    if header.abi != abi_version() or header.kernel != image.fingerprint():
        raise RecordingError(
            "the recording was made with another kernel image: replay it with the nanvix it is from"
        )


def boot_spec(header: Header, manifest: bytes) -> "BootSpec":
    """How the recorded machine was booted. Raises RecordingError."""
    from nanvix.machine.boot import BootSpec

    fields = dict(header.spec)
    try:
        fields["seed"] = bytes.fromhex(fields["seed"])
        spec = BootSpec(manifest=manifest, **fields)
        for name, value in header.spec.items():
            most = 1 << (62 if name in _WIDE else 32)
            least = -most if name == "realtime_ns" else 0
            if name != "seed" and (type(value) is not int or not least <= value < most):
                raise ValueError(name)
        if len(spec.seed) != _SEED_SIZE:
            raise ValueError("seed")
    except (KeyError, TypeError, ValueError):
        raise RecordingError("the recording is damaged: its header makes no sense") from None
    return spec


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


def _never(call: "Call") -> int:
    """Stands for every service: the journal answers."""
    raise AssertionError(f"op {call.op:#x} reached a service during a replay")

"""A machine with all it needs, put together: :func:`assemble`."""

from __future__ import annotations

import os
import time
from errno import EMFILE, ENFILE

from nanvix.abi.channel import MOUNT_READ_ONLY, MOUNT_STABLE
from nanvix.abi.layout import BOOT_HOST_STEP, BOOT_NET_HOST, BOOT_NET_NONE, BOOT_STEADY, BOOT_STEP
from nanvix.errors import BackendUnavailable, KernelImageError, NanvixError, UsageError
from nanvix.guest.launch import Launch, prepare
from nanvix.named import NamedTuple
from nanvix.settings import COMMON_CPU, PORTABLE_CPU, Settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nanvix.closing import Closer
    from nanvix.kvm.device.vm import Vm
    from nanvix.machine.backend import Backend
    from nanvix.machine.boot import BootSpec
    from nanvix.machine.clock import GuestClock
    from nanvix.machine.journal import Journal
    from nanvix.machine.machine import Machine
    from nanvix.machine.memory import GuestMemory
    from nanvix.macro.fs import Export
    from nanvix.macro.services import Services
    from nanvix.recorded import RecordedRun
    from nanvix.result import Phases
    from nanvix.snapshot.state import Saved

Stdio = tuple[int | None, int | None, int | None]
"""The host descriptors behind a guest's standard streams, None for a closed one."""

_NETWORK = {"none": BOOT_NET_NONE, "host": BOOT_NET_HOST}
_STEPS = {None: 0, "guest": BOOT_STEP, "host": BOOT_STEP | BOOT_HOST_STEP}


class Assembled(NamedTuple):
    """A machine that has booted, or been loaded, and what stands around it."""

    machine: Machine
    backend: Backend
    services: Services


def launch(settings: Settings, argv: Sequence[str]) -> Launch:
    """The program and what it may see. Raises a NanvixError for what cannot be run."""
    env = settings.env
    if settings.portable:
        env = PORTABLE_CPU | env
    elif settings.record is not None:
        # A recording is replayed on the emulator, whatever the CPU was that made it.
        env = COMMON_CPU | env
    network = settings.net == "host"
    return prepare(argv, env, settings.directory, settings.mounts, network=network)


def assemble(
    settings: Settings,
    launch: Launch,
    stdio: Stdio,
    closing: Closer,
    phases: Phases,
    *,
    journal: Journal | None = None,
    recording: RecordedRun | None = None,
    saved: Saved | None = None,
    make_machine: Callable[..., Machine] | None = None,
) -> Assembled:
    """Put a machine together; what it owns is released with ``closing``.

    ``journal``: keeps what enters the guest, or gives it. ``saved``: the machine goes on from
    there instead of booting. ``make_machine`` stands for what nanvix.machine would give. Raises a
    NanvixError if the guest cannot be started.
    """
    from nanvix.machine.memory import GuestMemory

    try:
        memory = GuestMemory(settings.memory)
    except (OSError, OverflowError, ValueError) as error:
        raise UsageError(f"{settings.memory >> 20} MiB of guest memory: {error}") from None
    closing.callback(memory.close)
    vm = _begin_vm(settings.backend, memory)
    if vm is not None:
        closing.callback(vm.close)
    phases.end("memory")
    from nanvix.abi.call import WatchTable
    from nanvix.machine.boot import BootError, BootSpec
    from nanvix.machine.image import ImageError, KernelImage
    from nanvix.machine.machine import Machine
    from nanvix.macro.services import build_services

    phases.end("import")
    backend = open_backend(settings.backend, memory, settings.unavailable, vm)
    closing.callback(backend.close)
    backend.set_budget(settings.max_instructions)
    phases.end("backend")
    watches = WatchTable()
    host_time = backend.name == "kvm" and settings.realtime_ns is None
    try:
        services = build_services(
            exports=_exports(launch),
            watches=watches,
            stdio=stdio,
            seed=settings.seed,
            egress=settings.egress(),
            ports=settings.published,
            suspend=settings.suspend,
            now=None if host_time else lambda: machine.clock.realtime(backend.tsc()),
        )
    except OSError as error:
        raise NanvixError(f"cannot serve {error.filename}: {_reason(error)}") from None
    closing.callback(services.close)
    phases.end("services")
    try:
        image = KernelImage.load()
        spec: BootSpec | GuestClock
        if saved is not None:
            traced = settings.events is not None
            spec = saved.restore(memory, backend, image, time.time_ns(), traced=traced)
        else:
            spec = _boot_spec(settings, launch)
        if recording is not None and isinstance(spec, BootSpec):
            spec, journal = recording.begin(launch, spec, image, backend, memory, services)
        machine = (make_machine or Machine)(
            memory,
            backend,
            image,
            spec,
            services.handlers,
            watches,
            events=settings.events,
            log=settings.log,
            journal=journal,
        )
    except BootError as error:
        raise UsageError(str(error)) from None
    except ImageError as error:
        raise KernelImageError(str(error)) from None
    closing.callback(machine.close)
    if saved is not None:
        saved.resume(machine, services.keepers)
    if recording is not None:
        recording.recorder.failed = recording.report(machine)
    phases.end("boot")
    return Assembled(machine, backend, services)


def _begin_vm(name: str, memory: GuestMemory) -> Vm | None:
    """A machine of KVM's that is being made while we go on; None where there will be none."""
    if name == "emu":
        return None
    from nanvix import kvm

    try:
        return kvm.begin(memory)
    except BackendUnavailable:
        return None


def open_backend(
    name: str,
    memory: GuestMemory,
    unavailable: Callable[[str], None] | None = None,
    vm: Vm | None = None,
) -> Backend:
    """A vCPU over ``memory``; ``auto`` falls back to the emulator where KVM does not work, which
    ``unavailable`` then hears the reason of.

    ``vm``: a machine of KVM's with that memory. Raises BackendUnavailable, whose message says how
    to mend it.
    """
    if name != "emu":
        from nanvix import kvm

        try:
            return kvm.create(memory, vm)
        except BackendUnavailable as error:
            if name == "kvm":
                raise
            if unavailable is not None:
                unavailable(str(error))
    from nanvix import emu

    try:
        return emu.create(memory)
    except RuntimeError as error:
        raise BackendUnavailable(f"the emulator does not work: {error}") from None


def _reason(error: OSError) -> str:
    if error.errno in (EMFILE, ENFILE):
        return "more files must be open at once than 'ulimit -n' allows"
    return error.strerror or str(error)


def _exports(launch: Launch) -> list[Export]:
    from nanvix.macro.fs import Export

    return [
        Export(shown.source, bool(shown.flags & MOUNT_READ_ONLY), bool(shown.flags & MOUNT_STABLE))
        for shown in launch.exports
    ]


def _boot_spec(settings: Settings, launch: Launch) -> BootSpec:
    from nanvix.machine.boot import BootSpec

    flags = _NETWORK.get(settings.net, 0)
    flags |= settings.steady * BOOT_STEADY | _STEPS[settings.steps]
    umask = os.umask(0o022)
    os.umask(umask)
    now = settings.realtime_ns
    return BootSpec(
        manifest=launch.manifest,
        uid=os.getuid(),
        gid=os.getgid(),
        umask=umask,
        flags=flags,
        seed=os.urandom(32) if settings.seed is None else settings.seed,
        realtime_ns=time.time_ns() if now is None else now,
    )

"""The public API: run a program in a micro-VM of its own.

    with Sandbox(memory=128 << 20, timeout=5) as sandbox:
        result = sandbox.run(["ls", "-la"], capture=True)
    print(result.exit_code, result.stdout)

A sandbox is a set of limits and grants; each run gets a fresh VM.
"""

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Self

from nanvix.abi.channel import MOUNT_READ_ONLY, MOUNT_STABLE
from nanvix.abi.layout import HUGE_SIZE, MEMORY_DEFAULT
from nanvix.errors import BackendUnavailable, KernelImageError, NanvixError, UsageError
from nanvix.guest.launch import Launch, prepare
from nanvix.guest.mounts import Mount
from nanvix.guest.namespace import Shown
from nanvix.result import Result, exit_code

if TYPE_CHECKING:
    from nanvix.machine.backend import Backend
    from nanvix.machine.boot import BootSpec
    from nanvix.machine.clock import GuestClock
    from nanvix.machine.image import KernelImage
    from nanvix.machine.journal import Journal
    from nanvix.machine.machine import Listener, Log, Machine, Outcome
    from nanvix.machine.memory import GuestMemory
    from nanvix.macro.fs import Export
    from nanvix.macro.services import Services
    from nanvix.policy.egress import Egress
    from nanvix.snapshot.state import Saved
    from nanvix.trace.record import Recorder

Stdio = tuple[int | None, int | None, int | None]
BACKENDS = ("auto", "kvm", "emu")
NETWORKS = ("none", "loopback", "host")

COMMON_CPU = {"GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-AVX512F,-AVX512VL"}
"""Some hosts cannot hide their CPU from a guest on KVM. This keeps glibc's programs to what the
emulator has too, so that they do the same on both."""

SEEDED_DATE_NS = 1_700_000_000_000_000_000
"""When a guest with a seed starts: 14 November 2023, 22:13:20 UTC."""


class Sandbox:
    """Runs programs under fixed limits.

    ``backend``: auto (KVM where it works, else the emulator), kvm or emu. ``memory``: bytes,
    rounded up to 2 MiB. ``timeout``: seconds of wall time per run. ``max_instructions``: retired
    instructions per run (emulator only; auto then means emu). ``env``: added to the little the
    guest inherits. ``directory``: the guest's working directory. ``mounts``: see
    :func:`nanvix.guest.mounts.make_mount`. ``seed`` fixes what is random and what time it is, so
    that on the emulator two runs are the same to the last instruction (docs/determinism.md);
    ``realtime_ns`` fixes the time alone (ns since the epoch); ``steady`` makes the guest's threads
    take turns where they wait, not by the clock. ``steps`` makes every instruction of the guest's
    programs an event.
    ``net``: none, loopback (the guest's own) or host: then the guest reaches what ``allow`` grants
    (:mod:`nanvix.policy.egress`; by default nothing) and ``ports`` (``"8080:80"``, see
    :func:`nanvix.macro.net.parse_port`) lead into it. Either of the two implies host.
    ``record``: a file that each run is recorded in, for nanvix.replay.
    ``events`` hears every event, ``log`` the kernel's log lines.

    Raises UsageError for limits that make no sense.
    """

    def __init__(
        self,
        *,
        backend: str = "auto",
        memory: int = MEMORY_DEFAULT,
        timeout: float | None = None,
        max_instructions: int | None = None,
        env: Mapping[str, str] | None = None,
        directory: str | None = None,
        mounts: Iterable[Mount] = (),
        seed: int | bytes | None = None,
        realtime_ns: int | None = None,
        steady: bool = False,
        record: str | None = None,
        steps: bool = False,
        net: str | None = None,
        allow: Iterable[str] = (),
        ports: Iterable[str] = (),
        events: "Listener | None" = None,
        log: "Log | None" = None,
    ) -> None:
        if backend not in BACKENDS:
            raise UsageError(f"unknown backend {backend!r}: choose one of {', '.join(BACKENDS)}")
        if max_instructions is not None and backend == "kvm":
            raise UsageError("an instruction limit needs the emulator: use the backend emu")
        if timeout is not None and not timeout > 0:
            raise UsageError("the timeout must be more than 0 seconds")
        if max_instructions is not None and max_instructions <= 0:
            raise UsageError("the instruction limit must be more than 0")
        self.backend = "emu" if max_instructions is not None else backend
        self.memory = -(-memory // HUGE_SIZE) * HUGE_SIZE
        self.timeout = timeout
        self.max_instructions = max_instructions
        self.env = dict(env or {})
        self.directory = directory
        self.mounts = tuple(mounts)
        self.seed = seed_bytes(seed) if isinstance(seed, int) else seed
        if self.seed is not None and realtime_ns is None:
            realtime_ns = SEEDED_DATE_NS
        self.realtime_ns = realtime_ns
        self.steady = steady
        self.record = record
        self.steps = steps
        self.allow = tuple(allow)
        self.ports = tuple(ports)
        self.net = _network(net, bool(self.allow or self.ports))
        if self.net == "host":
            from nanvix.macro.net import parse_port
            from nanvix.policy.egress import Egress

            # What makes no sense is said here, not when the guest starts.
            Egress(self.allow)
            self._published = [parse_port(text) for text in self.ports]
        self.events = events
        self.log = log
        self._machine: Machine | None = None
        self._stop: tuple[str, str] | None = None
        self._save_to: str | None = None
        self._argv: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop("closed")

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
        Raises a NanvixError if the guest cannot be started; what it does then never raises.
        """
        if input is None and not capture:
            return self._start(argv, stdio)
        from nanvix.capture import Capture

        with Capture(stdio, input, capture) as pipes:
            result = self._start(argv, pipes.stdio)
            stdout, stderr = pipes.finish()
        return result._replace(stdout=stdout, stderr=stderr)

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
        if self.record is not None or self.events is not None or self.net == "host":
            raise UsageError(
                "a machine that is recorded or traced, or has the host's network, cannot be saved"
            )
        self._save_to = path
        self.stop("saved")

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

        if self.record is not None or self.events is not None:
            raise UsageError("a machine that has been saved cannot be recorded or traced")
        with Saved(path) as saved:
            launch = self._take_over(saved)
            if input is None and not capture:
                return self._run(launch, stdio, saved=saved)
            from nanvix.capture import Capture

            with Capture(stdio, input, capture) as pipes:
                result = self._run(launch, pipes.stdio, saved=saved)
                stdout, stderr = pipes.finish()
        return result._replace(stdout=stdout, stderr=stderr)

    def _about(self, launch: Launch) -> dict[str, object]:
        """What a saved machine needs to have its services again."""
        return {
            "program": launch.program,
            "argv": self._argv,
            "exports": [tuple(shown) for shown in launch.exports],
            "seed": None if self.seed is None else self.seed.hex(),
            "realtime_ns": self.realtime_ns,
            "net": self.net,
        }

    def _take_over(self, saved: "Saved") -> Launch:
        """Be the sandbox the machine was saved in; what is said there of its program."""
        about = saved.about
        try:
            self.memory = saved.memory
            self.seed = None if about["seed"] is None else bytes.fromhex(about["seed"])
            self.realtime_ns = about["realtime_ns"]
            self.net = _network(about["net"], False)
            self._argv = [str(part) for part in about["argv"]]
            exports = [Shown(str(source), int(flags)) for source, flags in about["exports"]]
            return Launch(str(about["program"]), b"", exports)
        except (KeyError, TypeError, ValueError):
            raise NanvixError("the saved machine is damaged: its sandbox makes no sense") from None

    def _exact(self, recording: "_Recording | None") -> bool:
        """Whether somebody may want to know that two runs ended the same."""
        return self.seed is not None or (recording is not None and recording.recorder.exact)

    @contextmanager
    def machine(
        self, argv: Sequence[str], *, stdio: Stdio = (0, 1, 2), journal: "Journal | None" = None
    ) -> "Iterator[Machine]":
        """A booted machine to drive by hand: its first instruction is up to the caller.

        ``journal``: keeps what enters the guest. Raises a NanvixError as :meth:`run` does.
        """
        launch = self._prepare(argv)
        with ExitStack() as stack:
            yield self._build(launch, stdio, stack, _Phases(), journal)[0]

    def _prepare(self, argv: Sequence[str]) -> Launch:
        network = self.net == "host"
        env = self.env if self.record is None else COMMON_CPU | self.env
        return prepare(argv, env, self.directory, self.mounts, network=network)

    def _start(self, argv: Sequence[str], stdio: Stdio) -> Result:
        clock = _Phases()
        self._argv = list(argv)
        launch = self._prepare(argv)
        clock.end("prepare")
        return self._run(launch, stdio, clock)

    def _run(
        self,
        launch: Launch,
        stdio: Stdio,
        clock: "_Phases | None" = None,
        saved: "Saved | None" = None,
    ) -> Result:
        clock = clock or _Phases()
        with ExitStack() as stack:
            recording = None if self.record is None else _Recording(self.record, self._argv, stack)
            machine, backend, services = self._build(
                launch, stdio, stack, clock, recording=recording, saved=saved
            )
            self._machine = machine
            try:
                if self._stop is not None:
                    machine.stop(*self._stop)
                outcome = machine.run(self.timeout)
            finally:
                self._machine = None
                self._stop = None
                save_to, self._save_to = self._save_to, None
            clock.end("guest")
            if outcome.reason == "saved" and save_to is not None:
                from nanvix.snapshot.state import save

                fixed = self.realtime_ns is not None
                save(machine, services.keepers, self._about(launch), save_to, fixed_date=fixed)
                clock.end("save")
            if recording is not None:
                recording.finish(outcome, backend)
                clock.end("recording")
            result = Result(
                program=launch.program,
                exit_code=exit_code(outcome.reason, outcome.status),
                reason=outcome.reason,
                detail=outcome.detail,
                backend=backend.name,
                instructions=backend.instructions(),
                exits=backend.exits,
                hypercalls=machine.hypercalls(),
                syscalls=machine.syscalls(),
                peak_memory=machine.peak_memory(),
                phases=clock.phases,
                ram_sha256=machine.memory.sha256() if self._exact(recording) else None,
                crash=outcome.crash,
            )
        clock.end("close")
        return result

    def _build(
        self,
        launch: Launch,
        stdio: Stdio,
        stack: ExitStack,
        clock: "_Phases",
        journal: "Journal | None" = None,
        recording: "_Recording | None" = None,
        saved: "Saved | None" = None,
    ) -> "tuple[Machine, Backend, Services]":
        """A machine that has booted, or been loaded; what it owns is released with ``stack``."""
        from nanvix.abi.call import WatchTable
        from nanvix.machine.boot import BootError, BootSpec
        from nanvix.machine.image import ImageError, KernelImage
        from nanvix.machine.memory import GuestMemory
        from nanvix.macro.services import build_services

        clock.end("import")
        try:
            memory = GuestMemory(self.memory)
        except (OSError, OverflowError, ValueError) as error:
            raise UsageError(f"{self.memory >> 20} MiB of guest memory: {error}") from None
        stack.callback(memory.close)
        clock.end("memory")
        backend = self._open_backend(memory)
        stack.callback(backend.close)
        backend.set_budget(self.max_instructions)
        clock.end("backend")
        watches = WatchTable()
        host_time = backend.name == "kvm" and self.realtime_ns is None
        try:
            services = build_services(
                exports=_exports(launch),
                watches=watches,
                stdio=stdio,
                seed=self.seed,
                egress=self._egress(),
                ports=self._published if self.net == "host" else (),
                now=None if host_time else lambda: machine.clock.realtime(backend.tsc()),
            )
        except OSError as error:
            raise NanvixError(f"cannot serve {error.filename}: {error.strerror}") from None
        stack.callback(services.close)
        clock.end("services")
        try:
            image = KernelImage.load()
            spec: BootSpec | GuestClock
            if saved is not None:
                spec = saved.restore(memory, backend, image, time.time_ns())
            else:
                spec = self._boot_spec(launch)
            if recording is not None and isinstance(spec, BootSpec):
                spec, journal = recording.begin(launch, spec, image, backend, memory, services)
            machine = self._machine_type()(
                memory,
                backend,
                image,
                spec,
                services.handlers,
                watches,
                events=self.events,
                log=self.log,
                journal=journal,
            )
        except BootError as error:
            raise UsageError(str(error)) from None
        except ImageError as error:
            raise KernelImageError(str(error)) from None
        stack.callback(machine.close)
        if saved is not None:
            saved.resume(machine, services.keepers)
        if recording is not None:
            recording.recorder.failed = recording.report(machine)
        clock.end("boot")
        return machine, backend, services

    def _egress(self) -> "Egress | None":
        if self.net != "host":
            return None
        from nanvix.policy.egress import Egress

        return Egress(self.allow)

    def _open_backend(self, memory: "GuestMemory") -> "Backend":
        return open_backend(self.backend, memory)

    def _machine_type(self) -> "type[Machine]":
        from nanvix.machine.machine import Machine

        return Machine

    def _boot_spec(self, launch: Launch) -> "BootSpec":
        from nanvix.abi.layout import BOOT_NET_HOST, BOOT_NET_NONE, BOOT_STEADY, BOOT_STEP
        from nanvix.machine.boot import BootSpec

        network = {"none": BOOT_NET_NONE, "host": BOOT_NET_HOST}.get(self.net, 0)
        umask = os.umask(0o022)
        os.umask(umask)
        return BootSpec(
            manifest=launch.manifest,
            uid=os.getuid(),
            gid=os.getgid(),
            umask=umask,
            flags=network | self.steady * BOOT_STEADY | self.steps * BOOT_STEP,
            seed=os.urandom(32) if self.seed is None else self.seed,
            realtime_ns=time.time_ns() if self.realtime_ns is None else self.realtime_ns,
        )


class _Recording:
    """The file of one recorded run."""

    recorder: "Recorder"

    def __init__(self, path: str, argv: Sequence[str], stack: ExitStack) -> None:
        self._path = path
        self._argv = argv
        try:
            self._file = open(path, "wb")  # noqa: SIM115
        except OSError as error:
            raise UsageError(f"cannot write {path}: {error.strerror}") from None
        stack.callback(self._close)

    def begin(
        self,
        launch: Launch,
        spec: "BootSpec",
        image: "KernelImage",
        backend: "Backend",
        memory: "GuestMemory",
        services: "Services",
    ) -> "tuple[BootSpec, Recorder]":
        """The spec under which the machine can be recorded, and its journal."""
        from nanvix.trace.record import begin, controlled

        spec = controlled(spec, backend)
        try:
            self.recorder = begin(
                self._file, argv=self._argv, program=launch.program, spec=spec, image=image,
                backend=backend, memory=memory, ops=services.handlers,
            )  # fmt: skip
        except OSError as error:
            raise self._failure(error) from None
        return spec, self.recorder

    def report(self, machine: "Machine") -> "Callable[[OSError], None]":
        """What ends the run when the recording cannot be written."""
        return lambda error: machine.stop("error", str(self._failure(error)))

    def finish(self, outcome: "Outcome", backend: "Backend") -> None:
        """The run has ended."""
        try:
            self.recorder.finish(outcome, backend.tsc())
        except OSError as error:
            raise self._failure(error) from None

    def _close(self) -> None:
        try:
            self._file.close()
        except OSError:
            pass  # what could not be written has been reported

    def _failure(self, error: OSError) -> NanvixError:
        return NanvixError(f"cannot write {self._path}: {error.strerror}")


def seed_bytes(seed: int) -> bytes:
    """The 32 bytes a number stands for."""
    from hashlib import sha256

    return sha256(b"nanvix seed %d" % seed).digest()


class _Phases:
    """Where the time of a run goes: every phase ends where the next begins."""

    __slots__ = ("_last", "phases")

    def __init__(self) -> None:
        self.phases: dict[str, float] = {}
        self._last = time.perf_counter()

    def end(self, name: str) -> None:
        now = time.perf_counter()
        self.phases[name] = now - self._last
        self._last = now


def open_backend(name: str, memory: "GuestMemory") -> "Backend":
    """A vCPU over ``memory``; ``auto`` falls back to the emulator where KVM does not work.

    Raises BackendUnavailable, whose message says how to mend it.
    """
    if name != "emu":
        from nanvix import kvm

        try:
            return kvm.create(memory)
        except BackendUnavailable:
            if name == "kvm":
                raise
    from nanvix import emu

    try:
        return emu.create(memory)
    except RuntimeError as error:
        raise BackendUnavailable(f"the emulator does not work: {error}") from None


def _network(net: str | None, grants: bool) -> str:
    if net is not None and net not in NETWORKS:
        raise UsageError(f"unknown network {net!r}: choose one of {', '.join(NETWORKS)}")
    if grants and net not in (None, "host"):
        raise UsageError(f"allowed addresses and ports need the network host, not {net}")
    return net or ("host" if grants else "loopback")


def _exports(launch: Launch) -> "list[Export]":
    from nanvix.macro.fs import Export

    return [
        Export(shown.source, bool(shown.flags & MOUNT_READ_ONLY), bool(shown.flags & MOUNT_STABLE))
        for shown in launch.exports
    ]

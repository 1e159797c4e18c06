"""The limits and grants of a sandbox: :class:`Settings`."""

from __future__ import annotations

from nanvix.abi.layout import HUGE_SIZE, MEMORY_DEFAULT
from nanvix.errors import NanvixError, UsageError
from nanvix.guest.launch import Launch
from nanvix.guest.namespace import Shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any

    from nanvix.guest.mounts import Mount
    from nanvix.machine.outcome import Listener, Log
    from nanvix.macro.net import Published
    from nanvix.policy.egress import Egress

BACKENDS = ("auto", "kvm", "emu")
NETWORKS = ("none", "loopback", "host")

COMMON_CPU = {
    "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX,-AVX2,-FMA,-FMA4,-AVX512F,-AVX512VL,-ERMS,-FSRM"
}
"""Some hosts cannot hide their CPU from a guest on KVM. This keeps glibc's programs to what the
emulator has too, so that they do the same on both."""

PORTABLE_CPU = COMMON_CPU | {
    "GODEBUG": "cpu.avx=off,cpu.avx2=off,cpu.fma=off",
    "OPENSSL_ia32cap": "~0x7c40100000000000:0",
}
"""The same for Go's programs and OpenSSL: XSAVE, AVX, FMA and what came with them or later."""

SEEDED_DATE_NS = 1_700_000_000_000_000_000
"""When a guest with a seed starts: 14 November 2023, 22:13:20 UTC."""


class Settings:
    """What a guest gets.

    ``backend``: auto (KVM where it works, else the emulator), kvm or emu. ``memory``: bytes,
    rounded up to 2 MiB. ``timeout``: seconds of wall time per run. ``max_instructions``: retired
    instructions per run (emulator only; auto then means emu). ``env``: added to the little the
    guest inherits. ``directory``: the guest's working directory. ``mounts``: see
    :func:`nanvix.guest.mounts.make_mount`. ``seed`` fixes what is random and what time it is, so
    that on the emulator two runs are the same to the last instruction (docs/determinism.md);
    ``realtime_ns`` fixes the time alone (ns since the epoch); ``steady`` makes the guest's threads
    take turns where they wait, not by the clock. ``steps`` makes every instruction of the guest's
    programs an event: ``"guest"`` by a trap flag the guest sets, ``"host"`` by the backend.
    ``net``: none, loopback (the guest's own) or host: then the guest reaches what ``allow`` grants
    (:mod:`nanvix.policy.egress`; by default nothing) and ``ports`` (``"8080:80"``, see
    :func:`nanvix.macro.net.parse_port`) lead into it. Either of the two implies host.
    ``record``: a file that each run is recorded in, for nanvix.replay.
    ``portable`` keeps programs to the CPU that both backends have, so that a saved machine can go
    on on the other one (docs/snapshots.md).
    ``events`` hears every event, ``log`` the kernel's log lines.

    Raises UsageError for limits that make no sense.
    """

    suspend: Callable[[], None] | None = None
    """Stops this process until its user continues it, for a guest on a terminal whose first process
    has been stopped; None where nobody could continue it."""
    unavailable: Callable[[str], None] | None = None
    """Hears why KVM does not work where ``auto`` goes on with the emulator."""

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
        portable: bool = False,
        steps: str | None = None,
        net: str | None = None,
        allow: Iterable[str] = (),
        ports: Iterable[str] = (),
        events: Listener | None = None,
        log: Log | None = None,
    ) -> None:
        if backend not in BACKENDS:
            raise UsageError(f"unknown backend {backend!r}: choose one of {', '.join(BACKENDS)}")
        if max_instructions is not None and backend == "kvm":
            raise UsageError("an instruction limit needs the emulator: use the backend emu")
        if timeout is not None and not timeout > 0:
            raise UsageError("the timeout must be more than 0 seconds")
        if max_instructions is not None and max_instructions <= 0:
            raise UsageError("the instruction limit must be more than 0")
        wrong = [name for name in env or () if not name or "=" in name or "\0" in name]
        if wrong:
            raise UsageError(f"{wrong[0]!r} is no name of an environment variable")
        if steps not in (None, "guest", "host"):
            raise UsageError(f"unknown way to step {steps!r}: choose guest or host")
        self.backend = "emu" if max_instructions is not None else backend
        self.memory = -(-memory // HUGE_SIZE) * HUGE_SIZE
        self.timeout = timeout
        self.max_instructions = max_instructions
        self.env = dict(env or {})
        self.directory = directory
        self.mounts = tuple(mounts)
        if any(isinstance(mount, str) for mount in self.mounts):
            raise UsageError("mounts are what nanvix.guest.mounts.parse_mount makes of a str")
        self.seed = seed_bytes(seed) if isinstance(seed, int) else seed
        if self.seed is not None and realtime_ns is None:
            realtime_ns = SEEDED_DATE_NS
        self.realtime_ns = realtime_ns
        self.steady = steady
        self.record = record
        self.portable = portable
        self.steps = steps
        self.allow = tuple(allow)
        self.ports = tuple(ports)
        self.published: list[Published] = []
        self.net = network(net, bool(self.allow or self.ports))
        if self.net == "host":
            from nanvix.macro.net import parse_port

            # What makes no sense is said here, not when the guest starts.
            self.egress()
            self.published = [parse_port(text) for text in self.ports]
        self.events = events
        self.log = log

    def egress(self) -> Egress | None:
        """The rules for connections to the world; None where there are none to be made."""
        if self.net != "host":
            return None
        from nanvix.policy.egress import Egress

        return Egress(self.allow)

    def about(self, program: Launch, argv: Sequence[str]) -> dict[str, Any]:
        """What a saved machine needs to have its services again, as plain values for JSON."""
        return {
            "program": program.program,
            "argv": list(argv),
            "exports": [tuple(shown) for shown in program.exports],
            "seed": None if self.seed is None else self.seed.hex(),
            "realtime_ns": self.realtime_ns,
            "net": self.net,
            "portable": self.portable,
        }

    def take_over(self, memory: int, about: dict[str, Any]) -> tuple[list[str], Launch]:
        """Be what a machine was saved under: the arguments and the program :meth:`about` was
        given. Raises NanvixError for what it cannot have said."""
        try:
            self.memory = memory
            self.seed = None if about["seed"] is None else bytes.fromhex(about["seed"])
            self.realtime_ns = about["realtime_ns"]
            self.net = network(about["net"], False)
            self.portable = bool(about["portable"])
            argv = [str(part) for part in about["argv"]]
            exports = [Shown(str(source), int(flags)) for source, flags in about["exports"]]
            if any("\0" in source for source, _ in exports):
                raise ValueError("a path with a zero byte")
            return argv, Launch(str(about["program"]), b"", exports)
        except (KeyError, TypeError, ValueError):
            raise NanvixError("the saved machine is damaged: its sandbox makes no sense") from None


def seed_bytes(seed: int) -> bytes:
    """The 32 bytes a number stands for."""
    from hashlib import sha256

    return sha256(b"nanvix seed %d" % seed).digest()


def network(net: str | None, grants: bool) -> str:
    """The network that was asked for, or follows from what was granted. Raises UsageError."""
    if net is not None and net not in NETWORKS:
        raise UsageError(f"unknown network {net!r}: choose one of {', '.join(NETWORKS)}")
    if grants and net not in (None, "host"):
        raise UsageError(f"allowed addresses and ports need the network host, not {net}")
    return net or ("host" if grants else "loopback")

"""What a run amounts to: :class:`Result`, and its form for machines."""

from __future__ import annotations

import time

from nanvix.machine.outcome import peak_memory, syscalls
from nanvix.named import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nanvix.machine.crash import CrashRecord
    from nanvix.machine.machine import Machine
    from nanvix.machine.outcome import Outcome

STOPPED = ("hangup", "interrupt", "quit", "terminate")
"""Reasons of runs that somebody has ended by a signal to nanvix itself."""
EXIT_LIMIT = 124
EXIT_ERROR = 125
EXIT_SIGNAL = 128

_CODES = {
    "timeout": EXIT_LIMIT,
    "budget": EXIT_LIMIT,
    "hangup": EXIT_SIGNAL + 1,
    "interrupt": EXIT_SIGNAL + 2,
    "quit": EXIT_SIGNAL + 3,
    "terminate": EXIT_SIGNAL + 15,
    "saved": 0,
}
"""Reasons that say more than that something went wrong; those of signals stop a sandbox."""


class Result(NamedTuple):
    """How a guest ended and what it took. Times in seconds, memory in bytes.

    ``program``: absolute path of the file that was executed. ``exit_code``: as a shell reports
    it: the program's own, 128 + signal, 124 at a limit, 125 for a failure of nanvix or the
    guest kernel. ``reason``: exit, signal, timeout, budget, panic, shutdown, error, or what was
    given to :meth:`Sandbox.stop`; ``detail``: a line more. ``instructions``: retired in both
    rings, None where they cannot be counted. ``phases``: where the time went, in order.
    ``ram_sha256``: checksum of guest memory at the end, of runs with a seed.
    ``crash``: the last fault report of the run, if any. ``stdout`` and ``stderr``: what the
    guest wrote, if it was captured.
    """

    program: str
    exit_code: int
    reason: str
    detail: str
    backend: str
    instructions: int | None
    exits: int
    hypercalls: dict[int, int]
    syscalls: dict[int, int]
    peak_memory: int
    phases: dict[str, float]
    ram_sha256: str | None = None
    crash: CrashRecord | None = None
    stdout: bytes | None = None
    stderr: bytes | None = None

    @property
    def wall_time(self) -> float:
        """From the first look at the program until everything is released."""
        return sum(self.phases.values())

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON: calls by name; captured output and crash record left out."""
        from nanvix.machine.describe import op_name, syscall_name

        return {
            "program": self.program,
            "exit_code": self.exit_code,
            "reason": self.reason,
            "detail": self.detail,
            "backend": self.backend,
            "wall_time": round(self.wall_time, 6),
            "instructions": self.instructions,
            "ram_sha256": self.ram_sha256,
            "exits": self.exits,
            "hypercalls": {op_name(op): count for op, count in self.hypercalls.items()},
            "syscalls": {syscall_name(nr): count for nr, count in self.syscalls.items()},
            "peak_memory": self.peak_memory,
            "phases": {name: round(seconds, 6) for name, seconds in self.phases.items()},
        }


def result_of(
    machine: Machine,
    outcome: Outcome,
    program: str,
    *,
    detail: str = "",
    phases: dict[str, float] | None = None,
    checksum: bool = False,
) -> Result:
    """What the run of a machine amounts to. ``detail``: where the outcome has none;
    ``checksum``: whether somebody may want to compare the guest's memory."""
    return Result(
        program=program,
        exit_code=exit_code(outcome.reason, outcome.status),
        reason=outcome.reason,
        detail=outcome.detail or detail,
        backend=machine.backend.name,
        instructions=machine.backend.instructions(),
        exits=machine.backend.exits,
        hypercalls={op: count for op, count in enumerate(machine.channel.counts) if count},
        syscalls=syscalls(machine.memory),
        peak_memory=peak_memory(machine.memory),
        phases=phases or {},
        ram_sha256=machine.memory.sha256() if checksum else None,
        crash=outcome.crash,
    )


class Phases:
    """Where the time of a run goes: every phase ends where the next begins."""

    __slots__ = ("_last", "phases")

    def __init__(self) -> None:
        self.phases: dict[str, float] = {}
        self._last = time.perf_counter()

    def end(self, name: str) -> None:
        """The phase of this name is over."""
        now = time.perf_counter()
        self.phases[name] = now - self._last
        self._last = now


def exit_code(reason: str, status: int) -> int:
    """The exit code for an outcome; ``status`` is a wait status (code << 8 | signal)."""
    if reason == "exit":
        return status >> 8 & 0xFF
    if reason == "signal":
        return EXIT_SIGNAL + (status & 0x7F)
    return _CODES.get(reason, EXIT_ERROR)

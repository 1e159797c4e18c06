"""What the engine asks in the middle of the guest's instructions is answered in C.

``native/`` holds the answers: counting, system calls, exceptions and interrupts, ports, CPUID and
the time-stamp counter. A callback into Python would take longer than all the instructions of a
system call. This is the Python end: the structure both work on, and what a slice has come to.
"""

from __future__ import annotations

import ctypes
import os

from nanvix.emu.engine import (
    CODE_BUFFER,
    HOOK_BLOCK,
    HOOK_CODE,
    HOOK_INSN,
    HOOK_INSN_INVALID,
    HOOK_INTR,
    INSN_CPUID,
    INSN_IN,
    INSN_OUT,
    INSN_RDTSC,
    INSN_RDTSCP,
    INSN_SYSCALL,
    INSN_SYSENTER,
    Engine,
    EngineError,
)
from nanvix.emu.layout import (
    DOORBELL,
    ENGINE_EVENT,
    ERROR,
    FAILED,
    FINGERPRINT,
    GO_ON,
    NOT_ENDED,
    OUTSIDE_LONG_MODE,
    OUTSIDE_RAM,
    PAUSE,
    PAUSED,
    RAISED,
    SHUTDOWN,
    TRIPLE_FAULT,
    Shared,
)
from nanvix.machine.backend import Exit
from nanvix.machine.cpuid import CPU_MODEL, Table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from nanvix.emu.cpu import Cpu
    from nanvix.machine.memory import GuestMemory

    Observer = Callable[[int, int, int, int], bool]

_HOOKS = (
    (HOOK_INTR, "on_exception", 0),
    (HOOK_INSN_INVALID, "on_invalid", 0),
    (HOOK_INSN, "on_syscall", INSN_SYSCALL),
    (HOOK_INSN, "on_sysenter", INSN_SYSENTER),
    (HOOK_INSN, "on_cpuid", INSN_CPUID),
    (HOOK_INSN, "on_rdtsc", INSN_RDTSC),
    (HOOK_INSN, "on_rdtscp", INSN_RDTSCP),
    (HOOK_INSN, "on_in", INSN_IN),
    (HOOK_INSN, "on_out", INSN_OUT),
    (HOOK_BLOCK, "on_block", 0),
)
_EXITS = {
    DOORBELL: Exit.DOORBELL, SHUTDOWN: Exit.SHUTDOWN, ERROR: Exit.ERROR, PAUSED: Exit.PAUSED,
}  # fmt: skip
_DETAILS = {
    TRIPLE_FAULT: "triple fault at rip {0:#x}",
    OUTSIDE_LONG_MODE: "an event (vector {0}) outside 64-bit mode",
    OUTSIDE_RAM: "guest-physical {0:#x}+{1:#x} is outside RAM",
    ENGINE_EVENT: "the engine raised event {0:#x} at rip {1:#x}",
}
_MOST_PROBES = 64
"""More addresses than that are not looked for in every new block of code."""
_OBSERVER = ctypes.CFUNCTYPE(ctypes.c_int, *[ctypes.c_uint64] * 4)

"""Hears of every way into the guest kernel before it is taken: the kind (of an event, or CALL),
the vector or rax, rip, and how many instructions have retired (with SYSCALL and INT, which have;
without one that faults). True ends the slice there."""


def library_path() -> str:
    """The C part, which is built with the kernel."""
    return os.path.join(os.path.dirname(__file__), "native", "hooks.so")


class Intercepts:
    """The C part of one engine. ``shared``: its structure (see nanvix.emu.layout). ``failure``:
    what an observer or a probe has raised."""

    def __init__(self, engine: Engine, cpu: Cpu, memory: GuestMemory) -> None:
        try:
            quick = ctypes.PyDLL(library_path())
        except OSError as error:
            raise EngineError(f"{error}; build it: python kernel/build.py") from error
        quick.emu_size.restype = ctypes.c_uint64
        if quick.emu_layout() & 0xFFFFFFFF != FINGERPRINT:
            raise EngineError("the emulator's C part is stale: python kernel/build.py")
        self._engine = engine
        self._buffer = (ctypes.c_char * quick.emu_size())()
        self.shared = shared = Shared.from_buffer(self._buffer)
        self.failure: BaseException | None = None
        self._observer: Observer | None = None
        self._observer_callback = _OBSERVER(self._observe)
        where = ctypes.addressof(self._buffer)
        shared.engine = engine.address
        shared.start, shared.stop = engine.symbol("uc_emu_start"), engine.symbol("uc_emu_stop")
        shared.read_register, shared.control = engine.symbol("uc_reg_read"), engine.symbol("uc_ctl")
        shared.find_block = engine.symbol("tcg_tb_lookup_x86_64")
        shared.translator = engine.translator() if shared.find_block else 0
        shared.code_space = CODE_BUFFER // 2
        shared.q = cpu.address
        shared.ram, shared.ram_size = memory.address, memory.size
        self.show_cpuid(CPU_MODEL)
        shared.star, shared.lstar, shared.sfmask = cpu.star, cpu.lstar, cpu.sfmask
        shared.error_code, shared.is_software = cpu.error_code, cpu.is_software
        shared.in_flight = cpu.in_flight
        # In front of all probes: an instruction that is not to run asks nobody.
        self._bounds = engine.watch(HOOK_CODE, _address(quick.on_code), where)
        shared.code_hook = ctypes.addressof(self._bounds)
        for kind, name, instruction in _HOOKS:
            engine.hook(kind, _address(getattr(quick, name)), where, instruction)
        run = ctypes.CDLL(library_path()).emu_run
        run.argtypes = [ctypes.c_void_p, ctypes.c_uint64]
        self._where, self._run = where, run
        self._begin, self._interrupt, self._fault = (
            quick.emu_begin, quick.emu_interrupt, quick.emu_fault,
        )  # fmt: skip
        self._interruptible, self._forget = quick.emu_interruptible, quick.emu_forget
        word = ctypes.c_uint64
        self._begin.argtypes = self._interrupt.argtypes = [ctypes.c_void_p, word, word]
        self._fault.argtypes = [ctypes.c_void_p, word, word, word]
        self._interruptible.argtypes = [ctypes.c_void_p, word]
        self._forget.argtypes = [ctypes.c_void_p]
        self._probed = (ctypes.c_uint64 * 0)()
        self.watch({}, everything=False)

    def show_cpuid(self, table: Table) -> None:
        """What CPUID tells the guest; zero for all else."""
        rows = [(leaf, sub or 0, sub is not None, *told) for (leaf, sub), told in table.items()]
        self._model = (ctypes.c_uint32 * (7 * len(rows)))(*[n for row in rows for n in row])
        self.shared.cpuid, self.shared.cpuid_rows = ctypes.addressof(self._model), len(rows)

    # -- slices ------------------------------------------------------------------------------

    def begin(self, retired: int, skipped: int) -> None:
        """A slice starts: instructions retired before it, and idle time before it."""
        self._begin(self._where, retired, skipped)

    def run(self, limit: int) -> int:
        """Run up to ``limit`` instructions; the engine's error code."""
        error: int = self._run(self._where, limit)
        return error

    def retired(self) -> int:
        """Instructions of the slice that did retire."""
        shared = self.shared
        begun = shared.started if shared.exit else shared.counter
        return int(begun - shared.unretired)

    @property
    def exit(self) -> Exit | None:
        """Why the slice was ended from inside."""
        return _EXITS.get(self.shared.exit)

    def detail(self) -> str:
        """One line about an end that is an error; empty for others."""
        what, numbers = self.shared.detail, self.shared.numbers
        if what == RAISED:
            return f"internal error: {self.failure!r}"
        return _DETAILS.get(what, "").format(*numbers)

    # -- events ------------------------------------------------------------------------------

    @property
    def pending(self) -> frozenset[int]:
        """Vectors of the interrupts that wait for IF."""
        bits = self.shared.pending
        return frozenset(v for v in range(256) if bits[v >> 6] >> (v & 63) & 1)

    @pending.setter
    def pending(self, vectors: frozenset[int]) -> None:
        bits = self.shared.pending
        bits[:] = [0] * 4
        for vector in vectors:
            bits[vector >> 6] |= 1 << (vector & 63)

    def any_pending(self) -> bool:
        """Whether an interrupt waits."""
        bits = self.shared.pending
        return bool(bits[0] | bits[1] | bits[2] | bits[3])

    def interruptible(self, flags: int) -> bool:
        """Whether an external interrupt could be taken at this instruction boundary."""
        return bool(self._interruptible(self._where, flags))

    def interrupt(self, rip: int, flags: int) -> None:
        """Deliver one pending interrupt at a boundary; the highest vector goes first."""
        self._interrupt(self._where, rip, flags)

    def fault(self, vector: int, rip: int, flags: int) -> None:
        """Deliver a fault without an error code, between slices."""
        self._fault(self._where, vector, rip, flags)

    # -- for a debugger ----------------------------------------------------------------------

    @property
    def observer(self) -> Observer | None:
        """Hears of every way into the guest kernel."""
        return self._observer

    @observer.setter
    def observer(self, observer: Observer | None) -> None:
        self._observer = observer
        callback = ctypes.cast(self._observer_callback, ctypes.c_void_p).value if observer else 0
        self.shared.observer = callback or 0

    def _observe(self, kind: int, vector: int, rip: int, now: int) -> int:
        try:
            stop = self._observer is not None and self._observer(kind, vector, rip, now)
        except BaseException as error:
            self.failure = error
            return FAILED
        return PAUSE if stop else GO_ON

    def watch(self, code: dict[int, ctypes.Array[ctypes.c_uint64]], everything: bool) -> None:
        """Count each instruction as it runs: those of blocks that hold an address of ``code``,
        whose hooks have these bounds, or all of them."""
        shared = self.shared
        everything = everything or len(code) > _MOST_PROBES
        shared.by_blocks = int(not everything and shared.find_block != 0)
        rows = [n for at, bounds in code.items() for n in (ctypes.addressof(bounds), at)]
        if rows != list(self._probed):
            self._probed = (ctypes.c_uint64 * len(rows))(*rows)
            shared.probes, shared.probe_count = ctypes.addressof(self._probed), len(code)
            self.forget()

    def forget(self) -> None:
        """The engine's translated code has been flushed, or other blocks are to count whole."""
        self._forget(self._where)

    def now(self) -> int:
        """Instructions retired, for a probe; the one it is called from counts as retired."""
        shared = self.shared
        return int(shared.retired + shared.counter - shared.unretired)

    def pause_behind(self) -> None:
        """End the slice for a debugger, exactly behind the instruction that is about to run."""
        shared = self.shared
        shared.behind = 1
        shared.limit = min(shared.limit, shared.counter)

    def pause_in_front(self) -> None:
        """End the slice for a debugger, in front of the instruction at hand."""
        shared = self.shared
        if shared.exit == NOT_ENDED:
            shared.exit, shared.detail = PAUSED, 0
            shared.started = shared.counter - 1
        shared.stopped = 1
        self._engine.stop()

    def failed_behind(self, error: BaseException) -> None:
        """A probe has failed, and not the guest, which stays as it is."""
        self.failure = error
        self.pause_behind()


def _address(function: object) -> int:
    """Where a function of a loaded library is."""
    return ctypes.cast(function, ctypes.c_void_p).value or 0  # type: ignore[arg-type]

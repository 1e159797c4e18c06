"""What the engine asks us in the middle of the guest's instructions.

Every callback works on the live CPU structure (see :mod:`nanvix.emu.cpu`) and so must leave
CC_OP right: :meth:`Cpu.flags_at_start` and ``w[CC_OP] = CC_OP_EFLAGS`` do that. A callback
cannot raise through the engine; what goes wrong is kept and ends the slice.
"""

import ctypes
from collections.abc import Callable

from nanvix.abi.channel import PORT
from nanvix.emu.cpu import (
    CC_OP,
    CC_OP_EFLAGS,
    CR2,
    CR3,
    CS,
    EFER,
    HF_CPL,
    HF_CS64,
    HF_INHIBIT,
    HF_LONG,
    HFLAGS,
    R11,
    RAX,
    RBX,
    RCX,
    RDX,
    RIP,
    SS,
    Cpu,
)
from nanvix.emu.delivery import (
    DB,
    EXTERNAL,
    FAULT,
    FLAG_IF,
    FLAG_RF,
    GP,
    PF,
    SOFTWARE,
    TRAP,
    UD,
    CannotDeliver,
    Delivery,
)
from nanvix.emu.engine import (
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
)
from nanvix.machine.backend import Exit
from nanvix.machine.cpuid import Table, cpuid, look_up
from nanvix.machine.memory import BadAddress, GuestMemory
from nanvix.machine.paging import canonical, walk

_MASK = (1 << 64) - 1
_PAGE = _MASK & ~4095
_EFER_SCE = 1
_PF_FETCH = 1 << 4
_KERNEL_CODE = 0xA0_9B00
_KERNEL_DATA = 0xC0_9300
_PREFIXES = frozenset((*range(0x40, 0x50), *b"\x26\x2e\x36\x3e\x64\x65\x66\x67\xf2\xf3"))
_SYSCALL = b"\x0f\x05"
# What the engine takes for invalid and is not.
_ICEBP, _RDPMC = b"\xf1", b"\x0f\x33"
_LONGEST_INSTRUCTION = 15
_FLOATING_PORT = 0xFFFFFFFF
_FIRST_VECTOR_OF_ENGINE = 256

CALL = 4
"""What an observer is told of SYSCALL, beside the kinds of nanvix.emu.delivery."""
Observer = Callable[[int, int, int, int], bool]
"""Hears of every way into the guest kernel before it is taken: the kind (of a delivery, or CALL),
the vector or rax, rip, and how many instructions have retired (with SYSCALL and INT, which have;
without one that faults). True ends the slice there."""

# Callbacks declare only the arguments they use; the C caller cleans up the rest.
_PLAIN = ctypes.CFUNCTYPE(None)
_ANSWER = ctypes.CFUNCTYPE(ctypes.c_uint32)
_INTERRUPT = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_uint32)
_IN = ctypes.CFUNCTYPE(ctypes.c_uint32, ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int)
_OUT = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int, ctypes.c_uint32)


class Intercepts:
    """The callbacks of one engine, and what they leave for the run loop.

    ``exit``: why the slice was ended from inside (None: it was not). ``started``: the engine's
    counter then. ``unretired``: instructions of the slice that were counted but did not retire.
    ``at_limit``: the slice ended where the next instruction could not even be fetched.
    ``behind``: the slice is to end for a debugger where the counter's limit ends it.
    ``deferred``: a fault that can only be delivered after the slice: its vector, RIP, and the
    general registers as they were before the instruction. ``shown``: what CPUID tells the
    guest in place of the same rows of nanvix.machine.cpuid.
    """

    def __init__(self, engine: Engine, cpu: Cpu, delivery: Delivery, memory: GuestMemory) -> None:
        self._engine = engine
        self._cpu = cpu
        self._delivery = delivery
        self._memory = memory
        self.pending: set[int] = set()
        self.retired = 0
        self.tsc_base = 0
        self.exit: Exit | None = None
        self.value = 0
        self.detail = ""
        self.started = 0
        self.unretired = 0
        self.deferred: tuple[int, int, bytes] | None = None
        self.failure: BaseException | None = None
        self.behind = self.at_limit = False
        self.observer: Observer | None = None
        self.shown: Table = {}
        self._ahead = -1
        engine.hook(HOOK_INTR, _INTERRUPT(self._on_exception))
        engine.hook(HOOK_INSN_INVALID, _ANSWER(self._on_invalid))
        engine.hook(HOOK_INSN, _PLAIN(self._on_syscall), INSN_SYSCALL)
        engine.hook(HOOK_INSN, _PLAIN(self._on_sysenter), INSN_SYSENTER)
        engine.hook(HOOK_INSN, _ANSWER(self._on_cpuid), INSN_CPUID)
        engine.hook(HOOK_INSN, _ANSWER(self._on_rdtsc), INSN_RDTSC)
        engine.hook(HOOK_INSN, _ANSWER(self._on_rdtscp), INSN_RDTSCP)
        engine.hook(HOOK_INSN, _IN(self._on_in), INSN_IN)
        engine.hook(HOOK_INSN, _OUT(self._on_out), INSN_OUT)

    def begin(self, retired: int, skipped: int) -> None:
        """A slice starts: instructions retired before it, and idle time before it."""
        self.retired = retired
        self.tsc_base = retired + skipped
        self._cpu.counter.value = 0
        self.exit = None
        self.behind = self.at_limit = False
        self.unretired = 0
        self.deferred = None

    def interruptible(self, flags: int) -> bool:
        """Whether an external interrupt could be taken at this instruction boundary."""
        cpu = self._cpu
        if not flags & FLAG_IF:
            return False
        # A shadow that _fetch_fault made is none of the guest's.
        return not cpu.w[HFLAGS] & HF_INHIBIT or cpu.q[RIP] == self._ahead

    def interrupt(self, rip: int, flags: int) -> None:
        """Deliver one pending interrupt at a boundary; the highest vector goes first."""
        vector = max(self.pending)
        self.pending.discard(vector)
        self._deliver(vector, 0, EXTERNAL, rip, flags)

    def fault(self, vector: int, error: int, rip: int, flags: int) -> None:
        """Deliver a fault from outside a callback."""
        self._deliver(vector, error, FAULT, rip, flags)

    # -- ending a slice ----------------------------------------------------------------------

    def now(self) -> int:
        """Instructions retired, for a callback; the one it is called from counts as retired."""
        return self.retired + self._cpu.counter.value - self.unretired

    def pause_behind(self) -> None:
        """End the slice for a debugger, exactly behind the instruction that is about to run."""
        cpu = self._cpu
        self.behind = True
        cpu.counter_limit.value = min(cpu.counter_limit.value, cpu.counter.value)

    def pause(self, unfinished: int) -> None:
        """End the slice for a debugger. ``unfinished``: 1 if the instruction at hand is not to
        run, 0 if it is to be completed."""
        if self.exit is None:
            self._end(Exit.PAUSED)
            self.started -= unfinished
        self._engine.stop()

    def _end(self, reason: Exit, detail: str = "") -> None:
        if self.exit is None:
            self.exit = reason
            self.detail = detail
            self.started = self._cpu.counter.value
        self._engine.stop()

    def failed(self, error: BaseException) -> None:
        """Nothing may be raised into the engine: keep it for after the slice."""
        if isinstance(error, (CannotDeliver, BadAddress)):
            self._end(Exit.ERROR, str(error))
        else:
            self.failure = error
            self._end(Exit.ERROR, f"internal error: {error!r}")

    def failed_behind(self, error: BaseException) -> None:
        """The same in a debugger's probe: what failed is not the guest, which stays as it is."""
        self.failure = error
        self.pause_behind()

    def _deliver(self, vector: int, error: int, kind: int, rip: int, flags: int) -> None:
        if self.observer is not None and self.observer(kind, vector, rip, self.now()):
            self.pause(0)
        try:
            if not self._delivery.deliver(vector, error, kind, rip, flags):
                self._end(Exit.SHUTDOWN, f"triple fault at rip {rip:#x}")
        except (CannotDeliver, BadAddress) as problem:
            self._end(Exit.ERROR, str(problem))

    # -- callbacks ---------------------------------------------------------------------------

    def _on_exception(self, _engine: int, vector: int) -> None:
        try:
            cpu = self._cpu
            rip = cpu.q[RIP]
            if self.deferred is not None:
                # A single-step trap behind an instruction that is about to be undone.
                cpu.s[cpu.in_flight] = -1
            elif vector >= _FIRST_VECTOR_OF_ENGINE:
                self._end(Exit.ERROR, f"the engine raised event {vector:#x} at rip {rip:#x}")
            elif cpu.w[cpu.is_software]:
                self._deliver(vector, 0, SOFTWARE, rip, cpu.flags_at_start())
            elif vector == DB:
                # Raised between two instructions, where the lazy flags are right.
                self._deliver(vector, 0, TRAP, rip, cpu.flags())
            else:
                error = cpu.w[cpu.error_code]
                if (vector == PF and error & _PF_FETCH) or (vector == GP and not canonical(rip)):
                    self._fetch_fault(vector, error, rip)
                    return
                self.unretired += 1
                self._fault_or_interrupt(vector, error, rip, cpu.flags_at_start())
        except BaseException as error:
            self.failed(error)

    def _on_invalid(self) -> int:
        try:
            cpu = self._cpu
            rip, flags = cpu.q[RIP], cpu.flags_at_start()
            code = self._code(rip, 2)
            if code[:1] == _ICEBP:
                self._deliver(DB, 0, TRAP, rip + 1 & _MASK, flags)
                return 1
            self.unretired += 1
            vector = GP if code == _RDPMC and cpu.w[HFLAGS] & HF_CPL else UD
            self._fault_or_interrupt(vector, 0, rip, flags)
        except BaseException as error:
            self.failed(error)
        return 1

    def _fetch_fault(self, vector: int, error: int, rip: int) -> None:
        """Raised while the engine translates: nothing was counted, and the lazy flags are right.

        The engine translates ahead, into pages the program may never reach. A fault that is not
        in the page of RIP counts only if it comes again with a single instruction translated,
        which is what the interrupt shadow makes the engine do.
        """
        cpu = self._cpu
        if cpu.counter.value >= cpu.counter_limit.value:
            # The slice is over; the next one will find the same fault.
            cpu.s[cpu.in_flight] = -1
            self.at_limit = True
            self._engine.stop()
        elif vector == PF and (cpu.q[CR2] ^ rip) & _PAGE and not cpu.w[HFLAGS] & HF_INHIBIT:
            cpu.s[cpu.in_flight] = -1
            cpu.w[HFLAGS] |= HF_INHIBIT
            self._ahead = rip
        else:
            cpu.w[HFLAGS] &= ~HF_INHIBIT
            self._fault_or_interrupt(vector, error, rip, cpu.flags())

    def _fault_or_interrupt(self, vector: int, error: int, rip: int, flags: int) -> None:
        """An interrupt that could have come before the instruction does: it will fault again."""
        if self.pending and self.interruptible(flags):
            self.interrupt(rip, flags & ~FLAG_RF)
        else:
            self._deliver(vector, error, FAULT, rip, flags)

    def _on_syscall(self) -> None:
        """SYSCALL (SDM vol. 2). The engine adds the instruction's length to RIP afterwards."""
        try:
            cpu = self._cpu
            q, w = cpu.q, cpu.w
            rip = q[RIP]
            flags = cpu.flags_at_start()
            length = self._syscall_length(rip)
            hflags = w[HFLAGS]
            if not length or not q[EFER] & _EFER_SCE or not hflags & HF_CS64:
                self._refuse(UD)
                return
            if self.pending and self.interruptible(flags):
                self.unretired += 1
                self.interrupt(rip, flags)
            else:
                flags &= ~FLAG_RF
                star = q[cpu.star] >> 32
                q[RCX] = rip + length & _MASK
                q[R11] = flags
                q[RIP] = q[cpu.lstar]
                cpu.set_flags(flags & ~q[cpu.sfmask])
                cpu.set_segment(CS, star & 0xFFFC, 0, 0xFFFFFFFF, _KERNEL_CODE)
                cpu.set_segment(SS, (star & 0xFFFC) + 8 & 0xFFFF, 0, 0xFFFFFFFF, _KERNEL_DATA)
                w[HFLAGS] = hflags & ~(HF_CPL | HF_INHIBIT) | HF_LONG
                if self.observer is not None and self.observer(CALL, q[RAX], rip, self.now()):
                    self.pause(0)
            q[RIP] = q[RIP] - length & _MASK
        except BaseException as error:
            self.failed(error)

    def _on_sysenter(self) -> None:
        """Not in our CPU model."""
        try:
            self._refuse(UD)
        except BaseException as error:
            self.failed(error)

    def _syscall_length(self, rip: int) -> int:
        """Length of the SYSCALL at ``rip`` with its useless prefixes.

        0 if the engine took for one what is none: with a LOCK prefix, or VEX-encoded.
        """
        if self._code(rip, 2) == _SYSCALL:
            return 2
        code = self._code(rip, _LONGEST_INSTRUCTION)
        at = 0
        while at < len(code) and code[at] in _PREFIXES:
            at += 1
        return at + 2 if code[at : at + 2] == _SYSCALL else 0

    def _code(self, rip: int, size: int) -> bytes:
        """The bytes at ``rip``; fewer where the next page is not mapped."""
        memory, cr3 = self._memory, self._cpu.q[CR3]
        code = b""
        while size:
            place = walk(memory, cr3, rip)
            if place is None:
                break
            part = min(size, 4096 - (rip & 4095))
            code += memory.read(place.physical, part)
            rip = rip + part & _MASK
            size -= part
        return code

    def _on_cpuid(self) -> int:
        cpu = self._cpu
        q = cpu.q
        asked = q[RAX] & 0xFFFFFFFF, q[RCX] & 0xFFFFFFFF
        told = look_up(self.shown, *asked) if self.shown else None
        q[RAX], q[RBX], q[RCX], q[RDX] = told or cpuid(*asked)
        cpu.w[CC_OP] = CC_OP_EFLAGS
        return 1

    def _on_rdtsc(self) -> int:
        cpu = self._cpu
        q = cpu.q
        tsc = self.tsc_base + cpu.counter.value - self.unretired
        q[RAX] = tsc & 0xFFFFFFFF
        q[RDX] = tsc >> 32 & 0xFFFFFFFF
        cpu.w[CC_OP] = CC_OP_EFLAGS
        return 1

    def _on_rdtscp(self) -> int:
        """Not in our CPU model."""
        try:
            self._refuse(UD)
        except BaseException as error:
            self.failed(error)
        return 1

    def _on_out(self, _engine: int, port: int, size: int, value: int) -> None:
        try:
            cpu = self._cpu
            cpu.w[CC_OP] = CC_OP_EFLAGS
            if cpu.w[HFLAGS] & HF_CPL:
                self._refuse(GP)
            elif port == PORT and size == 4:
                self.value = value
                self._end(Exit.DOORBELL)
        except BaseException as error:
            self.failed(error)

    def _on_in(self, _engine: int, _port: int, _size: int) -> int:
        try:
            cpu = self._cpu
            if cpu.w[HFLAGS] & HF_CPL:
                self._refuse(GP)
            else:
                cpu.w[CC_OP] = CC_OP_EFLAGS
        except BaseException as error:
            self.failed(error)
        return _FLOATING_PORT

    def _refuse(self, vector: int) -> None:
        """A fault (error code 0) in an instruction that does not end its block of code.

        The engine completes it and stops before the next one; then its effect is undone.
        """
        if self.deferred is None:
            cpu = self._cpu
            cpu.w[CC_OP] = CC_OP_EFLAGS
            self.deferred = (vector, cpu.q[RIP], bytes(cpu.data[: 16 * 8]))
            self.unretired += 1
            self._engine.stop()

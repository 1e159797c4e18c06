"""Two runs instruction by instruction: every register after every instruction of every thread.

The guest kernel sets the trap flag and puts a program's registers into the event stream behind
each of its instructions, on either backend alike. The first run is kept, the second is compared
as it comes.
"""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING

from nanvix.abi.layout import TRACE_STEP
from nanvix.named import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from nanvix.machine.trace_ring import TraceEvent

NAMES = (
    "rip", "rflags", "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp",
    "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
)  # fmt: skip
_STATE = Struct("<18Q")
_PARTS = 3
LIMIT = 1_000_000
"""Instructions kept of a run: 144 bytes each."""
_RF = 1 << 16
_FLAGS = ~_RF
"""What a trap saves of RF differs between processors and says nothing of the program."""

State = tuple[int, ...]


class Steps:
    """A listener that gathers the states of every thread. ``count``: instructions so far."""

    def __init__(self, limit: int = LIMIT) -> None:
        self.threads: dict[int, bytearray] = {}
        self.count = 0
        self.truncated = False
        self._limit = limit
        self._partial: dict[int, list[int]] = {}

    def __call__(self, event: TraceEvent) -> None:
        """Take one event."""
        if event.kind != TRACE_STEP:
            return
        partial = self._partial.setdefault(event.tid, [])
        if event.code == 0:
            partial.clear()
        partial += event.args
        if event.code == _PARTS - 1 and len(partial) == len(NAMES):
            partial[1] &= _FLAGS
            self.take(event.tid, _STATE.pack(*partial))

    def take(self, tid: int, state: bytes) -> None:
        """One instruction of a thread is done."""
        if self.count >= self._limit:
            self.truncated = True
            return
        self.count += 1
        self.threads.setdefault(tid, bytearray()).extend(state)


class Departure(NamedTuple):
    """Thread ``tid`` agrees in ``position`` instructions; the next, at ``rip``, leaves other
    registers. ``before``: the common state in front of it, None for a thread's first; ``left`` is
    None where that run has no such instruction. ``code``: bytes at ``rip``."""

    tid: int
    position: int
    before: State | None
    left: State | None
    right: State
    code: bytes

    @property
    def rip(self) -> int:
        """The instruction after which the runs differ."""
        return self.before[0] if self.before is not None else self.right[0]


class Compared(Steps):
    """The second run: compared with the first as it comes. ``read`` gives code of the running
    process; ``undefined`` the flags an instruction leaves undefined, which are not compared until
    something defines them; ``departed`` is called once, at the first difference."""

    def __init__(
        self,
        first: Steps,
        read: Callable[[int, int], bytes],
        undefined: Callable[[bytes, int], int],
        departed: Callable[[], None],
    ) -> None:
        super().__init__(LIMIT)
        self.departure: Departure | None = None
        self._first = first
        self._read = read
        self._undefined = undefined
        self._departed = departed
        self._free: dict[int, int] = {}
        self._done: dict[int, int] = {}
        self._last: dict[int, State] = {}

    def take(self, tid: int, state: bytes) -> None:
        """Compare; nothing is kept but the last state of each thread."""
        if self.departure is not None:
            return
        position = self._done.get(tid, 0)
        kept = self._first.threads.get(tid, b"")
        at = position * _STATE.size
        other = bytes(kept[at : at + _STATE.size])
        if other == state:
            self._free.pop(tid, None)
        elif other or not self._first.truncated:
            before = self._last.get(tid)
            right = _STATE.unpack(state)
            left = _STATE.unpack(other) if other else None
            rip = before[0] if before is not None else right[0]
            code = self._read(rip, 15)
            if left is None or not self._same_but_for_undefined(tid, left, right, code, rip):
                self.departure = Departure(tid, position, before, left, right, code)
                self._departed()
                return
        self.count += 1
        self._done[tid] = position + 1
        self._last[tid] = _STATE.unpack(state)

    def _same_but_for_undefined(
        self, tid: int, left: State, right: State, code: bytes, rip: int
    ) -> bool:
        """Whether only flags differ that no instruction has defined."""
        if left[:1] + left[2:] != right[:1] + right[2:]:
            return False
        differing = left[1] ^ right[1]
        if differing & ~(self._free.get(tid, 0) | self._undefined(code, rip)):
            return False
        self._free[tid] = differing
        return True

    def missing(self) -> tuple[int, int] | None:
        """A thread that did more in the first run: its number and where the second ended."""
        for tid, kept in sorted(self._first.threads.items()):
            if len(kept) // _STATE.size > self._done.get(tid, 0):
                return tid, self._done.get(tid, 0)
        return None


def render(departure: Departure, left_name: str, right_name: str, text: str) -> str:
    """The difference for people; ``text``: the instruction. No trailing newline."""
    lines = [
        f"thread {departure.tid} differs after {departure.position} instructions, by",
        f"  {departure.rip:#x}  {departure.code[:15].hex(' ')}  {text}",
        f"  {'':8} {'before':>18} {left_name:>18} {right_name:>18}",
    ]
    for index, name in enumerate(NAMES):
        states = (departure.before, departure.left, departure.right)
        values = [state[index] if state is not None else None for state in states]
        shown = " ".join(f"{'-' if v is None else format(v, '#x'):>18}" for v in values)
        mark = "" if values[1] == values[2] else "  <"
        lines.append(f"  {name:8} {shown}{mark}")
    return "\n".join(lines)

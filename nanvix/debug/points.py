"""What a user asks to be stopped at, and what a stop is: plain data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nanvix.debug.errors import DebugError
from nanvix.debug.expression import Expression
from nanvix.debug.library_types import quoted
from nanvix.debug.values import SCALARS, Value
from nanvix.named import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nanvix.debug.values import Type

EVENTS = ("syscall", "return", "hypercall", "signal", "fork", "exec", "exit", "fault", "user")
ACCESSES = ("write", "read", "access", "change")
_MAX_WATCHED = 4096
_WORD = 8
_MAX_TEXT = 40


class Access(NamedTuple):
    """One touch of watched memory. ``moment``: when it was done; ``rip``: of the instruction that
    did it (0: the host, in answer to a hypercall); ``old`` and ``new``: the watched bytes before
    and after, as far as this touch changed them."""

    moment: int
    rip: int
    pid: int
    tid: int
    address: int
    size: int
    write: bool
    old: bytes
    new: bytes


_ENDED = ("exit", "killed", "panic", "shutdown", "end of recording", "error")


class Stop(NamedTuple):
    """Why and where the guest stands.

    ``reason``: start, step, breakpoint, watchpoint, catch, moment, user, return, line, pause,
    idle, crash, exit, killed, panic, shutdown, end of recording, error, or start of history.
    ``points``: numbers of the points that were hit. ``detail``: a line more, for people.
    """

    reason: str
    moment: int
    pid: int
    tid: int
    rip: int
    detail: str = ""
    points: tuple[int, ...] = ()
    access: Access | None = None

    @property
    def ended(self) -> bool:
        """Whether the guest cannot run on."""
        return self.reason in _ENDED


class Point:
    """What all points have. ``condition``: an expression; ``pid``, ``tid``: only there;
    ``ignore``: hits to let pass first; ``hits``: so far, going forward; ``temporary``: gone after
    the first stop."""

    kind = ""

    def __init__(
        self,
        number: int,
        *,
        condition: str | None = None,
        pid: int | None = None,
        tid: int | None = None,
        ignore: int = 0,
        temporary: bool = False,
    ) -> None:
        self.number = number
        self.enabled = True
        self.condition = Expression(condition) if condition else None
        self.pid = pid
        self.tid = tid
        self.ignore = ignore
        self.temporary = temporary
        self._moments: set[int] = set()

    @property
    def hits(self) -> int:
        """How often it was reached and its condition held; a moment counts once."""
        return len(self._moments)

    def hit(self, moment: int) -> bool:
        """Count a hit; whether to stop for it."""
        self._moments.add(moment)
        if not self.ignore:
            return True
        return sum(1 for earlier in self._moments if earlier <= moment) > self.ignore

    def describe(self) -> str:
        """One line for a list of points."""
        raise NotImplementedError


class Breakpoint(Point):
    """``where``: a number (a linear address, in every process), a symbol, ``symbol+offset``, or
    ``file:line``. Symbols that are not there yet are looked for again when files are mapped."""

    kind = "breakpoint"

    def __init__(self, number: int, where: int | str, **options: object) -> None:
        super().__init__(number, **options)  # type: ignore[arg-type]
        self.where = where

    def describe(self) -> str:
        """As given."""
        return f"{self.where:#x}" if isinstance(self.where, int) else self.where


class Watchpoint(Point):
    """``size`` bytes at a linear ``address`` of process ``pid``, or a physical one (``pid`` is
    None). ``access``: write, read, access (both), or change (a write of another value).
    ``name``, ``shape``: what the user calls it, and its type if that is known."""

    kind = "watchpoint"

    def __init__(
        self,
        number: int,
        address: int,
        size: int,
        access: str,
        physical: bool,
        *,
        name: str = "",
        shape: Type | None = None,
        **options: object,
    ) -> None:
        if access not in ACCESSES:
            raise DebugError(f"a watchpoint is for one of {', '.join(ACCESSES)}")
        if not 0 < size <= _MAX_WATCHED:
            raise DebugError(f"a watchpoint watches 1 to {_MAX_WATCHED} bytes")
        super().__init__(number, **options)  # type: ignore[arg-type]
        self.address = address
        self.size = size
        self.access = access
        self.physical = physical
        self.name = name
        self.shape = shape

    def describe(self) -> str:
        """``write of total, 8 bytes at 0x1000``."""
        kind = "physical " if self.physical else ""
        name = f"{self.name}, " if self.name else ""
        return f"{self.access} of {name}{self.size} bytes at {kind}{self.address:#x}"

    def news(self, access: Access) -> str:
        """What one touch did: ``total: 7 -> 17``; of much memory the first bytes that differ."""
        name = self.name or f"{self.address:#x}"
        if not access.write:
            return f"{name} read"
        old, new = access.old, access.new
        whole = (access.address, len(new)) == (self.address, self.size)
        if self.shape is not None and _readable(self.shape) and whole:
            return f"{name}: {_shown(self.shape, old)} -> {_shown(self.shape, new)}"
        differ = (at for at, (a, b) in enumerate(zip(old, new, strict=False)) if a != b)
        first = next(differ, 0)
        first = 0 if len(new) <= _WORD else first
        offset = access.address - self.address + first
        place = f"{name}+{offset}" if offset else name
        return f"{place}: {_bytes(old, first)} -> {_bytes(new, first)}"


def _readable(shape: Type) -> bool:
    """Whether a value is one number, or text."""
    target = shape.target
    text = shape.kind == "array" and target is not None and target.kind == "char"
    return shape.kind in SCALARS or text


def _shown(shape: Type, data: bytes) -> str:
    if shape.kind == "array":
        return quoted(data[:_MAX_TEXT].split(b"\0")[0])
    return Value(shape, lambda _address, _size: b"", data=data).show() if data else "?"


def _bytes(data: bytes, first: int) -> str:
    """A word as a number, the beginning of more as bytes."""
    if not data:
        return "?"
    if len(data) in (1, 2, 4, _WORD):
        return f"{int.from_bytes(data, 'little'):#x}"
    more = "..." if len(data) > first + _WORD else ""
    return f"{data[first : first + _WORD].hex(' ')}{more}"


class Catchpoint(Point):
    """``event``: one of EVENTS. ``names``: which system calls, operations, signals, exceptions, or
    of a fork "fork", "vfork" and "thread" (empty: all). In the condition of a ``return``,
    ``result`` is the call's result."""

    kind = "catchpoint"

    def __init__(
        self, number: int, event: str, names: Iterable[str] = (), **options: object
    ) -> None:
        if event not in EVENTS:
            raise DebugError(f"can only catch one of {', '.join(EVENTS)}")
        super().__init__(number, **options)  # type: ignore[arg-type]
        self.event = event
        self.names = frozenset(names)

    def describe(self) -> str:
        """``syscall openat, read``."""
        return f"{self.event} {', '.join(sorted(self.names))}".rstrip()

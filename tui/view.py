"""What the screen shows at one moment: plain values, made by the session, drawn by the panes.

The session's thread builds a :class:`View` from the debugger; panes only ever read it. Nothing in a
view refers back to the machine, so drawing needs no lock and may lag behind.
"""

from __future__ import annotations

from enum import Enum

from nanvix.named import NamedTuple

BYTES, ROWS = 16, 64
"""How much of memory a view carries: enough for the tallest screen."""


class Status(Enum):
    """What the guest is doing."""

    STARTING = "starting"
    STOPPED = "stopped"
    RUNNING = "running"
    ENDED = "ended"


class Register(NamedTuple):
    """One register. ``changed``: since the last stop. ``note``: what it points to, or ''."""

    name: str
    value: int
    changed: bool
    note: str = ""


class Flag(NamedTuple):
    """One bit of RFLAGS by its name."""

    name: str
    on: bool
    changed: bool


class CodeLine(NamedTuple):
    """An instruction, or with ``address`` None a line of source or a label between them."""

    address: int | None
    text: str
    code: str = ""
    here: bool = False
    breakpoint: bool = False
    chosen: bool = False
    target: str = ""


class Bytes(NamedTuple):
    """A window of memory: ``data[i]`` is at ``start + i``; None where nothing is mapped."""

    start: int = 0
    data: tuple[int | None, ...] = ()
    changed: frozenset[int] = frozenset()
    label: str = ""


class StackRow(NamedTuple):
    """A word of the stack and what it leads to. ``frame``: the call it belongs to, or ''."""

    address: int
    value: int | None
    telescope: str
    frame: str = ""


class CallRow(NamedTuple):
    """One call. ``where``: file and line, or the address. ``chosen``: it is looked at."""

    level: int
    symbol: str
    where: str
    ring: str
    chosen: bool


class Chosen(NamedTuple):
    """The frame that is looked at, for as long as the guest has not run on: ``version`` is that of
    the view it was chosen in. ``program``: counted from where the thread is in its program."""

    tid: int | None = None
    level: int = 0
    version: int = -1
    program: bool = False

    @property
    def running(self) -> bool:
        """Whether it is where the running thread goes on."""
        return self.tid is None and not self.level


class MapRow(NamedTuple):
    """An area of an address space."""

    start: int
    end: int
    rights: str
    backing: str


class WalkRow(NamedTuple):
    """One level of a page-table walk."""

    level: str
    slot: int
    entry: int
    meaning: str


class TaskRow(NamedTuple):
    """A thread of the guest."""

    pid: int
    tid: int
    name: str
    state: str
    current: bool


class LogRow(NamedTuple):
    """A system call, hypercall or other event. ``moment``: where to go to see it, if known;
    ``time_ns``: on the guest's clock, where moments are not."""

    moment: int | None
    tid: int
    kind: str
    text: str
    time_ns: int | None = None


class PointRow(NamedTuple):
    """A breakpoint or watchpoint."""

    number: int
    kind: str
    where: str
    condition: str
    hits: int
    enabled: bool


Path = tuple[str, ...]
"""Names a row of Watch: the expression or variable, then what is in it, and in that."""


class WatchRow(NamedTuple):
    """A watched expression, a local variable or an argument, or with a longer ``path`` a part of
    one. ``opens``: there are parts in it; ``open``: they are the rows that follow."""

    name: str
    value: str
    type: str
    changed: bool
    path: Path = ()
    opens: bool = False
    open: bool = False


class Timeline(NamedTuple):
    """The course of the run in instructions. ``marks``: (moment, what) of bookmarks and events."""

    now: int = 0
    end: int = 0
    checkpoints: tuple[int, ...] = ()
    marks: tuple[tuple[int, str], ...] = ()


class View(NamedTuple):
    """One moment."""

    status: Status = Status.STARTING
    reason: str = ""
    where: str = ""
    moment: int | None = None
    version: int = 0
    """Another one whenever the guest has run."""
    chosen: Chosen = Chosen()
    registers: tuple[Register, ...] = ()
    flags: tuple[Flag, ...] = ()
    vectors: tuple[Register, ...] = ()
    code: tuple[CodeLine, ...] = ()
    memory: Bytes = Bytes()
    stack: tuple[StackRow, ...] = ()
    calls: tuple[CallRow, ...] = ()
    maps: tuple[MapRow, ...] = ()
    walk: tuple[WalkRow, ...] = ()
    tasks: tuple[TaskRow, ...] = ()
    points: tuple[PointRow, ...] = ()
    locals: tuple[WatchRow, ...] = ()
    timeline: Timeline | None = Timeline()
    """None where moments are not known."""


class Focus(NamedTuple):
    """What the panes look at. ``memory`` and ``code``: an expression, or None to follow the stack
    pointer and the next instruction; ``watches``: expressions; ``unfolded``: rows of Watch whose
    parts are shown; ``panes``: those that can be seen.
    """

    memory: str | None = None
    code: str | None = None
    watches: tuple[str, ...] = ()
    unfolded: frozenset[Path] = frozenset()
    chosen: Chosen = Chosen()
    panes: frozenset[str] = frozenset()

"""vCont: which threads go on, and how."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nanvix.debug.gdb.signals import of_gdb
from nanvix.named import NamedTuple

if TYPE_CHECKING:
    from nanvix.debug.kernel import Thread

ALL = -1


class Action(NamedTuple):
    """``verb``: c, s or r. ``signal``: Linux's number, 0 for none. ``start``, ``end``: of a range
    to step through. ``pid``, ``tid``: for whom, or ALL."""

    verb: str
    signal: int
    start: int
    end: int
    pid: int
    tid: int

    def suits(self, thread: Thread) -> bool:
        """Whether it is for this thread."""
        return self.pid in (ALL, thread.pid) and self.tid in (ALL, thread.tid)


def parse(text: str) -> list[Action]:
    """The actions behind ``vCont;``. Raises ValueError."""
    return [_action(part) for part in text.split(";") if part]


def _action(text: str) -> Action:
    verb, colon, thread = text.partition(":")
    pid, tid = parse_thread(thread) if colon else (ALL, ALL)
    signal, start, end = 0, 0, 0
    kind, rest = verb[:1], verb[1:]
    if kind in ("C", "S"):
        signal = of_gdb(int(rest, 16))
    elif kind == "r":
        start, end = (int(part, 16) for part in rest.split(","))
    elif kind not in ("c", "s") or rest:
        raise ValueError(text)
    return Action(kind.lower(), signal, start, end, pid, tid)


def parse_thread(text: str) -> tuple[int, int]:
    """Process and thread out of ``p1.2``, ``p1``, ``2``; ALL for -1 and what is not named. Raises
    ValueError."""
    pid, tid = ALL, ALL
    if text.startswith("p"):
        first, dot, second = text[1:].partition(".")
        pid = _number(first)
        tid = _number(second) if dot else ALL
    else:
        tid = _number(text)
    return pid, tid


def _number(text: str) -> int:
    """0 is any, and any will do."""
    return ALL if text in ("-1", "0") else int(text, 16)

"""Turns what the debugger knows about a moment into a :class:`View`: only what can be seen.

Runs on the session's thread, up to ten times a second while the guest runs; nothing here may take
long, and nothing that cannot be read may raise: it is shown as missing.
"""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING

from nanvix.debug.disassembly import Instruction
from nanvix.tui import rows
from nanvix.tui.before import Before
from nanvix.tui.view import (
    BYTES,
    ROWS,
    Bytes,
    CodeLine,
    Flag,
    Focus,
    Register,
    StackRow,
    Status,
    View,
    WalkRow,
)
from nanvix.tui.watched import Watched
from nanvix.tui.words import place, read_with_holes, telescope

if TYPE_CHECKING:
    from nanvix.debug.debugger import Debugger
    from nanvix.debug.points import Stop
    from nanvix.debug.present import Present

    Guest = Debugger | Present

REGISTERS = {
    **{f"r{name}": f"r{name}" for name in ("ax", "bx", "cx", "dx", "si", "di", "bp", "sp")},
    **{f"r{number}": f"r{number}" for number in range(8, 16)},
    "rip": "rip", "rflags": "rfl", "fs_base": "fs", "gs_base": "gs",
}  # fmt: skip
"""The debugger's name of each register and the one shown, in the order of the manuals."""
FLAGS = {
    "CF": 0, "PF": 2, "AF": 4, "ZF": 6, "SF": 7, "TF": 8, "IF": 9, "DF": 10, "OF": 11, "AC": 18,
}  # fmt: skip
CODE_BEFORE, CODE_AFTER = 12, 56
CODE_LEAST = 6
"""Instructions before the marked one, behind it, and how few before it may become."""
_OFFSET = re.compile(r"\+0x[0-9a-f]+$")
STACK_WORDS = 64


class Viewer:
    """Remembers the moment before, so that changes can be marked."""

    def __init__(self) -> None:
        self._registers: Before[str, int] = Before()
        self._vectors: Before[str, int] = Before()
        self._memory: Before[int, int | None] = Before()
        self._watched = Watched()
        self._sources: dict[str, str] = {}
        self._listing: list[Instruction] = []
        self._before = View()
        self._makers: dict[str, Callable[[Guest, Focus], dict[str, object]]] = {
            "registers": self._general,
            "vectors": self._vector,
            "code": lambda d, focus: {"code": self._code(d, focus)},
            "memory": lambda d, focus: {"memory": self._window(d, focus.memory)},
            "stack": lambda d, _: {"stack": self._stack(d)},
            "maps": lambda d, _: {"maps": rows.maps(d)},
            "walk": lambda d, focus: {"walk": self._walk(d, focus.memory)},
            "locals": lambda d, focus: {"locals": self._watched.rows(d, focus)},
        }
        """Of what is seen from the frame that is looked at."""
        self._others: dict[str, Callable[[Guest, Focus], dict[str, object]]] = {
            "tasks": lambda d, _: {"tasks": rows.tasks(d)},
            "points": lambda d, _: {"points": rows.points(d)},
            "calls": lambda d, focus: {"calls": rows.calls(d, focus.chosen)},
        }

    def view(
        self,
        debugger: "Guest",
        stop: "Stop",
        focus: Focus,
        status: Status,
        bookmarks: Iterable[tuple[int, str]],
        doing: str = "",
    ) -> View:
        """The moment shown, as far as ``focus`` wants it. ``doing``: what is going on, if it has
        not stopped."""
        moment, before = debugger.moment, self._before
        parts: dict[str, object] = {}
        with debugger.steady():
            chosen, context = rows.looked_at(
                debugger, stop, focus.chosen, running=status is Status.RUNNING
            )
            focus = focus._replace(chosen=chosen)
            for pane, make in self._others.items():
                if pane in focus.panes:
                    parts |= rows.or_none(partial(make, debugger, focus)) or {}
            with context:
                where = rows.where(debugger)
                for pane, make in self._makers.items():
                    if pane in focus.panes:
                        parts |= rows.or_none(partial(make, debugger, focus)) or {}
        self._before = before._replace(
            status=status,
            reason=doing or rows.describe(stop),
            where=f"{rows.who(stop, chosen)} {where}",
            moment=moment,
            version=debugger.version,
            chosen=chosen,
            timeline=rows.timeline(debugger, bookmarks),
            **parts,  # type: ignore[arg-type]
        )
        return self._before

    # -- registers -----------------------------------------------------------------------------

    def _general(self, debugger: "Guest", focus: Focus) -> dict[str, object]:
        values = debugger.registers()
        rflags = values.get("rflags", 0)
        plain = focus.chosen.running
        old = self._registers.renew(debugger.version, values) if plain else values
        changed = old.get("rflags", 0) ^ rflags
        return {
            "registers": tuple(
                Register(
                    shown,
                    values[name],
                    old.get(name) != values[name],
                    telescope(debugger, values[name], 1),
                )
                for name, shown in REGISTERS.items()
                if name in values
            ),
            "flags": tuple(
                Flag(name, bool(rflags >> bit & 1), bool(changed >> bit & 1))
                for name, bit in FLAGS.items()
            ),
        }

    def _vector(self, debugger: "Guest", _: Focus) -> dict[str, object]:
        image = debugger.cpu().fxsave
        values = {
            f"xmm{i}": int.from_bytes(image[160 + 16 * i : 176 + 16 * i], "little")
            for i in range(16)
        }
        values |= {
            f"st{i}": int.from_bytes(image[32 + 16 * i : 42 + 16 * i], "little") for i in range(8)
        }
        values["mxcsr"] = int.from_bytes(image[24:28], "little")
        values["fcw"] = int.from_bytes(image[0:2], "little")
        old = self._vectors.renew(debugger.version, values)
        return {
            "vectors": tuple(
                Register(name, value, old.get(name) != value) for name, value in values.items()
            )
        }

    # -- code ----------------------------------------------------------------------------------

    def _code(self, debugger: "Guest", focus: Focus) -> tuple[CodeLine, ...]:
        rip, where = debugger.registers()["rip"], focus.code
        plain = focus.chosen.running
        start = rip if where is None else place(debugger, where)
        marked = {
            address
            for point in debugger.points
            if point.kind == "breakpoint" and point.enabled
            for address in debugger.places(point)
        }
        lines: list[CodeLine] = []
        label = source = ""
        for item in self._listed(debugger, start):
            symbol = _OFFSET.sub("", item.symbol or "")
            if symbol and symbol != label:
                lines.append(CodeLine(None, f"{symbol}:"))
            label = symbol or label
            if item.line and item.line != source:
                source = item.line
                lines.append(CodeLine(None, self._source(debugger, source), "source"))
            lines.append(
                CodeLine(
                    item.address,
                    item.text,
                    item.data[:7].hex(" "),
                    plain and item.address == rip,
                    item.address in marked,
                    not plain and item.address == rip,
                    item.note,
                )
            )
        return tuple(lines)

    def _listed(self, debugger: "Guest", start: int) -> list[Instruction]:
        """The instructions around an address: those listed before, if it is well among them and
        they are still there."""
        known = self._listing
        if known and known[0].address <= start < known[-1].address:
            index = bisect_left(known, start, key=_address)
            first, last = known[0].address, known[-1].address
            if (
                known[index].address == start
                and CODE_LEAST <= index < len(known) - CODE_AFTER // 2
                and debugger.read_memory(first, last - first)
                == b"".join(item.data for item in known[:-1])
                and debugger.symbol(start) == known[index].symbol
            ):
                return known
        self._listing = debugger.disassemble_around(start, CODE_BEFORE, CODE_AFTER)
        return self._listing

    def _source(self, debugger: "Guest", place: str) -> str:
        if place not in self._sources:
            file, _, line = place.rpartition(":")
            found = debugger.source(file, int(line), 0)
            text = found[0][1].strip() if found else ""
            self._sources[place] = f"  {file.rpartition('/')[2]}:{line}  {text}".rstrip()
        return self._sources[place]

    # -- memory --------------------------------------------------------------------------------

    def _window(self, debugger: "Guest", where: str | None) -> Bytes:
        start = rows.memory_place(debugger, where) & ~(BYTES - 1)
        data = read_with_holes(debugger.read_memory, start, ROWS * BYTES)
        old = self._memory.renew(debugger.version, dict(enumerate(data, start)))
        changed = frozenset(i for i, byte in enumerate(data, start) if old.get(i, byte) != byte)
        return Bytes(start, data, frozenset(i - start for i in changed))

    def _walk(self, debugger: "Guest", where: str | None) -> tuple[WalkRow, ...]:
        address = rows.memory_place(debugger, where)
        found = []
        for level, entry in enumerate(debugger.page_walk(address)):
            slot = address >> (39 - 9 * level) & 511
            found.append(WalkRow(entry.table, slot, entry.value, entry.rights or "not present"))
        physical = debugger.translate(address)
        end = "not mapped" if physical is None else f"physical {physical:#x}"
        return (*found, WalkRow("", address & 4095, address, end))

    def _stack(self, debugger: "Guest") -> tuple[StackRow, ...]:
        sp = debugger.registers()["rsp"] & ~7
        data = read_with_holes(debugger.read_memory, sp, STACK_WORDS * 8)
        frames = {
            call.cfa - 8: f"returns from {call.symbol or hex(call.pc)}"
            for call in rows.or_none(debugger.backtrace) or []
        }
        found = []
        for at in range(0, len(data), 8):
            word = data[at : at + 8]
            value = None if None in word else int.from_bytes(bytes(word), "little")  # type: ignore[arg-type]
            lead = "" if value is None else telescope(debugger, value)
            found.append(StackRow(sp + at, value, lead, frames.get(sp + at, "")))
        return tuple(found)


def _address(item: Instruction) -> int:
    return item.address

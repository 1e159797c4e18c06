"""The application: panes on a desk, a session behind them, one table of actions in front."""

import asyncio
import gc
from collections.abc import Sequence
from operator import itemgetter
from pathlib import Path
from signal import SIGHUP, SIGQUIT, SIGTERM
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from nanvix.errors import NanvixError
from nanvix.tui import commands, cursor, export
from nanvix.tui.actions import BY_NAME, IN_BAR, NEEDS, bindings
from nanvix.tui.desk import Desk
from nanvix.tui.hearing import Hearing
from nanvix.tui.keybar import KeyBar
from nanvix.tui.lines import LinePane
from nanvix.tui.ordered import Ordered
from nanvix.tui.palette import ActionCommands
from nanvix.tui.panes import all_panes
from nanvix.tui.panes.base import ViewPane
from nanvix.tui.panes.console import ConsolePane
from nanvix.tui.panes.log import LogPane
from nanvix.tui.panes.memory import MemoryPane
from nanvix.tui.prompt import Prompt
from nanvix.tui.session import Session
from nanvix.tui.terminal import Terminal
from nanvix.tui.timeline import TimelineBar
from nanvix.tui.title import TitleBar
from nanvix.tui.view import Focus, Status, View

if TYPE_CHECKING:
    from socket import socket

    from nanvix.debug.capsule import Capsule
    from nanvix.tui.session import Start
    from nanvix.tui.store import Store

_CONSOLE_S = 0.05
_OPEN_S = 1.0
"""How long the panes wait for what is to be in them."""
_SMALLEST = (60, 16)


def _collect() -> None:
    """From now on garbage is collected, among what is made from now on."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()


class DebugApp(Ordered, Hearing):
    """``start``: makes the debugger over the descriptors it is given, on the session's thread; or a
    session that has begun.
    ``store``: what is kept of this program from one session to the next. ``gdb``: listens for a gdb
    that shares the session. ``capsule``: where points, bookmarks and notes come from. The
    result is the program's exit code if it has ended.
    """

    CSS_PATH = Path(__file__).with_name("styles.tcss")
    TITLE = "nanvix debug"
    AUTO_FOCUS = ""
    COMMANDS = {ActionCommands}  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [*bindings()]

    def __init__(
        self,
        start: "Start | Session",
        program: str,
        *,
        store: "Store | None" = None,
        first: tuple[str, ...] = (),
        gdb: "socket | None" = None,
        capsule: "Capsule | None" = None,
    ) -> None:
        super().__init__(driver_class=Terminal)
        self.program = program
        self.view = View()
        self.focus_of = Focus()
        self.last_search = ""
        self.messages: list[str] = []
        self._lacks: dict[str, str] = {}
        self._store = store
        self._first = first
        self._gdb = gdb
        self._capsule = capsule
        self.notes: list[str] = []
        """Lines for whoever opens a bug capsule."""
        self._points: dict[int, str] = {}
        self.session = start if isinstance(start, Session) else Session(start, gdb)
        self.desk = Desk(all_panes())
        self.prompt = Prompt([f"{c.name} " for c in commands.COMMANDS])
        self.timeline = TimelineBar()
        self.keys = KeyBar()
        self.headline = TitleBar()

    def compose(self) -> ComposeResult:
        """Called by Textual."""
        if self._store is not None:
            self._store.restore(self)
        self.desk.place()
        self.seen_panes()
        yield self.headline
        yield self.desk
        yield self.timeline
        yield self.prompt
        yield self.keys

    def on_mount(self) -> None:
        """The guest starts once the screen is there."""
        for number in (SIGHUP, SIGQUIT, SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, self.exit, 128 + number)
        if self._capsule is not None:
            self._first = (*export.unpack(self, self._capsule), *self._first)
        self.begin()
        if self._gdb is not None:
            host, port = self._gdb.getsockname()[:2]
            self.tell(f"for gdb: target remote {host}:{port}")
        stored = self._store.commands() if self._store is not None else ()
        self.do_first((*stored, *self._first))
        self.set_interval(_CONSOLE_S, self.read_console)
        self.set_timer(_OPEN_S, self.open_desk)
        self._draw_chrome()

    def open_desk(self) -> None:
        """Show the panes: with the first view, or without one that is long in coming."""
        if self.desk.is_attached and not self.desk.children:
            self.desk.open()
            self.desk.panes["code"].focus()
            self.call_after_refresh(_collect)

    def do_first(self, lines: Sequence[str]) -> None:
        """The commands to begin with."""
        for line in lines:
            self.command(line)

    def begin(self) -> None:
        """Start the guest, if it does not start already, and hear of it."""
        self.session.listen(self, self.focus_of)
        self.session.begin()

    def on_unmount(self) -> None:
        """The guest ends with the screen; what is kept per program is written."""
        if self._store is not None:
            self._store.save(self, self.kept_points())
        self.session.close()

    # -- for the verbs -------------------------------------------------------------------------

    def look(self, **changes: object) -> None:
        """The panes look at something else."""
        self.focus_of = self.focus_of._replace(**changes)  # type: ignore[arg-type]
        self.session.look(self.focus_of)

    def seen_panes(self) -> None:
        """Other panes can be seen now."""
        self.look(panes=frozenset(self.desk.shown()))

    def focused_pane(self) -> str:
        """The name of the pane that has the keyboard."""
        widget = self.focused
        while widget is not None:
            if widget.id in self.desk.panes:
                return str(widget.id)
            widget = widget.parent  # type: ignore[assignment]
        return "code"

    def keep_point(self, number: int, command: str | None) -> None:
        """Remember how a point was made (None: it is gone), for the next session."""
        if command is None:
            self._points.pop(number, None)
        else:
            self._points[number] = command

    def kept_points(self) -> tuple[str, ...]:
        """The commands that set the points again."""
        return tuple(self._points.values())

    def filter_log(self, text: str) -> None:
        """Only rows with these words."""
        pane = self.desk.panes["log"]
        assert isinstance(pane, LogPane)
        pane.set_filter(text)

    def missing(self, needs: str) -> str:
        """Why something cannot be done here; '' if it can."""
        reason = self._lacks.get(needs, "")
        if not reason:
            return ""
        hint = "" if "move" in self._lacks else "; E opens this moment in the emulator"
        return f"no {NEEDS[needs]}: {reason}{hint}"

    def tell(self, text: str, *, error: bool = False) -> None:
        """One line for the user."""
        self.messages.append(text)
        self.notify(text, severity="error" if error else "information", markup=False, timeout=4)

    def command(self, text: str) -> None:
        """Do what was typed, if anything was."""
        if not text:
            return
        try:
            commands.perform(self, text)
        except NanvixError as error:
            self.tell(str(error), error=True)

    # -- keys and messages ---------------------------------------------------------------------

    def action_do(self, name: str) -> None:
        """Do an action of the table, or say why not."""
        action = BY_NAME[name]
        reason = self.missing(action.needs)
        if reason:
            self.tell(reason, error=True)
            return
        try:
            action.run(self)
        except NanvixError as error:
            self.tell(str(error), error=True)

    def action_show_pane(self, name: str) -> None:
        """Bring a pane to the front."""
        self.desk.show(name)
        self.seen_panes()

    def on_prompt_given(self, message: Prompt.Given) -> None:
        """A command line."""
        self.command(message.text)

    def on_key_bar_pressed(self, message: KeyBar.Pressed) -> None:
        """A click on a key."""
        self.action_do(message.action_name)

    def on_console_pane_typed(self, message: ConsolePane.Typed) -> None:
        """Input for the guest."""
        self.session.terminal.type(message.text if message.text is not None else "\x04")

    def on_timeline_bar_scrubbed(self, message: TimelineBar.Scrubbed) -> None:
        """A click on the timeline."""
        reason = self.missing("travel")
        if reason:
            self.tell(reason, error=True)
        else:
            self.session.do(lambda d: d.go(message.count), "scrub")

    def on_memory_pane_moved(self, message: MemoryPane.Moved) -> None:
        """Memory scrolls past its window."""
        self.look(memory=f"{max(message.address, 0):#x}")

    def on_line_pane_chosen(self, message: LinePane.Chosen) -> None:
        """Enter on a line: go where it leads."""
        cursor.choose(self, message.pane, message.index)

    def on_desk_arranged(self) -> None:
        """What was not made, because nobody saw it, is made now."""
        self.seen_panes()

    def on_resize(self) -> None:
        """Another arrangement may fit now."""
        self.desk.place()
        self.call_after_refresh(self._draw_chrome)

    # -- from the session's thread -------------------------------------------------------------

    def able(self, lacks: dict[str, str]) -> None:
        """What the guest cannot do is pale from now on."""
        self._lacks = lacks

    # -- drawing -------------------------------------------------------------------------------

    def draw(self) -> None:
        """Show the newest view, if there is one."""
        with self._exchange:
            view, self._latest = self._latest, None
        if view is None:
            return
        self.view = view
        self.open_desk()
        for name in self.desk.shown():
            pane = self.desk.panes[name]
            if isinstance(pane, ViewPane):
                pane.draw(view)
        log = self.desk.panes["log"]
        assert isinstance(log, LogPane)
        log.take(self.session.log)
        self.timeline.draw(view.timeline)
        self._draw_chrome()

    def _draw_chrome(self) -> None:
        width, height = self.size
        if width < _SMALLEST[0] or height < _SMALLEST[1]:
            self.headline.update(
                f"the screen is too small: {_SMALLEST[0]} by {_SMALLEST[1]} at least"
            )
            return
        self.headline.draw(self.program, self.view)
        keys = [(a.name, a.shown, a.label, not self.missing(a.needs)) for a in IN_BAR]
        self.keys.draw(sorted(keys, key=itemgetter(3), reverse=True))

    def read_console(self) -> str:
        """Show what the guest has written since the last time: that."""
        self.session.tick()
        silent = self.session.silent
        if silent and self.timeline.progress is None and self.view.status is not Status.RUNNING:
            self.timeline.show_progress(silent, None)
        text = self.session.terminal.drain()
        if text:
            pane = self.desk.panes["console"]
            assert isinstance(pane, ConsolePane)
            pane.text.take(text)
        return text

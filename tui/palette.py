"""The command palette, made of the table of actions and the list of panes."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider

from nanvix.tui.actions import ACTIONS

if TYPE_CHECKING:
    from nanvix.tui.app import DebugApp


class ActionCommands(Provider):
    """All actions by label, all panes by title."""

    async def discover(self) -> Hits:
        """Before anything is typed."""
        for title, help, act in self._entries():
            yield DiscoveryHit(title, act, help=help)

    async def search(self, query: str) -> Hits:
        """What matches."""
        matcher = self.matcher(query)
        for title, help, act in self._entries():
            score = matcher.match(f"{title} {help}")
            if score > 0:
                yield Hit(score, matcher.highlight(title), act, help=help)

    def _entries(self) -> Iterator[tuple[str, str, Callable[[], None]]]:
        app = cast("DebugApp", self.app)
        for action in ACTIONS:
            reason = app.missing(action.needs)
            title = f"{action.group}: {action.label} ({action.shown})"
            yield title, reason or action.help, partial(app.action_do, action.name)
        for name, pane in app.desk.panes.items():
            title = f"Show {getattr(pane, 'title', name)}"
            yield title, "Bring this pane to the front.", partial(app.action_show_pane, name)

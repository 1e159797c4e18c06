"""Keys one after the other: what a key does has begun before the next one is looked at.

Textual hands a key to the widget with the keyboard, from where it comes back to the application
if the widget has no use for it. On a slow terminal the next key is on its way by then, and would
go to somebody else than the user meant.
"""

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, cast

from textual.app import App
from textual.events import Event, Key
from textual.widgets import Input

from nanvix.tui import completion
from nanvix.tui.actions import BY_KEY

if TYPE_CHECKING:
    from nanvix.tui.app import DebugApp
    from nanvix.tui.prompt import Prompt

_ALWAYS = frozenset(("ctrl+c", "ctrl+z"))
"""Keys that mean the same while somebody types."""
_KEY_S = 1.0
"""How long the next key waits for the one before it."""


class Ordered(App[int]):
    """An application with a prompt and a table of actions."""

    prompt: "Prompt"

    def __init__(self, **options: object) -> None:
        super().__init__(**options)  # type: ignore[arg-type]
        self._early: list[Event] = []
        """Keys that came while the prompt was being made."""

    async def on_event(self, event: Event) -> None:
        """Keys are taken in their order: an action begins before the next key is looked at, so
        what is typed on behind `:` is for the prompt, and waits while it is being made."""
        if not isinstance(event, Key) or event.is_forwarded:
            await super().on_event(event)
        elif self.prompt.opening:
            self._early.append(event)
        elif event.key in BY_KEY and (event.key in _ALWAYS or not self._typing()):
            cast("DebugApp", self).action_do(BY_KEY[event.key].name)
        elif self.focused is self.prompt.input:
            await self._to_prompt(event)
        else:
            await super().on_event(event)

    async def _to_prompt(self, event: Key) -> None:
        """Letters are in the line before the next key is looked at."""
        if event.key == "enter":
            cast("DebugApp", self).command(self.prompt.take())
        elif event.key == "tab":
            completion.complete(cast("DebugApp", self), self.prompt.input.value)
        else:
            await super().on_event(event)
            seen = asyncio.Event()
            self.prompt.input.call_later(seen.set)
            with suppress(TimeoutError):
                await asyncio.wait_for(seen.wait(), _KEY_S)

    def _typing(self) -> bool:
        """Whether keys are for an input line, or for what lies over the desk."""
        return isinstance(self.focused, Input) or len(self.screen_stack) > 1

    async def on_prompt_ready(self) -> None:
        """It has what was typed since it was asked for."""
        early, self._early = self._early, []
        for event in early:
            await self.on_event(event)

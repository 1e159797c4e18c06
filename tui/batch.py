"""Commands without a screen: one after the other, and what comes of them on stdout."""

import asyncio
import sys
from collections.abc import Sequence

from nanvix.tui.app import DebugApp

_REST_S = 0.01


class BatchApp(DebugApp):
    """The application for a script (run it headless). Its result is 0, or 1 if a command could
    not be done."""

    def __init__(self, *arguments: object, **options: object) -> None:
        super().__init__(*arguments, **options)  # type: ignore[arg-type]
        self._failed = False

    def do_first(self, lines: Sequence[str]) -> None:
        """All there is to do."""
        self.run_worker(self._perform(lines))

    def tell(self, text: str, *, error: bool = False) -> None:
        """One line."""
        self.messages.append(text)
        self._failed = self._failed or error
        self._say(text)

    def read_console(self) -> str:
        """What the guest has written goes to stdout too."""
        text = super().read_console()
        if text:
            self._say(text.replace("\r\n", "\n"), end="")
        return text

    async def _perform(self, lines: Sequence[str]) -> None:
        """Each when the one before it is done."""
        await self._rest()
        for line in lines:
            before = self.view.moment, self.view.reason
            self.command(line)
            await self._rest()
            view = self.view
            if (view.moment, view.reason) != before:
                moment = "" if view.moment is None else f"  @{view.moment:,}"
                self._say(f"{view.status.value}: {view.reason}  {view.where}{moment}")
            if self.session.over:
                break
        self.exit(1 if self._failed else 0)

    async def _rest(self) -> None:
        """Wait until nothing is to be done any more, and all has been heard."""
        while self.session.busy:
            await asyncio.sleep(_REST_S)
        self.read_console()
        await asyncio.sleep(_REST_S)
        self.draw()

    def _say(self, text: str, end: str = "\n") -> None:
        """Textual has taken sys.stdout."""
        try:
            print(text, end=end, file=sys.__stdout__, flush=True)
        except OSError:
            self._failed = True

"""Drives the debugger's screen in tests: presses keys, waits, reads."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from nanvix.debug.debugger import Debugger
from nanvix.debug.present import Present
from nanvix.debug.stopping import Stopping
from nanvix.tui.app import DebugApp
from nanvix.tui.store import Store
from support.host import PATIENCE

if TYPE_CHECKING:
    from textual.pilot import Pilot

LIMIT_S = 60 * PATIENCE
SEED = bytes(32)


class Driver:
    """Presses keys and waits until what they asked for is done and shown."""

    def __init__(self, app: DebugApp, pilot: "Pilot[int]") -> None:
        self.app = app
        self.pilot = pilot

    async def __call__(self, *keys: str) -> None:
        for key in keys:
            await self.pilot.press(key)
            await self.settle()

    async def type(self, text: str) -> None:
        """A command line."""
        await self.pilot.press("colon")
        self.app.prompt.input.value = text
        await self("enter")

    async def settle(self) -> None:
        end = time.monotonic() + LIMIT_S
        await self.pilot.pause()
        while self.app.session.busy:
            assert time.monotonic() < end, "the session does not come to rest"
            await asyncio.sleep(0.01)
        await self.pilot.pause()

    async def shows(self, text: str) -> None:
        """The console shows a text, now or soon."""
        end = time.monotonic() + LIMIT_S
        console = self.app.desk.panes["console"].text  # type: ignore[attr-defined]
        while not any(text in console.line(i)[0][0] for i in range(console.count())):
            assert time.monotonic() < end, f"no {text!r} on the console"
            await asyncio.sleep(0.02)

    async def until(self, true: "Callable[[], bool]", what: str) -> None:
        """Wait for something that comes by itself."""
        end = time.monotonic() + LIMIT_S
        while not true():
            assert time.monotonic() < end, f"not in time: {what}"
            await asyncio.sleep(0.02)

    @property
    def where(self) -> str:
        """The symbol of the next instruction."""
        return self.app.view.where.rpartition(" ")[2]

    @property
    def moment(self) -> int:
        assert self.app.view.moment is not None
        return self.app.view.moment

    async def answer(self) -> None:
        """Run ``steps ask`` to its question, and type an answer."""
        self.app.action_show_pane("console")
        self.app.action_do("go")
        await self.shows("total 5")
        self.app.desk.panes["console"].focus()
        await self.pilot.pause()
        await self.pilot.press(*"hello", "enter")
        await self.shows("read hello")


@asynccontextmanager
async def opened(
    *argv: str,
    size: tuple[int, int] = (200, 50),
    first: tuple[str, ...] = (),
    store: Store | None = None,
    backend: str = "emu",
    gdb: socket.socket | None = None,
    make: "Callable[..., Debugger | Present] | None" = None,
) -> AsyncIterator[Driver]:
    """The application with a guest at its first instruction; ``make`` makes another debugger."""

    begin = make or (Debugger if backend == "emu" else Stopping)

    def start(stdio: tuple[int, int, int]) -> Debugger | Present:
        return begin(argv, stdio=stdio, seed=SEED)

    app = DebugApp(start, argv[0], first=first, store=store, gdb=gdb)
    async with app.run_test(size=size) as pilot:
        driver = Driver(app, pilot)
        await driver.settle()
        yield driver

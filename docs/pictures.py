"""Draws the pictures of README and docs: ``python docs/pictures.py`` (needs gcc and KVM)."""

import asyncio
import subprocess
import tempfile
from pathlib import Path

from textual.pilot import Pilot

from nanvix.debug.debugger import Debugger
from nanvix.debug.stopping import Stopping
from nanvix.tui.app import DebugApp

HERE = Path(__file__).parent
SOURCE = HERE.parent / "examples" / "corrupt.c"


class Hand:
    """Presses keys and waits for what comes of it."""

    def __init__(self, app: DebugApp, pilot: Pilot[int]) -> None:
        self._app = app
        self._pilot = pilot

    async def press(self, *keys: str) -> None:
        """One after the other."""
        for key in keys:
            await self._pilot.press(key)
            await self.rest()

    async def type(self, *lines: str) -> None:
        """Commands."""
        for line in lines:
            self._app.command(line)
            await self.rest()

    async def rest(self) -> None:
        """Until all is done and shown."""
        await self._pilot.pause()
        while self._app.session.busy:
            await asyncio.sleep(0.01)
        await self._pilot.pause()

    async def save(self, name: str, title: str) -> None:
        """Into the folder of pictures."""
        self._app.clear_notifications()
        await self._pilot.pause()
        svg = self._app.export_screenshot(title=title)
        (HERE / "pictures" / name).write_text(svg, encoding="utf-8")


async def back_in_time(program: str) -> None:
    """The debugger has gone back to the instruction that overwrites the record's name."""

    def start(stdio: tuple[int, int, int]) -> Debugger:
        return Debugger([program], stdio=stdio, seed=bytes(32))

    app = DebugApp(start, "corrupt")
    async with app.run_test(size=(132, 40)) as pilot:
        hand = Hand(app, pilot)
        await hand.rest()
        await hand.type("break complain", "display record", "goto &record")
        for pane in ("memory", "locals", "points", "log", "code"):
            app.action_show_pane(pane)
        await hand.press("c", "plus", "m")
        await hand.type("wrote record.name")
        await hand.save("debug.svg", "nanvix debug ./corrupt")


async def on_kvm(program: str) -> None:
    """A large screen over a guest on KVM, which has stopped where the name changes."""

    def start(stdio: tuple[int, int, int]) -> Stopping:
        return Stopping([program], stdio=stdio, seed=bytes(32))

    app = DebugApp(start, "corrupt")
    async with app.run_test(size=(200, 50)) as pilot:
        hand = Hand(app, pilot)
        await hand.rest()
        await hand.type("break main", "display record", "display word", "goto &record")
        await hand.press("c")
        await hand.type("delete 1", "watch record.name")
        for pane in ("points", "code"):
            app.action_show_pane(pane)
        await hand.press("c")
        await hand.save("kvm.svg", "nanvix debug --backend kvm ./corrupt")


def main() -> None:
    """Build the example and draw."""
    with tempfile.TemporaryDirectory() as folder:
        program = f"{folder}/corrupt"
        subprocess.run(["gcc", "-g", "-O0", "-static", "-o", program, str(SOURCE)], check=True)
        asyncio.run(back_in_time(program))
        asyncio.run(on_kvm(program))


if __name__ == "__main__":
    main()

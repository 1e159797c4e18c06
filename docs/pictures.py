"""Draws the pictures of README and docs: ``python docs/pictures.py`` (needs gcc)."""

import asyncio
import subprocess
import tempfile
from pathlib import Path

from nanvix.debug.debugger import Debugger
from nanvix.tui.app import DebugApp

HERE = Path(__file__).parent
SOURCE = HERE.parent / "examples" / "corrupt.c"


async def draw(program: str) -> None:
    """The debugger has gone back to the instruction that overwrites the record's name."""

    def start(stdio: tuple[int, int, int]) -> Debugger:
        return Debugger([program], stdio=stdio, seed=bytes(32))

    app = DebugApp(start, "corrupt")
    async with app.run_test(size=(132, 40)) as pilot:

        async def press(*keys: str) -> None:
            for key in keys:
                await pilot.press(key)
                await rest()

        async def rest() -> None:
            await pilot.pause()
            while app.session.busy:
                await asyncio.sleep(0.01)
            await pilot.pause()

        await rest()
        for line in ("break complain", "display record", "goto &record"):
            app.command(line)
            await rest()
        for pane in ("memory", "locals", "points", "log", "code"):
            app.action_show_pane(pane)
        await press("c", "m")
        app.command("wrote record.name")
        await rest()
        app.clear_notifications()
        await pilot.pause()
        svg = app.export_screenshot(title="nanvix debug ./corrupt")
        (HERE / "pictures" / "debug.svg").write_text(svg, encoding="utf-8")


def main() -> None:
    """Build the example and draw."""
    with tempfile.TemporaryDirectory() as folder:
        program = f"{folder}/corrupt"
        subprocess.run(["gcc", "-g", "-O0", "-static", "-o", program, str(SOURCE)], check=True)
        asyncio.run(draw(program))


if __name__ == "__main__":
    main()

"""What the screen looks like, at three sizes and in special cases.

    NANVIX_SNAPSHOTS=draw pytest tests/tui/test_screens.py

draws the pictures in ``snapshots/`` anew: look at them before you commit them.
"""

import os
import re
from pathlib import Path

import pytest
from support.still import StillApp

SNAPSHOTS = Path(__file__).parent / "snapshots"


def picture(app: StillApp) -> str:
    """The screen as SVG, without what differs from run to run."""
    return re.sub(r"terminal-\d+", "terminal", app.export_screenshot(title="nanvix debug"))


def compare(name: str, svg: str) -> None:
    path = SNAPSHOTS / f"{name}.svg"
    if os.environ.get("NANVIX_SNAPSHOTS") == "draw":
        path.write_text(svg, encoding="utf-8")
    assert path.exists(), f"no picture {path.name}: see the module"
    assert svg == path.read_text(encoding="utf-8"), f"{path.name} looks different now"


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 50)], ids=lambda s: f"{s[0]}x{s[1]}")
async def test_sizes(size: tuple[int, int]) -> None:
    app = StillApp()
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        compare(f"{size[0]}x{size[1]}", picture(app))


async def test_light() -> None:
    app = StillApp()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("t")
        await pilot.pause()
        compare("light", picture(app))


async def test_without_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = StillApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        svg = picture(app)
    colours = {
        tuple(int(c[i : i + 2], 16) for i in (0, 2, 4)) for c in re.findall(r"#([0-9a-f]{6})", svg)
    }
    window = {(0xFF, 0x5F, 0x57), (0xFE, 0xBC, 0x2E), (0x28, 0xC8, 0x40)}  # the frame's buttons
    assert all(max(c) - min(c) < 8 for c in colours - window), colours


async def test_help() -> None:
    app = StillApp()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("question_mark")
        await pilot.pause()
        compare("help", picture(app))

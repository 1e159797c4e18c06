"""The screen beside a guest that runs: it never waits for it, and does not hold it up."""

import asyncio
import statistics
import time

import pytest
from support.screen import Driver, opened
from support.toolchain import Toolchain
from textual.events import Key

from nanvix.tui.view import Status, View

pytestmark = pytest.mark.requires("gcc")

KEY_S = 0.3
"""What a key may take; on a machine with much else to do some times what it takes there at rest."""
FAR = 4_000_000
MOST = 0.5
"""Where little is left of a processor for the guest, looking takes much of that."""


@pytest.fixture
def spin(compiled: Toolchain) -> str:
    return str(compiled("debug/spin.c", "glibc", ["-g", "-O0"]))


async def answered(d: Driver) -> float:
    """How long it takes until a key has changed the screen."""
    before = d.app.desk.shown()
    begin = time.monotonic()
    d.app.post_message(Key("right_square_bracket", "]"))
    while d.app.desk.shown() == before:
        await asyncio.sleep(0.001)
    return time.monotonic() - begin


async def test_keys_are_answered_while_it_goes_back(spin: str) -> None:
    async with opened(spin, size=(120, 40)) as d:
        d.app.command(f"moment {FAR}")
        d.app.action_show_pane("registers")
        await d.settle()
        assert d.moment == FAR
        resting = statistics.median([await answered(d) for _ in range(4)])
        d.app.command("break spin.c:22 if counter == 1")
        await d.settle()
        d.app.action_do("go_back")
        await d.until(lambda: d.app.timeline.progress is not None, "how far it is")
        enough = max(KEY_S, 8 * resting)
        times = [await answered(d) for _ in range(8)]
        while statistics.median(sorted(times)[:8]) > enough and len(times) < 40:
            times.append(await answered(d))
        assert d.app.session.busy and d.app.timeline.progress is not None
        assert statistics.median(sorted(times)[:8]) <= enough, (times, resting)
        await d("escape")
        assert d.app.view.reason == "pause" and d.moment == FAR


async def test_looking_does_not_hold_the_guest_up(backend: str, spin: str) -> None:
    async with opened(spin, backend=backend, size=(120, 40)) as d:
        views: list[View] = []
        show = d.app.refreshed

        def counted(view: View) -> None:
            views.append(view)
            show(view)

        d.app.refreshed = counted  # type: ignore[method-assign]
        d.app.action_do("go")
        await d.until(lambda: d.app.view.status is Status.RUNNING and len(views) > 3, "it runs")
        session = d.app.session
        clock = time.pthread_getcpuclockid(session._thread.ident)  # type: ignore[arg-type]

        async def share() -> float:
            """Of the guest's processor time, what looking takes."""
            before, looked = time.clock_gettime(clock), session.looked_s
            views.clear()
            await asyncio.sleep(1.0)
            await d.until(lambda: len(views) >= 8, "views of the running guest")
            return (session.looked_s - looked) / (time.clock_gettime(clock) - before)

        shares = [await share()]
        while min(shares) > MOST and len(shares) < 10:
            shares.append(await share())
        assert min(shares) <= MOST, shares
        await d("p")


async def test_long_looking_shows_how_far_it_is_and_can_be_ended(backend: str, steps: str) -> None:
    """Ended is the looking alone: the guest hears nothing of it."""
    async with opened(steps, size=(120, 40), backend=backend) as d:
        session = d.app.session

        def job(_: object) -> str:
            done = 0
            while session.going(min(done / 1000, 0.9)):
                done += 1
                time.sleep(0.001)
            return "ended"

        session.do(job, "look far", runs=False)
        await d.until(lambda: d.app.timeline.progress is not None, "how far it is")
        await d.until(lambda: "look far" in d.app.timeline.render_line(1).text, "what it is")
        assert "Esc cancels" in d.app.timeline.render_line(1).text
        await d("escape")
        assert d.app.messages[-1] == "ended" and d.app.timeline.progress is None
        await d("c")
        assert d.app.view.status is Status.ENDED, d.app.view.reason

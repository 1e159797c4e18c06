"""Every action of the table, on a real guest, and the prompt."""

from pathlib import Path

import pytest
from support.checks import CHECKS, arranging, looking, running
from support.screen import opened

from nanvix.tui.actions import ACTIONS

MODULES = (running, looking, arranging)
"""They fill the table as they are imported."""


@pytest.mark.parametrize("name", [action.name for action in ACTIONS])
async def test_action(
    name: str, steps: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with opened(steps) as driver:
        await CHECKS[name](driver)


def test_keys_and_names_are_distinct() -> None:
    assert len({action.name for action in ACTIONS}) == len(ACTIONS)
    assert len({action.key for action in ACTIONS}) == len(ACTIONS)
    assert set(CHECKS) == {action.name for action in ACTIONS}


async def test_what_is_typed_on_is_for_the_prompt(steps: str) -> None:
    """Keys that come before it has been made, or has the keyboard, are no actions."""
    from textual.events import Key

    async with opened(steps) as d:
        for text in ("print 6*7", "print 1+1"):
            before = d.moment
            for letter in f":{text}\n":
                key = {" ": "space", ":": "colon", "\n": "enter", "*": "asterisk", "+": "plus"}
                d.app.post_message(Key(key.get(letter, letter), letter))
            await d.settle()
            await d.until(lambda: bool(d.app.messages), "an answer")
            assert d.moment == before
        assert d.app.messages == ["6*7 = 42", "1+1 = 2"]


async def test_tab_completes(steps: str) -> None:
    """Commands, panes, events, symbols, variables; what is not clear is shown."""
    async with opened(steps) as d:

        async def tab(text: str) -> str:
            await d.pilot.press("colon")
            d.app.prompt.write(text)
            await d("tab")
            done = d.app.prompt.input.value
            await d("escape")
            return done

        await d.type("until square")
        assert await tab("dele") == "delete "
        assert await tab("pane wa") == "pane walk"
        assert await tab("catch sys") == "catch syscall"
        assert await tab("catch signal SIGSE") == "catch signal SIGSEGV"
        assert await tab("break squ") == "break square"
        assert await tab("print 2 * squ") == "print 2 * square"
        await d("o")
        assert await tab("print argum") == "print argument" or "arg" in d.app.messages[-1]
        assert await tab("d") == "d" and "delete" in d.app.messages[-1]
        assert await tab("break no_such") == "break no_such"
        assert d.app.messages[-1] == "nothing begins with 'no_such'"


async def test_a_breakpoint_is_set_once(steps: str) -> None:
    async with opened(steps) as d:
        await d.type("break main")
        await d.type("break main")
        assert d.app.messages[-1] == "breakpoint 1 is there already"
        await d.type("break main if argc > 1")
        await d.type("break nowhere")
        assert d.app.messages[-1] == "breakpoint 3 waits for nowhere: not known here yet"

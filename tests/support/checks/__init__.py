"""A check for every action of the screen's table, by the action's name."""

from collections.abc import Awaitable, Callable

from support.screen import Driver

Check = Callable[[Driver], Awaitable[None]]
CHECKS: dict[str, Check] = {}


def checks(name: str) -> Callable[[Check], Check]:
    """The function below checks the action of this name, on a real guest."""

    def keep(check: Check) -> Check:
        CHECKS[name] = check
        return check

    return keep


async def to_main(d: Driver) -> None:
    await d.type("break main")
    await d("c")
    assert d.where == "main" and "breakpoint 1" in d.app.view.reason

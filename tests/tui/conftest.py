"""For tests of the screen: coroutines run without a plugin."""

import asyncio
import inspect

import pytest
from support.toolchain import Toolchain


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a coroutine test to its end."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = inspect.signature(pyfuncitem.obj).parameters
    asyncio.run(pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in names}))
    return True


@pytest.fixture(autouse=True)
def colour(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures are in colour, whatever whoever runs the tests likes."""
    monkeypatch.delenv("NO_COLOR", raising=False)


@pytest.fixture(scope="session")
def steps() -> str:
    """The program most of these tests step through."""
    return str(Toolchain()("debug/steps.c", "glibc", ["-g", "-O0"]))

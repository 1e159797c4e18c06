"""What a function has returned, where one has run to its end."""

import pytest
from support.toolchain import Toolchain

from nanvix.debug.debugger import Debugger
from nanvix.debug.stopping import Stopping

pytestmark = pytest.mark.requires("gcc")
RETURNED = {
    "half": "half() = 0.5", "third": "third() = 0.25", "letter": "letter() = 111 'o'",
    "less": "less() = -1", "where": "where() = 0x",
    "whole": "whole() = {x = 1, y = 2, z = {3, 4, 5}}",
    "nothing": "", "two": "",
}  # fmt: skip


def test_what_functions_return(backend: str, compiled: Toolchain) -> None:
    program = str(compiled("debug/returns.c", "glibc", ["-g", "-O0"]))
    with (Debugger if backend == "emu" else Stopping)([program]) as guest:
        for name, detail in RETURNED.items():
            guest.run_to(name)
            stop = guest.out()
            assert stop.reason == "return" and stop == guest.last
            assert stop.detail.startswith(detail) and bool(stop.detail) == bool(detail), name
            assert name != "where" or stop.detail.endswith('"text"')

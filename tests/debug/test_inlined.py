"""Functions that a compiler has put into others are calls like any: as gdb shows them."""

import re
import subprocess

import pytest
from support.toolchain import Toolchain

from nanvix.debug.debugger import Debugger
from nanvix.debug.stopping import Stopping

pytestmark = pytest.mark.requires("gcc", "gdb")
CALL = re.compile(r"#(\d) +(?:0x\w+ in )?(\w+) \(.*\) at .*?([\w.]+:\d+)$")
FLAGS = (["-g", "-O2"], ["-gdwarf-4", "-O1"])


@pytest.mark.parametrize("flags", FLAGS, ids=" ".join)
def test_calls_and_variables_as_gdb_shows_them(
    backend: str, compiled: Toolchain, flags: list[str]
) -> None:
    program = str(compiled("debug/inlined.c", "glibc", flags))
    with (Debugger if backend == "emu" else Stopping)([program]) as guest:
        guest.run_to("inlined.c:8")
        rip = guest.last.rip
        calls = guest.backtrace()
        names = [(call.symbol or "").partition("+")[0] for call in calls[:4]]
        assert names == ["innermost (inlined)", "middle (inlined)", "outermost", "main"]
        places = [(call.line or "").rpartition("/")[2] for call in calls[:4]]
        told = [CALL.match(line) for line in native(program, rip, "backtrace")]
        for level, name, place in (found.groups() for found in told if found is not None):
            assert level == "3" or places[int(level)] == place
            assert names[int(level)].removesuffix(" (inlined)") == name
        assert sum(found is not None for found in told) >= 4
        own = [{v.name: v.value and v.value.show() for v in guest.variables(i)} for i in range(3)]
        assert [set(found) for found in own] == [
            {"number", "doubled"}, {"value", "more"}, {"argument", "start"},
        ]  # fmt: skip
        for level, found in enumerate(own):
            frame = native(program, rip, f"frame {level}", "info args", "info locals")
            known = dict(line.split(" = ") for line in frame if " = " in line and "(" not in line)
            for name, value in found.items():
                assert value == known[name] or "optimized out" in known[name] or value is None, name
        with guest.chosen(None, 1):
            assert {v.name for v in guest.variables()} == {"value", "more"}
            assert guest.evaluate("value").integer() == 7
        with guest.chosen(None, 2):
            assert guest.evaluate("start + argument").integer() == 11


def native(program: str, rip: int, *commands: str) -> list[str]:
    """What gdb says where the program natively comes to this instruction."""
    wanted = [f"break *{rip:#x}", "run", *commands]
    script = [word for command in wanted for word in ("-ex", command)]
    ran = subprocess.run(
        ["gdb", "-q", "-nx", "-batch", *script, program],
        capture_output=True,
        text=True,
        timeout=120,
    )
    return ran.stdout.splitlines()

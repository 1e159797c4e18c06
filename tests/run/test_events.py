"""Terminals, timers, signals, processes: programs that print what every call gave them."""

import pytest
from support.guest import Same
from support.toolchain import PROGRAMS, Toolchain

TERMINALS = {
    "pty_line": ["names", "editing", "flags", "output", "queues", "timing", "packets", "ends"],
    "pty_jobs": [
        "claims", "background", "orphans", "abandoned", "keys", "hangup", "leader_exit", "stopping",
    ],
}  # fmt: skip


def program(compiled: Toolchain, name: str) -> str:
    return str(compiled(f"events/{name}.c"))


@pytest.mark.parametrize("name", TERMINALS)
def test_terminals(same: Same, compiled: Toolchain, name: str) -> None:
    """Pseudo-terminals: the line discipline, and who may use a terminal when."""
    ran = same([program(compiled, name)])
    parts = [
        line.removeprefix(b"== ").decode() for line in ran.out.splitlines() if line[:3] == b"== "
    ]
    assert parts == TERMINALS[name]


def test_bash_controls_jobs(same: Same) -> None:
    """Stop, background, foreground, interrupt: bash on a pseudo-terminal of the guest's own."""
    script = PROGRAMS / "events/shell.py"
    same(["python3", script.name], files={script.name: script.read_text()})

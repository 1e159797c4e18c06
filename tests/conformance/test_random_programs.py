"""Random programs do the same natively and in a guest, call by call.

Hypothesis makes programs of one family of calls; ``tests/programs/machine.c`` runs many of them in
one guest. What differs is shrunk to the fewest calls that still differ. For 2,000 new programs of
each family (a few minutes, most of them for starting guests):

    pytest tests/conformance/test_random_programs.py --hypothesis-profile=long
"""

import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from support.guest import NANVIX, host_environment
from support.host import ENVIRONMENT
from support.toolchain import Toolchain

LIMIT_S = 120
SHORT = (8, 1, 12)
"""How many guests, and how many programs each of them runs, at least and at most."""
MANY = (40, 60)
"""The programs of a guest where there are to be more: starting it is what takes time."""
NUMBER = st.one_of(st.integers(0, 7), st.integers(0, 1 << 15))

FILES = (
    "open close write read edge_read edge_write pwrite pread seek truncate unlink rename link "
    "symlink mkdir rmdir dup stat list"
)
MEMORY = "map unmap protect advise store load memfd sync write pwrite truncate"
STREAMS = (
    "pipe sockets eventfd add write read edge_read edge_write send receive shutdown close dup poll "
    "waiting"
)
EVENTS = "pipe sockets eventfd add write read close shutdown control wait poll dup"
SIGNALS = "action mask kill queue pending sigwait seen child group"
FAMILIES = {
    "files": FILES, "memory": MEMORY, "streams": STREAMS, "events": EVENTS, "signals": SIGNALS,
}  # fmt: skip


def programs(
    family: str, least: int, most: int
) -> st.SearchStrategy[list[list[tuple[str, int, int, int]]]]:
    """Lists of programs; a program is a list of (call, three numbers)."""
    call = st.tuples(st.sampled_from(FAMILIES[family].split()), NUMBER, NUMBER, NUMBER)
    return st.lists(st.lists(call, min_size=1, max_size=40), min_size=least, max_size=most)


def amount() -> tuple[int, int, int]:
    """As :data:`SHORT`; a profile that asks for more examples than usual means programs by them."""
    wanted = settings().max_examples
    if wanted <= settings.get_profile("default").max_examples:
        return SHORT
    return wanted * 2 // sum(MANY), *MANY


def run(command: list[str], text: str, env: dict[str, str], folder: str) -> list[str]:
    done = subprocess.run(
        command, input=text, capture_output=True, text=True, env=env, cwd=folder, timeout=LIMIT_S
    )
    assert done.returncode == 0, done
    return done.stdout.splitlines()


@pytest.mark.requires("gcc")
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("family", FAMILIES)
def test_random_programs(family: str, backend: str, compiled: Toolchain) -> None:
    program = str(compiled("machine.c", "glibc"))
    guest = [*NANVIX, "run", "--backend", backend, "-w", "/tmp", "--", program]
    guests, least, most = amount()

    @settings(
        max_examples=guests,
        phases=(Phase.explicit, Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(programs(family, least, most))
    def same(batch: list[list[tuple[str, int, int, int]]]) -> None:
        lines = [
            line
            for calls in batch
            for line in ("program", *(f"{name} {a} {b} {c}" for name, a, b, c in calls))
        ]
        text = "\n".join(lines) + "\n"
        with tempfile.TemporaryDirectory() as folder:
            expected = run([program], text, ENVIRONMENT, folder)
            found = run(guest, text, host_environment(), folder)
        assert found == expected

    same()


def test_the_families_name_calls_that_exist() -> None:
    source = (Path(__file__).parents[1] / "programs" / "machine.c").read_text()
    names = {name for family in FAMILIES.values() for name in family.split()}
    assert [name for name in sorted(names) if f'{{ "{name}",' not in source] == []

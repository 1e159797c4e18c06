"""Names in a guest that may talk to the host's network: resolved by the host, if allowed.

The host's names are those of a network name space of the test's own (tests/support/world.py).
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.guest import NANVIX, execute, host_environment
from support.host import ROOT, kvm_trouble
from support.toolchain import Toolchain

WORLD = ROOT / "tests/support/world.py"
NAMES = [
    "good.test", "GOOD.Test", "other.test", "www.deep.test", "rebound.test", "mixed.test",
    "missing.test", "host.nanvix",
]  # fmt: skip
RULES = ["good.test:{port}", "*.deep.test:{port}", "rebound.test", "mixed.test", "missing.test"]


def world(*command: str | Path) -> str:
    """The output of a command in that network; skipped where there can be none."""
    unshare = ["unshare", "-mn" if os.getuid() == 0 else "-rmn"]
    if subprocess.run([*unshare, "true"], capture_output=True, check=False).returncode:
        pytest.skip("name spaces are not permitted")
    ran = execute([*unshare, sys.executable, WORLD, *command], env=host_environment(), limit=100)
    assert (ran.code, ran.err) == (0, b""), ran
    return ran.out.decode()


def run(*arguments: str | Path) -> str:
    """The same on both backends, which must say the same."""
    backends = ["emu"] + ([] if kvm_trouble() else ["kvm"])
    said = [world(*NANVIX, "run", "--backend", name, *arguments) for name in backends]
    assert len(set(said)) == 1, said
    return said[0]


@pytest.mark.parametrize("kind", ["musl", "dynamic"])
def test_allowed_names(compiled: Toolchain, kind: str) -> None:
    """Rebinding leads nowhere: a name that means loopback or link-local grants nothing there."""
    rules = [part for rule in RULES for part in ("--allow", rule)]
    assert run(*rules, compiled("outside/lookup.c", kind), "{port}", *NAMES) == (
        "good.test: 198.51.100.7, reached\n"
        "GOOD.Test: 198.51.100.7, reached\n"
        "other.test: no such name\n"
        "www.deep.test: 198.51.100.7, reached\n"
        "rebound.test: no such name\n"
        "mixed.test: 198.51.100.7, reached\n"
        "missing.test: try again\n"
        "host.nanvix: 10.0.2.2, not reached\n"
        "peer was reached\n"
        "loopback was not reached\n"
    )


def test_all_names_when_everything_is_allowed(compiled: Toolchain) -> None:
    said = run(
        "--allow", "any", compiled("outside/lookup.c"), "{port}", "other.test", "rebound.test"
    )
    assert said == (
        "other.test: 198.51.100.7, reached\n"
        "rebound.test: no such name\n"
        "peer was reached\n"
        "loopback was not reached\n"
    )


def test_addresses_alone_allow_no_names(compiled: Toolchain) -> None:
    """Asking for a name tells somebody something, so it needs a grant of its own."""
    rule = "198.51.100.0/24"
    lookup = compiled("outside/lookup.c")
    assert run("--allow", rule, lookup, "{port}", "good.test", "198.51.100.7") == (
        "good.test: no such name\n"
        "198.51.100.7: 198.51.100.7, reached\n"
        "peer was reached\n"
        "loopback was not reached\n"
    )


def test_a_name_grants_nothing_before_it_is_asked_for(compiled: Toolchain) -> None:
    said = run("--allow", "good.test", compiled("outside/reach.c"), "{port}", "198.51.100.7")
    denied = ", ".join(["Permission denied"] * 3)
    assert said == f"198.51.100.7: {denied}\npeer was not reached\nloopback was not reached\n"

"""Memory that is mapped, moved, locked and shared between processes, as natively."""

import pytest
from support.guest import Same
from support.toolchain import Toolchain


@pytest.mark.parametrize("family", ["memory/maps", "memory/reach", "ipc/sysv", "ipc/futex2"])
def test_family(same: Same, compiled: Toolchain, family: str) -> None:
    assert same([compiled(f"{family}.c"), "."]).code == 0


def test_limits(same: Same, compiled: Toolchain) -> None:
    """setrlimit(2) as it is felt; RLIMIT_CPU of a parent that its child has set among them."""
    assert same([compiled("limits.c")]).code == 0

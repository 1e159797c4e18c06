"""How fresh memory comes to a program: few faults where it goes on in order, little elsewhere."""

import json
from pathlib import Path

import pytest
from support.guest import Guest
from support.toolchain import Toolchain

MIB = 1 << 20
TOUCHED = 32 * MIB


@pytest.mark.parametrize(
    ("how", "faults", "least", "most"),
    [
        # 64 KiB, then twice as much with every fault, up to 1 MiB.
        ("order", 32 + 6, TOUCHED, TOUCHED + 2 * MIB),
        # What is read first takes a fault more, which maps the page of zeros.
        ("late", 2 * (32 + 6), TOUCHED, TOUCHED + 2 * MIB),
        # The program may touch nothing near: 64 KiB for each of 128 places.
        ("far", 128, TOUCHED // 4, TOUCHED // 4 + 2 * MIB),
        # Parent and child, one after the other, go on where the parent was.
        ("fork", 3 * 16 + 6, TOUCHED, TOUCHED + 3 * MIB),
        # 960 MiB of zeros, in 256: only the tables that map them, a page for every 2 MiB.
        ("look", 960 + 6, 480 * 4096, 480 * 4096 + 2 * MIB),
    ],
)
def test_faults(
    guest: Guest, compiled: Toolchain, tmp_path: Path, how: str, faults: int, least: int, most: int
) -> None:
    trace, report = tmp_path / "trace", tmp_path / "report"
    ran = guest([compiled("strides.c"), how], options=["--trace", trace, "--json", report])
    assert ran == (0, b"zero\n", b"")
    events = [json.loads(line) for line in trace.read_text().splitlines()]
    # The program's start and libc take a few.
    assert sum(event["event"] == "exception" for event in events) <= faults + 20
    data = json.loads(report.read_text())
    assert least < data["peak_memory"] < most
    assert 0 < data["hypercalls"]["MEMORY"] < 60


def test_all_there_is(guest: Guest, compiled: Toolchain) -> None:
    """With hardly more memory than it touches, a program gets all that it needs."""
    ran = guest([compiled("strides.c"), "order"], options=["--memory", "38M"])
    assert ran == (0, b"zero\n", b"")

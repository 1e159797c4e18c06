"""A machine saved on one backend goes on on the other, whatever the host's KVM is like."""

from pathlib import Path

import pytest
from support.guest import execute
from support.host import kvm_trouble
from support.snapshots import resumed, saved
from support.toolchain import Toolchain

from nanvix.debug.debugger import Debugger
from nanvix.snapshot.state import Saved

ROUTES = [("kvm", "emu"), ("emu", "kvm"), ("kvm", "kvm"), ("emu", "emu")]


@pytest.fixture(params=ROUTES, ids="-".join)
def route(request: pytest.FixtureRequest) -> tuple[str, str]:
    """From which backend to which."""
    if "kvm" in request.param and (trouble := kvm_trouble()) is not None:
        pytest.skip(trouble)
    return request.param  # type: ignore[no-any-return]


@pytest.mark.requires("gcc")
def test_in_the_middle_of_a_computation(
    route: tuple[str, str], compiled: Toolchain, tmp_path: Path
) -> None:
    first, second = route
    program, count = compiled("going.c", "glibc"), "4000000" if "emu" in route else "100000000"
    file = tmp_path / "machine"
    out = saved([program, "compute", count], file, backend=first, delay=0.02, portable=True)
    result = resumed(second, file)
    native = execute([program, "compute", count], env={})
    assert result.exit_code == 0 and result.stdout is not None, result
    assert (out + result.stdout).split(b"\n")[:2] == native.out.split(b"\n")[:2]
    assert result.stdout.split(b"\n")[1].startswith(b"cpu right"), result


@pytest.mark.requires("gcc")
def test_asleep_with_a_timer_pending(
    route: tuple[str, str], compiled: Toolchain, tmp_path: Path
) -> None:
    first, second = route
    file = tmp_path / "machine"
    out = saved([compiled("going.c", "glibc"), "wait"], file, backend=first, portable=True)
    result = resumed(second, file, b"something\n")
    assert (result.exit_code, out, result.stdout) == (0, b"ready\n", b"got something\nin time\n")


@pytest.mark.requires("gcc")
def test_in_the_debugger(backend: str, compiled: Toolchain, tmp_path: Path) -> None:
    """From either backend: forward to the end, and back to where it was saved."""
    program, file = compiled("going.c", "glibc"), tmp_path / "machine"
    saved([program, "wait"], file, backend=backend, portable=True)
    null = open("/dev/null", "r+")
    stdio = (null.fileno(),) * 3
    with null, Saved(str(file)) as machine, Debugger(machine, stdio=stdio) as d:
        start = d.moment
        assert d.argv == [str(program), "wait"]
        d.breakpoint("read")
        stop = d.run()
        assert stop.reason == "breakpoint" and d.moment > start
        assert d.run().reason == "exit"
        assert {"enter", "return", "hypercall", "exit"} <= {event.kind for event in d.events()}
        assert d.go(start).moment == start
        assert d.run().moment == stop.moment

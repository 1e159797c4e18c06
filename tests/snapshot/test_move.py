"""A machine saved on one backend goes on on the other, whatever the host's KVM is like."""

import random
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from support.guest import execute
from support.host import kvm_trouble
from support.snapshots import journey, refused, resumed, saved
from support.toolchain import Toolchain

from nanvix.debug.debugger import Debugger
from nanvix.kvm.findings import findings
from nanvix.snapshot.state import Saved

Route = tuple[str, str]
ROUTES = [("kvm", "emu"), ("emu", "kvm"), ("kvm", "kvm"), ("emu", "emu")]
PATH = {"PATH": "/usr/bin:/bin"}
PIPELINE = """\
echo ready
for i in 1 2 3 4 5 6; do sleep 0.1; echo line $i; done | sed s/line/LINE/ | sort -r | cat -n
"""
PYTHON = """\
import hashlib, math, sys, threading, time
print("ready", flush=True)
results = {}
def work(number):
    digest, total = b"", 0.0
    for step in range(15):
        for i in range(40):
            digest = hashlib.sha256(digest + b"%d" % i).digest()
            total += math.sin(i) * math.exp(-step) + math.atan(digest[0])
        time.sleep(0.02)
    results[number] = digest.hex(), total
threads = [threading.Thread(target=work, args=(number,)) for number in range(3)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(sorted(results.items()), sys.stdin.read())
"""


@pytest.fixture(params=ROUTES, ids="-".join)
def route(request: pytest.FixtureRequest) -> Route:
    """From which backend to which."""
    if "kvm" in request.param and (trouble := kvm_trouble()) is not None:
        pytest.skip(trouble)
    return request.param  # type: ignore[no-any-return]


def moved(route: Route, argv: Sequence[str | Path], file: Path) -> bytes:
    """What a program wrote that was saved on the one backend once it had begun, and went on on
    the other one to its end."""
    out = saved(argv, file, backend=route[0], delay=0.05, portable=True)
    result = resumed(route[1], file, b"typed")
    assert result.exit_code == 0 and result.stdout is not None, result
    return out + result.stdout


@pytest.mark.requires("gcc")
@pytest.mark.parametrize(
    "arguments", [("registers", "500"), ("handler", "500"), ("epoll", "4")], ids=lambda a: a[0]
)
def test_programs(
    route: Route, arguments: tuple[str, str], compiled: Toolchain, tmp_path: Path
) -> None:
    """All of x87 and SSE, a handler on its own stack, timers, a server in epoll_wait."""
    argv = [compiled("moving.c", "glibc"), *arguments]
    assert moved(route, argv, tmp_path / "machine") == execute(argv, env={}).out


@pytest.mark.requires("dash")
def test_a_pipeline_of_processes(route: Route, tmp_path: Path) -> None:
    argv = ["sh", "-c", PIPELINE]
    assert moved(route, argv, tmp_path / "machine") == execute(argv, env=PATH).out


@pytest.mark.requires("python3")
def test_python_with_threads(route: Route, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(PYTHON)
    argv = ["python3", program]
    out = moved(route, argv, tmp_path.parent / f"{tmp_path.name}.machine")
    assert out == execute([sys.executable, program], env={}, input=b"typed").out


@pytest.mark.requires("dash")
@pytest.mark.parametrize("seed", range(2))
def test_there_and_back_at_any_moment(seed: int, tmp_path: Path) -> None:
    if (trouble := kvm_trouble()) is not None:
        pytest.skip(trouble)
    chance = random.Random(seed)
    backends = ("kvm", "emu") if seed % 2 else ("emu", "kvm")
    legs = [(backends[i % 2], chance.uniform(0.1, 0.4)) for i in range(6)]
    argv = ["sh", "-c", PIPELINE + "cat"]
    out, saves = journey(argv, tmp_path / "machine", legs, backends[1], b"typed")
    assert out == execute(argv, env=PATH, input=b"typed").out
    assert saves >= 2, legs


@pytest.fixture
def wide() -> None:
    """Only where a KVM guest's programs can use AVX is there something to lose."""
    if (trouble := kvm_trouble()) is not None:
        pytest.skip(trouble)
    if not findings()["open_avx"]:
        pytest.skip("this KVM gives guests no AVX")


@pytest.mark.requires("gcc")
@pytest.mark.usefixtures("wide")
@pytest.mark.parametrize("how", ["wide", "frame"])
def test_wide_registers_are_never_lost_in_silence(
    how: str, compiled: Toolchain, tmp_path: Path
) -> None:
    program, file = compiled("moving.c", "glibc"), tmp_path / "machine"
    out = saved([program, how, "500"], file, backend="kvm", delay=0.05, portable=True)
    result = resumed("kvm", file)
    assert result.exit_code == 0 and result.stdout is not None, result
    assert out + result.stdout == execute([program, how, "500"], env={}).out
    assert b"all there" in result.stdout
    if how == "wide":
        assert "vector registers (AVX)" in refused(file, "--backend", "emu")
    else:
        result = resumed("emu", file)
        assert (result.reason, result.exit_code) == ("signal", 128 + 11), result
        assert b"all there" not in (result.stdout or b"")


@pytest.mark.requires("gcc")
def test_programs_that_know_the_hosts_cpu(compiled: Toolchain, tmp_path: Path) -> None:
    if (trouble := kvm_trouble()) is not None:
        pytest.skip(trouble)
    file = tmp_path / "machine"
    saved([compiled("going.c", "glibc"), "wait"], file, backend="kvm")
    if findings()["host_cpuid"]:
        assert "start it with --portable" in refused(file, "--backend", "emu")
    else:
        assert resumed("emu", file, b"x\n").stdout == b"got x\nin time\n"


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

"""What nanvix says about a run: ``--json``, ``--trace``, ``--verbose``."""

import json
from pathlib import Path

from support.guest import Guest
from support.host import PATIENCE
from support.toolchain import Toolchain


def report(guest: Guest, argv: list[str | Path], path: Path, *options: str) -> dict[str, object]:
    """The ``--json`` report of a run."""
    guest(argv, options=["--json", str(path), *options])
    data = json.loads(path.read_text())
    assert isinstance(data, dict)
    return data


def test_json(guest: Guest, compiled: Toolchain, tmp_path: Path) -> None:
    data = report(guest, [compiled("hello.c")], tmp_path / "report")
    assert data["exit_code"] == 3
    assert data["reason"] == "exit"
    assert data["backend"] == guest.backend
    assert 0 < data["wall_time"] < 60
    assert data["exits"] > 0
    assert sum(data["hypercalls"].values()) > 2
    assert "HELLO" in data["hypercalls"]
    assert data["syscalls"]["writev"] >= 1
    assert data["syscalls"]["exit_group"] == 1
    assert 4096 < data["peak_memory"] < 64 << 20
    if guest.backend == "emu":
        assert 1000 < data["instructions"] < 10_000_000
    else:
        assert data["instructions"] is None


def test_json_on_stdout(guest: Guest, compiled: Toolchain) -> None:
    ran = guest([compiled("die.c"), "exit", "4"], options=["--json", "-"])
    line, _, rest = ran.out.partition(b"\n")
    assert line == b"dying by exit 4"
    assert json.loads(rest)["exit_code"] == ran.code == 4


def test_json_of_other_ends(guest: Guest, compiled: Toolchain, tmp_path: Path) -> None:
    program = compiled("die.c")
    path = tmp_path / "report"
    data = report(guest, [program, "null"], path)
    assert (data["exit_code"], data["reason"]) == (139, "signal")
    data = report(guest, [program, "spin"], path, "--timeout", f"{0.5 * PATIENCE}")
    assert (data["exit_code"], data["reason"]) == (124, "timeout")
    data = report(guest, ["/no/such/program"], path)
    assert (data["exit_code"], data["reason"]) == (127, "error")
    assert "/no/such/program" in str(data["detail"])


def test_peak_memory_follows_the_guest(guest: Guest, tmp_path: Path) -> None:
    peaks = []
    for size in (1, 40):
        code = f"block = bytearray({size} << 20)"
        data = report(guest, ["python3", "-c", code], tmp_path / "report")
        assert data["exit_code"] == 0
        peaks.append(data["peak_memory"])
    assert 30 << 20 < peaks[1] - peaks[0] < 60 << 20


def test_trace(guest: Guest, compiled: Toolchain, tmp_path: Path) -> None:
    """Every line is an object; the run is there from boot to exit."""
    path = tmp_path / "trace"
    ran = guest([compiled("hello.c")], options=["--trace", str(path)])
    assert ran == (3, b"hello, world\n", b"to stderr\n")
    events = [json.loads(line) for line in path.read_text().splitlines()]
    for event in events:
        assert list(event)[:3] == ["event", "tid", "tsc"]
    kinds = [event["event"] for event in events]
    assert kinds.count("boot") == 1
    assert kinds.count("exec") == 1
    assert "hypercall" in kinds
    entered = [event["syscall"] for event in events if event["event"] == "enter"]
    assert "writev" in entered or "write" in entered
    assert entered[-1] == "exit_group"
    returned = [event for event in events if event["event"] == "return"]
    writes = [event["result"] for event in returned if event["syscall"].startswith("write")]
    assert 13 in writes
    assert next(event for event in events if event["event"] == "exit")["status"] == 3 << 8
    stamps = [event["tsc"] for event in events if event["event"] not in ("hypercall", "boot")]
    assert stamps == sorted(stamps)


def test_trace_of_a_long_run_is_complete(guest: Guest, tmp_path: Path) -> None:
    """More events than the ring holds: none is lost."""
    path = tmp_path / "trace"
    script = "i=0; while [ $i -lt 300 ]; do echo $i; i=$((i+1)); done"
    ran = guest(["sh", "-c", script], options=["--trace", str(path)])
    assert ran.code == 0
    events = [json.loads(line) for line in path.read_text().splitlines()]
    writes = [e for e in events if e["event"] == "return" and e["syscall"] == "write"]
    assert len(writes) == 300


def test_trace_of_a_signal_and_a_fault(guest: Guest, compiled: Toolchain, tmp_path: Path) -> None:
    path = tmp_path / "trace"
    ran = guest([compiled("die.c"), "divide"], options=["--trace", str(path)])
    assert ran.code == 136
    events = [json.loads(line) for line in path.read_text().splitlines()]
    assert any(e["event"] == "exception" and e["name"] == "#DE" for e in events)
    assert any(e["event"] == "signal" and e["signal"] == "SIGFPE" for e in events)
    assert next(e for e in events if e["event"] == "exit")["status"] & 0x7F == 8


def test_trace_file_that_cannot_be_written(guest: Guest, tmp_path: Path) -> None:
    ran = guest(["echo", "x"], options=["--trace", tmp_path / "missing" / "trace"])
    assert (ran.code, ran.out) == (125, b"")
    assert ran.err.count(b"\n") == 1


def test_verbose(guest: Guest, compiled: Toolchain) -> None:
    """Where the time went, on stderr; stdout is the guest's alone."""
    ran = guest([compiled("hello.c")], options=["--verbose"])
    assert (ran.code, ran.out) == (3, b"hello, world\n")
    text = ran.err.decode()
    assert f"nanvix: {guest.backend}, " in text
    for phase in ("prepare", "import", "memory", "backend", "services", "boot", "guest", "total"):
        assert f"{phase} " in text
    assert " ms" in text

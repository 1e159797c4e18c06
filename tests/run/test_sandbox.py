"""The Python API, on both backends."""

import gc
import os
import signal
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import pytest
from support.host import PATIENCE
from support.patience import LIMIT_S

from nanvix.cli.signals import Relay
from nanvix.errors import NanvixError, ProgramNotFound, UsageError
from nanvix.guest.mounts import make_mount
from nanvix.machine.trace_ring import TraceEvent
from nanvix.sandbox import Sandbox


def open_descriptors() -> set[str]:
    gc.collect()
    return set(os.listdir("/proc/self/fd"))


def test_bytes_in_and_out(backend: str) -> None:
    with Sandbox(backend=backend) as sandbox:
        result = sandbox.run(
            ["sh", "-c", "sort; echo no >&2; exit 3"], input=b"b\na\n", capture=True
        )
    assert (result.exit_code, result.reason) == (3, "exit")
    assert (result.stdout, result.stderr) == (b"a\nb\n", b"no\n")
    assert result.backend == backend
    assert os.path.basename(result.program) == "sh"


def test_a_result_counts(backend: str) -> None:
    result = Sandbox(backend=backend).run(["true"], capture=True)
    data = result.to_dict()
    assert data["syscalls"]["exit_group"] == 1
    assert data["hypercalls"]["HELLO"] == 1
    assert 0 < data["peak_memory"] < 256 << 20
    assert data["exits"] >= sum(data["hypercalls"].values())
    assert (data["instructions"] is None) == (backend == "kvm")
    assert 0 < data["wall_time"] < 30
    assert next(iter(data["phases"])) == "prepare"


def test_every_run_starts_afresh_and_leaves_nothing(backend: str) -> None:
    with Sandbox(backend=backend) as sandbox:
        sandbox.run(["true"], capture=True)
        before = open_descriptors()
        for _ in range(2):
            result = sandbox.run(["sh", "-c", "test ! -e /tmp/x && : > /tmp/x"], capture=True)
            assert result.exit_code == 0, result
    assert open_descriptors() == before


def test_settings_reach_the_guest(backend: str, tmp_path: Path) -> None:
    (tmp_path / "in").write_text("hello")
    sandbox = Sandbox(
        backend=backend, env={"WHO": "me"}, directory="/data",
        mounts=[make_mount(str(tmp_path), "/data", read_only=False)],
    )  # fmt: skip
    result = sandbox.run(["sh", "-c", 'cat in > out; echo "$WHO $(pwd)"'], capture=True)
    assert result.stdout == b"me /data\n", result
    assert (tmp_path / "out").read_text() == "hello"


@pytest.mark.parametrize(
    ("act", "code", "reason"),
    [
        (lambda sandbox: sandbox.stop("enough"), 125, "enough"),
        (lambda sandbox: sandbox.close(), 125, "closed"),
        (lambda sandbox: sandbox.signal(signal.SIGTERM), 143, "signal"),
        (lambda sandbox: sandbox.signal(signal.SIGINT), 130, "signal"),
    ],
    ids=["stop", "close", "SIGTERM", "SIGINT"],
)
def test_from_another_thread(
    backend: str, act: Callable[[Sandbox], None], code: int, reason: str
) -> None:
    sandbox = Sandbox(backend=backend, timeout=LIMIT_S)
    reader, writer = os.pipe()

    def act_when_it_sleeps() -> None:
        os.read(reader, 1)
        act(sandbox)

    thread = Thread(target=act_when_it_sleeps)
    thread.start()
    try:
        argv = ["sh", "-c", "echo; exec sleep 1000"]
        result = sandbox.run(argv, stdio=(None, writer, None))
    finally:
        os.close(writer)
        thread.join()
        os.close(reader)
    assert (result.exit_code, result.reason) == (code, reason)


def test_closed_for_ever(backend: str, tmp_path: Path) -> None:
    sandbox = Sandbox(backend=backend)
    with sandbox:
        assert sandbox.run(["true"]).exit_code == 0
    sandbox.close()
    for use in (sandbox.run, sandbox.machine):
        with pytest.raises(UsageError, match="the sandbox is closed"):
            use(["true"])
    with pytest.raises(UsageError, match="the sandbox is closed"):
        sandbox.resume(str(tmp_path / "machine"))


def test_a_quit_before_there_is_a_guest(backend: str) -> None:
    """Ctrl-\\ while it is being made: nobody in it could hear that."""
    sandbox = Sandbox(backend=backend, timeout=LIMIT_S)
    with Relay(sandbox):
        signal.raise_signal(signal.SIGQUIT)
        result = sandbox.run(["sleep", "1000"])
    assert (result.exit_code, result.reason) == (131, "quit")


def test_limits(backend: str) -> None:
    result = Sandbox(backend=backend, timeout=0.5 * PATIENCE).run(
        ["sh", "-c", "while :; do :; done"]
    )
    assert (result.exit_code, result.reason) == (124, "timeout")
    assert result.wall_time < 10 * PATIENCE


def test_an_instruction_budget_chooses_the_emulator() -> None:
    result = Sandbox(max_instructions=2_000_000).run(["sh", "-c", "while :; do :; done"])
    assert (result.exit_code, result.reason, result.backend) == (124, "budget", "emu")


def test_the_same_seed_gives_the_same_run() -> None:
    def run() -> list[TraceEvent]:
        events: list[TraceEvent] = []
        sandbox = Sandbox(backend="emu", seed=bytes(32), realtime_ns=0, events=events.append)
        sandbox.run(["sh", "-c", "echo $$ | cat"], input=b"", capture=True)
        return events

    assert run() == run()


def test_mistakes_are_errors_of_one_tree(backend: str, tmp_path: Path) -> None:
    before = open_descriptors()
    with pytest.raises(UsageError, match="MiB"):
        Sandbox(backend=backend, memory=1 << 20).run(["true"])
    with pytest.raises(ProgramNotFound):
        Sandbox(backend=backend).run(["no-such-program"])
    with pytest.raises(UsageError):
        Sandbox(backend=backend).run([])
    for words in ("ls -l", [b"ls"], [Path("/bin/ls")]):
        with pytest.raises(UsageError, match="a list of str"):
            Sandbox(backend=backend).run(words)  # type: ignore[arg-type]
    for name in ("", "A=B", "A\0"):
        with pytest.raises(UsageError, match="no name"):
            Sandbox(backend=backend, env={name: "x"})
    with pytest.raises(UsageError, match="parse_mount"):
        Sandbox(backend=backend, mounts=["/tmp:/x"])  # type: ignore[list-item]
    with pytest.raises(NanvixError):
        Sandbox(backend=backend, memory=1 << 60).run(["true"])
    assert open_descriptors() == before

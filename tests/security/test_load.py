"""Load and abuse: much of everything, full disks, files that shrink, guests that are killed."""

import os
import random
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest
from support.guest import Guest, Same, execute, host_environment
from support.host import ENVIRONMENT
from support.leftovers import no_more_shared_memory_than, processes_with, shared_memory
from support.patience import LIMIT_S
from support.toolchain import Toolchain

SMALL_DISK = 'mount -t tmpfs -o size=2m none "$0" && cd "$0" && exec "$@"'


@pytest.mark.parametrize(
    ("what", "many"),
    [("descriptors", 10_000), ("threads", 1_000), ("processes", 500), ("sockets", 1_000)],
)
def test_much_at_once(same: Same, compiled: Toolchain, what: str, many: int) -> None:
    """All of them work, in a guest of 128 MiB as on the host."""
    ran = same([compiled("load.c"), what, str(many)], options=["--memory", "128M"])
    assert ran.code == 0


@pytest.mark.parametrize(
    ("what", "many"),
    [
        ("terminals", 64), ("terminal_flood", 10_000), ("timers", 1_000), ("signals", 1_000),
        ("pidfds", 500), ("watches", 1_000),
    ],
)  # fmt: skip
def test_many_events(same: Same, compiled: Toolchain, what: str, many: int) -> None:
    """Open pairs of terminals and 10 MB through one, timerfds, a signalfd that is flooded, pidfds,
    inotify watches: each of them tells what it has to, once."""
    ran = same([compiled("load_events.c"), what, str(many)], options=["--memory", "128M"])
    assert ran.code == 0


def test_memory_hog(guest: Guest, compiled: Toolchain) -> None:
    """The process that takes all memory dies; what others have stays theirs."""
    ran = guest([compiled("load.c"), "memory"], options=["--memory", "64M"])
    assert ran.out.decode().splitlines() == [
        "hog ended by 9", "bystander 5", "memory is there again",
    ], ran  # fmt: skip


def test_full_disk_of_the_host(guest: Guest, compiled: Toolchain, tmp_path: Path) -> None:
    """A file system of 2 MiB is full for a guest as it is for a process of the host."""
    program, here = compiled("load.c"), tmp_path / "disk"
    here.mkdir()
    prefix = ["unshare", "-m", "sh", "-c", SMALL_DISK, here]
    if subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode:
        pytest.skip("mounting needs root")
    native = execute([*prefix, program, "disk"], env=ENVIRONMENT)
    assert b"full: No space left on device, size agrees: 1" in native.out
    inside = guest.command([program, "disk"], ["-v", f"{here}:{here}:rw", "-w", here])
    assert execute([*prefix, *inside], env=host_environment()) == native


def test_full_disk_in_memory(guest: Guest, compiled: Toolchain) -> None:
    """The guest's own /tmp is bounded by half of its memory."""
    ran = guest([compiled("load.c"), "disk"], options=["--memory", "32M", "-w", "/tmp"])
    lines = ran.out.decode().splitlines()
    assert lines[0] == "full: No space left on device, size agrees: 1", ran
    assert lines[2].endswith("No space left on device")
    assert [line.rpartition(" ")[2] for line in lines[3:]] == ["0", "100", "0", "0", "0"]


class Dialogue:
    """A guest that says a line and waits for an answer."""

    def __init__(self, guest: Guest, argv: list[str | Path], here: Path) -> None:
        self.process = subprocess.Popen(
            guest.command(argv, ["-v", f"{here}:{here}:rw", "-w", here, "--timeout", "280"]),
            env=host_environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip

    def __enter__(self) -> "Dialogue":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()

    def hear(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().decode().strip()

    def answer(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(b"\n\n")
        self.process.stdin.flush()

    def size(self) -> tuple[int, int]:
        """Kilobytes of the VMM's own memory (the guest's is a memfd), and its descriptors."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(r"RssAnon:\s+(\d+) kB", status)
        assert found
        return int(found[1]), len(os.listdir(f"/proc/{self.process.pid}/fd"))


@pytest.mark.parametrize("touched", ["1", "0"])
def test_shrinking_file(guest: Guest, compiled: Toolchain, tmp_path: Path, touched: str) -> None:
    """What the host has cut off raises SIGBUS, mapped before or not; the rest is still there."""
    (tmp_path / "cut").write_bytes(b"c" * 32_768)
    with Dialogue(guest, [compiled("load.c"), "shrinking", touched], tmp_path) as program:
        assert program.hear() == ("cc" if touched == "1" else "cu")
        os.truncate(tmp_path / "cut", 4096)
        program.answer()
        assert program.hear() == "c"
        assert program.hear() == "bus"


@pytest.mark.timeout(300)
def test_a_million_calls(backend: str, compiled: Toolchain, tmp_path: Path) -> None:
    """Requests leave nothing behind in the VMM. KVM's cost more; a tenth of them shows the same."""
    many = 1_000_000 if backend == "emu" else 100_000
    with Dialogue(Guest(backend), [compiled("load.c"), "calls", str(many)], tmp_path) as program:
        assert program.hear() == "."
        memory, descriptors = program.size()
        program.answer()
        assert program.hear() == "."
        grown, more = program.size()
    assert grown - memory < 512, "kilobytes after nine tenths of the calls"
    assert more == descriptors


@pytest.mark.parametrize("seed", range(4))
def test_killed_at_work(guest: Guest, compiled: Toolchain, tmp_path: Path, seed: int) -> None:
    """``kill -9`` while files are mapped, sockets open and threads waiting: nothing stays."""
    dice = random.Random(seed)
    here, temporary = tmp_path / "here", tmp_path / "tmp"
    here.mkdir()
    temporary.mkdir()
    mark = f"{tmp_path.name}-{os.getpid()}-{seed}"
    before = shared_memory()
    for _ in range(3):
        process = subprocess.Popen(
            guest.command([compiled("load.c"), "busy"], ["-v", f"{here}:{here}:rw", "-w", here]),
            env=host_environment({"NANVIX_TEST_MARK": mark, "TMPDIR": str(temporary)}),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        time.sleep(dice.uniform(0.02, 0.6))
        process.send_signal(signal.SIGKILL)
        assert process.wait(LIMIT_S) == -signal.SIGKILL
        assert processes_with(mark) == []
    no_more_shared_memory_than(before)
    assert list(temporary.iterdir()) == []
    assert all(re.fullmatch(r"busy\d+", path.name) for path in here.iterdir()), "guest files only"

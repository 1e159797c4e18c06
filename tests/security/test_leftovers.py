"""Nothing stays behind: no process, no file, no descriptor, whatever way a run ends."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.guest import Guest, host_environment
from support.leftovers import no_more_shared_memory_than, processes_with, shared_memory
from support.patience import LIMIT_S
from support.toolchain import Toolchain


def below(folder: Path) -> list[str]:
    return sorted(str(path) for path in folder.rglob("*"))


class Watched:
    """Directories nanvix might use for its own purposes, and a mark on its processes."""

    def __init__(self, folder: Path) -> None:
        self.folders = [folder / name for name in ("tmp", "cache", "run", "home", "here")]
        for path in self.folders:
            path.mkdir()
        temporary, cache, runtime, home, self.here = self.folders
        self.marker = f"NANVIX_TEST_MARK={folder.name}-{os.getpid()}"
        name, _, value = self.marker.partition("=")
        self.env = {
            "TMPDIR": str(temporary), "XDG_CACHE_HOME": str(cache),
            "XDG_RUNTIME_DIR": str(runtime), "HOME": str(home), name: value,
        }  # fmt: skip
        self.cache = cache

    def files(self) -> list[str]:
        """Everything there is but the cache of what was probed, which is meant to stay."""
        return [
            name for folder in self.folders if folder != self.cache for name in below(folder)
        ]  # fmt: skip


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    return Watched(tmp_path)


def test_after_good_and_bad_ends(guest: Guest, compiled: Toolchain, watched: Watched) -> None:
    before = shared_memory()
    program = compiled("die.c")
    for argv, options in (
        (["exit", "0"], []), (["null"], []), (["spin"], ["--timeout", "0.4"]),
        (["exit", "1"], ["--memory", "1M"]),
    ):  # fmt: skip
        guest([program, *argv], options=options, env=watched.env, cwd=watched.here)
    assert watched.files() == []
    no_more_shared_memory_than(before)
    assert processes_with(watched.marker) == []


@pytest.mark.parametrize("seed", range(5))
def test_after_being_killed(guest: Guest, compiled: Toolchain, watched: Watched, seed: int) -> None:
    """``kill -9`` at any moment: the kernel of the host takes everything back."""
    dice = random.Random(seed)
    before = shared_memory()
    command = guest.command([compiled("die.c"), dice.choice(["spin", "sleep"])])
    process = subprocess.Popen(
        command, env=host_environment(watched.env), cwd=watched.here,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    time.sleep(dice.choice((0.01, 0.04, 0.1, 0.3, 0.6)) * dice.uniform(0.5, 1.5))
    process.send_signal(signal.SIGKILL)
    assert process.wait(LIMIT_S) == -signal.SIGKILL
    assert watched.files() == []
    no_more_shared_memory_than(before)
    assert processes_with(watched.marker) == []


def test_standard_streams_are_as_before(guest: Guest, compiled: Toolchain) -> None:
    """A pipe that nanvix shares with others keeps its flags, also after ``kill -9``."""
    import fcntl

    ours, theirs = os.pipe()
    before = fcntl.fcntl(theirs, fcntl.F_GETFL)
    with subprocess.Popen(
        guest.command([compiled("die.c"), "sleep"]), env=host_environment(), stdout=theirs
    ) as process:
        assert os.read(ours, 6) == b"dying "
        process.kill()
    assert fcntl.fcntl(theirs, fcntl.F_GETFL) == before
    os.close(ours)
    os.close(theirs)


REUSE = """
import os, sys
from nanvix.sandbox import Sandbox
def descriptors():
    return sorted(os.readlink(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd")
                  if os.path.exists(f"/proc/self/fd/{fd}"))
counts = []
for turn in range(6):
    with Sandbox(backend=sys.argv[1], timeout=20) as sandbox:
        result = sandbox.run([sys.argv[2], "exit", "5"], capture=True)
        assert (result.exit_code, result.stdout) == (5, b"dying by exit 5\\n"), result
    counts.append((len(descriptors()), sum(1 for line in open("/proc/self/maps"))))
print(descriptors())
assert counts[-1][0] == counts[1][0], counts
assert counts[-1][1] <= counts[1][1] + 8, counts
import threading
assert threading.active_count() == 1
"""


def test_inside_one_process(backend: str, compiled: Toolchain) -> None:
    """Runs through the Python API leave no descriptor, mapping or thread in the caller."""
    done = subprocess.run(
        [sys.executable, "-c", REUSE, backend, str(compiled("die.c"))],
        env=host_environment(), capture_output=True, text=True, check=False, timeout=100,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "memfd" not in done.stdout
    assert "kvm" not in done.stdout

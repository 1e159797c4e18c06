"""A machine saved while it runs goes on from its file as if nothing had happened."""

import json
import os
import random
import shutil
import sys
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from struct import Struct
from typing import Any

import pytest
from support.guest import NANVIX, execute, host_environment
from support.snapshots import refused, resumed, saved
from support.toolchain import Toolchain

from nanvix.errors import NanvixError, UsageError
from nanvix.guest.mounts import parse_mount
from nanvix.sandbox import Sandbox

COUNTS = {"emu": 4_000_000, "kvm": 400_000_000}
CHUNK = Struct("<4sII")
PYTHON = """\
import hashlib, os, sys, threading
words, out = open("words"), open("out", "w+")
inodes = {entry.name: entry.inode() for entry in os.scandir()}
print(words.readline().strip(), flush=True)
total, lock = 0, threading.Lock()
def work(i):
    global total
    for k in range(int(sys.argv[1])):
        value = hashlib.sha256(b"%d %d" % (i, k)).digest()[0]
        with lock:
            total += value
    with lock:
        out.write(f"{i} done\\n")
threads = [threading.Thread(target=work, args=(i,)) for i in range(3)]
for t in threads: t.start()
for t in threads: t.join()
out.flush(); out.seek(0)
assert inodes == {entry.name: entry.stat().st_ino for entry in os.scandir()}, inodes
print(words.read().strip(), total, sorted(out.read().split()), sys.stdin.read())
"""


@pytest.mark.requires("gcc")
def test_a_computation_and_its_clocks(backend: str, compiled: Toolchain, tmp_path: Path) -> None:
    program, count = compiled("going.c", "glibc"), str(COUNTS[backend])
    file = tmp_path / "machine"
    assert saved([program, "compute", count], file, backend=backend) == b"ready\n"
    time.sleep(3)
    before = int(time.time())
    result = resumed(backend, file)
    assert result.exit_code == 0 and result.stdout is not None, result
    native = execute([program, "compute", count], env={}).out.split(b"\n")
    number, clocks, rest = result.stdout.split(b"\n")
    assert (number, rest) == (native[1], b"")
    right, date, gap = clocks.split(b", ")
    assert right == b"cpu right"
    # The emulator's own time is slower or faster than the host's once it runs.
    assert abs(int(date.split()[1]) - before) <= 60
    assert int(gap.split()[1]) < 2500


@pytest.mark.requires("gcc")
def test_waiting_for_input_with_a_timer(backend: str, compiled: Toolchain, tmp_path: Path) -> None:
    file = tmp_path / "machine"
    program = compiled("going.c", "glibc")
    assert saved([program, "wait"], file, backend=backend, delay=0.3) == b"ready\n"
    for line in (b"something\n", b"else\n"):  # one file, as many machines as one likes
        result = resumed(backend, file, line)
        assert (result.exit_code, result.stdout) == (0, b"got " + line + b"in time\n"), result


@pytest.mark.requires("python3")
def test_python_with_threads_and_open_files(backend: str, tmp_path: Path) -> None:
    (tmp_path / "words").write_text("first\nsecond\n")
    (tmp_path / "program.py").write_text(PYTHON)
    rounds = {"emu": 400, "kvm": 2000}[backend]
    file = tmp_path.parent / f"{tmp_path.name}.machine"
    mounts = [parse_mount(f"{tmp_path}:/data:rw")]
    argv = ["python3", "/data/program.py", str(rounds)]
    out = saved(argv, file, backend=backend, mounts=mounts, directory="/data", delay=0.05)
    result = resumed(backend, file, b"input")
    assert result.exit_code == 0 and result.stdout is not None, result
    native = execute(
        [sys.executable, "program.py", str(rounds)], env={}, cwd=tmp_path, input=b"input"
    )
    assert out + result.stdout == native.out


@pytest.mark.requires("gcc")
def test_wide_vector_registers(compiled: Toolchain, tmp_path: Path) -> None:
    """Where the CPU shows them to guests at all, which only KVM may."""
    if "avx" not in Path("/proc/cpuinfo").read_text():
        pytest.skip("a CPU without AVX")
    program, file = compiled("going.c", "glibc"), tmp_path / "machine"
    argv = [str(program), "vectors", "3000000000"]
    try:
        first = Sandbox(backend="kvm", timeout=60).run([argv[0], "vectors", "9"], capture=True)
    except NanvixError as error:
        pytest.skip(str(error))
    if first.exit_code:
        pytest.skip("this KVM gives guests no AVX")
    saved(argv, file, backend="kvm")
    result = resumed("kvm", file)
    assert (result.exit_code, result.stdout) == (0, b"all there\n"), result


def test_with_a_seed_the_end_is_the_same(compiled: Toolchain, tmp_path: Path) -> None:
    """To the last instruction and byte, as if it had not been interrupted."""
    program, file = compiled("going.c", "glibc"), tmp_path / "machine"
    argv = [str(program), "compute", str(COUNTS["emu"])]
    saved(argv, file, backend="emu", seed=3)
    pipes = [os.pipe() for _ in range(2)]
    stdio = (pipes[0][0], pipes[1][1], 2)
    try:
        rest = Sandbox(backend="emu").resume(str(file), stdio=stdio)
        whole = Sandbox(backend="emu", seed=3).run(argv, stdio=stdio)
    finally:
        for fd in (fd for pair in pipes for fd in pair):
            os.close(fd)
    for fact in ("instructions", "ram_sha256", "syscalls", "hypercalls"):
        assert getattr(whole, fact) == getattr(rest, fact) is not None, fact


@pytest.fixture(scope="module")
def machine(compiled: Toolchain, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A machine saved on the emulator, with its program beside it."""
    folder = tmp_path_factory.mktemp("saved")
    program = Path(shutil.copy(compiled("going.c", "glibc"), folder))
    saved([program, "wait"], folder / "machine", backend="emu")
    return folder / "machine"


def test_from_the_command_line(machine: Path) -> None:
    command = [*NANVIX, "resume", "--backend", "emu", str(machine)]
    ran = execute(command, env=host_environment(), cwd="/", input=b"typed\n")
    assert (ran.code, ran.out) == (0, b"got typed\nin time\n"), ran


def test_a_damaged_file(machine: Path, tmp_path: Path) -> None:
    data = machine.read_bytes()
    broken = tmp_path / "broken"
    for cut in (0, 5, 20, len(data) // 2, len(data) - 1):
        broken.write_bytes(data[:cut])
        assert "truncated" in refused(broken, "--backend", "emu") or cut < 8
    for at in (30, len(data) // 2, len(data) - 30):
        broken.write_bytes(data[:at] + bytes([data[at] ^ 0x10]) + data[at + 1 :])
        assert "damaged" in refused(broken, "--backend", "emu")
    broken.write_bytes(data[:8] + b"\7" + data[9:])
    assert "version 7 of the format" in refused(broken)
    broken.write_bytes(b"#!/bin/sh\n" * 9)
    assert "no saved machine" in refused(broken)
    assert "cannot read" in refused(tmp_path / "nothing")


def with_header(machine: Path, to: Path, change: Callable[[dict[str, Any]], Any]) -> Path:
    """A copy of the file that says something else of its machine, with all checksums right."""
    data = machine.read_bytes()
    kind, size, _ = CHUNK.unpack_from(data, 12)
    header = json.loads(data[24 : 24 + size])
    fresh = json.dumps(change(header)).encode()
    head = CHUNK.pack(kind, len(fresh), zlib.crc32(fresh, zlib.crc32(kind)))
    to.write_bytes(data[:12] + head + fresh + data[24 + size :])
    return to


def test_system_calls_return_to_ring_3(machine: Path, tmp_path: Path) -> None:
    """SYSRET makes SS of a selector in STAR: on AMD's CPUs with the ring that it has there."""
    seen: list[dict[str, Any]] = []
    with_header(machine, tmp_path / "copy", lambda header: seen.append(header) or header)
    assert seen[0]["vcpu"]["star"] >> 48 & 3 == 3


def test_another_kernel(machine: Path, tmp_path: Path) -> None:
    other = with_header(machine, tmp_path / "other", lambda h: h | {"kernel": "0" * 64})
    assert "another kernel image" in refused(other, "--backend", "emu")


NONSENSE: tuple[Any, ...] = (None, -1, 1 << 64, 1.5, "1", [], {}, [-1], ["\0", 1])


def test_a_header_that_makes_no_sense(machine: Path, tmp_path: Path) -> None:
    """Whatever stands there, nothing but one line comes of it, or a machine that ends."""
    chance = random.Random(1)

    def spoil(value: Any) -> Any:
        """The same with one value in it, or itself, replaced."""
        if isinstance(value, dict) and value and chance.random() < 0.9:
            name = chance.choice(sorted(value))
            return value | {name: spoil(value[name])}
        if isinstance(value, list) and value and chance.random() < 0.8:
            at = chance.randrange(len(value))
            return [*value[:at], spoil(value[at]), *value[at + 1 :]]
        return chance.choice(NONSENSE)

    refusals = 0
    for _ in range(30):
        file = with_header(machine, tmp_path / "odd", spoil)
        try:
            result = resumed("emu", file, b"x\n", timeout=5)
        except NanvixError as error:
            assert "\n" not in str(error)
            refusals += 1
        else:
            assert result.exit_code in (0, 124, 125, 139), result
    assert refusals >= 15


def test_files_that_are_not_what_they_were(compiled: Toolchain, tmp_path: Path) -> None:
    program = Path(shutil.copy(compiled("going.c", "glibc"), tmp_path))
    file = tmp_path / "machine"
    saved([program, "wait"], file, backend="emu")
    with open(program, "ab") as more:
        more.write(b"more")
    assert "has changed since" in refused(file, "--backend", "emu")
    program.rename(tmp_path / "elsewhere")
    problem = refused(file, "--backend", "emu")
    assert "cannot serve" in problem or "is gone since" in problem
    shutil.copy(tmp_path / "elsewhere", program)
    assert "another file than" in refused(file, "--backend", "emu")


def test_what_cannot_be_saved(tmp_path: Path) -> None:
    for sandbox in (Sandbox(net="host"), Sandbox(record=str(tmp_path / "r"))):
        with pytest.raises(UsageError, match="cannot be saved"):
            sandbox.save(str(tmp_path / "machine"))
    sandbox = Sandbox(backend="emu")
    sandbox.save(str(tmp_path / "none" / "machine"))
    with pytest.raises(NanvixError, match="cannot write"):
        sandbox.run(["sleep", "1"], stdio=(None, None, None))

"""The emulator runs the same way twice: as many instructions, and the same memory at the end.

The second run has a harder life: its input comes in bits, its output is read slowly.
"""

import json
import os
import subprocess
import threading
import time
from pathlib import Path
from typing import NamedTuple

import pytest
from support.guest import NANVIX, host_environment
from support.toolchain import Toolchain

from nanvix.guest.mounts import Mount
from nanvix.sandbox import Sandbox

PYTHON_THREADS = """\
import hashlib, os, queue, random, threading, time
seen, work = [], queue.Queue()
def produce(name):
    for i in range(40):
        work.put((name, i)); time.sleep(random.random() / 5000)
def consume():
    while (item := work.get()) is not None:
        seen.append((threading.get_ident(), item, time.monotonic_ns()))
producers = [threading.Thread(target=produce, args=(i,)) for i in range(4)]
consumers = [threading.Thread(target=consume) for _ in range(3)]
for t in producers + consumers: t.start()
for t in producers: t.join()
for t in consumers: work.put(None)
for t in consumers: t.join()
print(len(seen), hash(tuple(seen)), random.random(), os.urandom(8).hex(), time.time_ns(), id(seen))
"""
PYTHON_SUBPROCESSES = """\
import os, subprocess, sys, time
children = [subprocess.Popen(["sh", "-c", f"sleep 0.00{i}; echo $$ {i}"], stdout=subprocess.PIPE)
            for i in range(4)]
print([c.communicate()[0] for c in children], os.times(), time.perf_counter_ns())
"""
PYTHON_SPIN = """\
import threading
counts = [0] * 4
stop = False
def spin(i):
    while not stop:
        counts[i] += 1
threads = [threading.Thread(target=spin, args=(i,)) for i in range(4)]
for t in threads: t.start()
while sum(counts) < 60000: pass
stop = True
for t in threads: t.join()
print(counts)
"""
PYTHON_SIGNALS = """\
import os, signal, time
ticks = []
signal.signal(signal.SIGALRM, lambda *_: ticks.append((time.monotonic_ns(), len(ticks))))
signal.setitimer(signal.ITIMER_REAL, 0.0007, 0.0011)
n = 0
while len(ticks) < 30: n += 1
signal.setitimer(signal.ITIMER_REAL, 0)
print(n, ticks)
"""
PYTHON_SOCKETS = """\
import socket, threading, time
server = socket.create_server(("127.0.0.1", 0))
def serve():
    for _ in range(4):
        peer, address = server.accept()
        threading.Thread(target=answer, args=(peer, address)).start()
def answer(peer, address):
    while data := peer.recv(100): peer.sendall(b"%d %r" % (len(data), address))
    peer.close()
def talk(name):
    with socket.create_connection(server.getsockname()) as peer:
        for i in range(5):
            peer.sendall(b"x" * (name + i)); print(name, peer.recv(100), time.time_ns())
            time.sleep(0.001 * name)
threads = [threading.Thread(target=talk, args=(n,)) for n in range(1, 5)]
for t in [threading.Thread(target=serve), *threads]: t.start()
for t in threads: t.join()
"""
SHELL_RACE = """\
for i in 1 2 3 4 5 6; do (n=0; while [ $n -lt 300 ]; do n=$((n+1)); done; echo $i) & done; wait
"""
TEXT = b"".join(b"%d line %d\n" % (n * 7919 % 1000, n) for n in range(3000))


class Case(NamedTuple):
    """What to run; ``compiled``: the first word is a program of ours and its kind."""

    argv: tuple[str, ...]
    input: bytes = b""
    compiled: str = ""
    code: int = 0


CASES = {
    "hello": Case(("hello.c",), compiled="musl", code=3),
    "threads": Case(("threads.c",), compiled="glibc", code=6),
    "processes": Case(("processes.c",), compiled="musl"),
    "signals": Case(("signals.c",), compiled="musl"),
    "waiting": Case(("waiting.c",), compiled="glibc"),
    "tcp": Case(("net/tcp.c",), compiled="musl"),
    "unix sockets": Case(("net/unix_streams.c",), compiled="musl"),
    "rdtsc": Case(("counter.c",), compiled="musl"),
    "dice": Case(("net/dice.c",), compiled="musl"),
    "sort": Case(("sort", "-R"), TEXT),
    "pipeline": Case(("sh", "-c", "sort -n | uniq -c | tail -n 30 | tr 0-9 a-j"), TEXT),
    "a little input": Case(("sh", "-c", "head -c 10; cat | wc -c"), TEXT),
    "race": Case(("sh", "-c", SHELL_RACE)),
    "listing": Case(("sh", "-c", "ls -lan --full-time /usr / | sha256sum; date +%N; stat /tmp")),
    "random": Case(("sh", "-c", "head -c 100 /dev/urandom | od -x; cat /proc/uptime; echo $$")),
    "lua": Case(("lua5.4", "-e", "for i=1,9 do print(math.random(), os.clock(), {}) end")),
    "sqlite": Case(("sqlite3", "/tmp/a", "create table t(a); insert into t values(random()),"
                    "(hex(randomblob(9))),(strftime('%f')); select * from t")),
    "python threads": Case(("python3", "-c", PYTHON_THREADS)),
    "python spinning": Case(("python3", "-c", PYTHON_SPIN)),
    "python subprocesses": Case(("python3", "-c", PYTHON_SUBPROCESSES)),
    "python signals": Case(("python3", "-c", PYTHON_SIGNALS)),
    "python sockets": Case(("python3", "-c", PYTHON_SOCKETS)),
    "goroutines": Case(("go/concurrency.go",), compiled="go", code=3),
}  # fmt: skip
assert len(CASES) >= 20


def run(
    argv: list[str], input: bytes, tmp_path: Path, seed: str, *, slow: bool
) -> tuple[object, ...]:
    report = tmp_path / "report.json"
    options = ["--backend", "emu", "--memory", "96M", "--seed", seed, "--json", str(report)]
    process = subprocess.Popen(
        [*NANVIX, "run", *options, *argv], env=host_environment(), stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd="/",
    )  # fmt: skip
    assert process.stdin is not None and process.stdout is not None and process.stderr is not None
    feeder = threading.Thread(target=feed, args=(process.stdin, input, slow))
    feeder.start()
    output = b""
    while piece := os.read(process.stdout.fileno(), 100 if slow else 1 << 16):
        output += piece
        if slow:
            time.sleep(0.002)
    errors = process.stderr.read()
    feeder.join()
    code = process.wait(30)
    process.stdout.close()
    process.stderr.close()
    facts = json.loads(report.read_text())
    return code, output, errors, facts["instructions"], facts["ram_sha256"]


def feed(pipe: object, data: bytes, slow: bool) -> None:
    size = len(data) // 7 + 1 if slow else len(data) + 1
    try:
        for start in range(0, len(data), size):
            time.sleep(0.05 if slow else 0)
            pipe.write(data[start : start + size])  # type: ignore[attr-defined]
            pipe.flush()  # type: ignore[attr-defined]
        pipe.close()  # type: ignore[attr-defined]
    except BrokenPipeError:
        pass


@pytest.mark.requires("lua5.4", "sqlite3", "python3", "gcc", "go")
@pytest.mark.parametrize("name", CASES)
def test_two_runs_are_the_same(name: str, compiled: Toolchain, tmp_path: Path) -> None:
    case = CASES[name]
    argv = list(case.argv)
    if case.compiled:
        argv[0] = str(compiled(argv[0], case.compiled))
    first = run(argv, case.input, tmp_path, "0x5eed", slow=False)
    second = run(argv, case.input, tmp_path, "0x5eed", slow=True)
    assert first == second
    assert first[0] == case.code, first


LOOK = """\
cd /data; ls -aiU; find . -printf '%i %D %n %s %b %p\\n'; du -a; df .
"""
CHANGE = """\
for n in 1 2 3 4 5; do echo $n > new$n; mkdir dir$n; done; ln new1 again; mv new2 moved; rm new3
echo more >> file7; stat new1 moved . file7; chmod 700 file8; ls -laiU --full-time
"""


def two_copies(folder: Path) -> list[Path]:
    """Of the same tree, whose files were not made in the same order."""
    names = [f"file{n}" for n in range(60)]
    places = [folder / "one", folder / "two"]
    for place, order in zip(places, (names, names[::-1]), strict=True):
        place.mkdir()
        for name in order:
            (place / name).write_bytes(name.encode())
        os.link(place / "file1", place / "hard")
        for path in (*place.iterdir(), place):
            os.utime(path, (0, 1_000_000_000))
    return places


def test_two_copies_of_a_tree_are_the_same(tmp_path: Path) -> None:
    found = [
        run(["-v", f"{place}:/data", "sh", "-c", LOOK + CHANGE], b"", tmp_path, "1", slow=False)
        for place in two_copies(tmp_path)
    ]
    assert found[0] == found[1]
    assert found[0][0] == 0, found[0]


def test_two_copies_of_a_tree_look_the_same(backend: str, tmp_path: Path) -> None:
    found = []
    for place in two_copies(tmp_path):
        sandbox = Sandbox(backend=backend, seed=1, mounts=[Mount(str(place), "/data", False)])
        found.append(sandbox.run(["sh", "-c", LOOK], capture=True).stdout)
    assert found[0] and found[0] == found[1]


def test_another_seed_is_another_run(tmp_path: Path) -> None:
    argv = ["sh", "-c", "head -c 16 /dev/urandom | od -x"]
    first, second = (run(argv, b"", tmp_path, seed, slow=False) for seed in ("1", "2"))
    assert first[0] == second[0] == 0
    assert first[1] != second[1] and first[4] != second[4]


def test_a_seed_is_a_number_or_bytes() -> None:
    with Sandbox(seed=5) as a, Sandbox(seed=5) as b, Sandbox(seed=-1) as c, Sandbox() as d:
        assert a.seed == b.seed != c.seed and d.seed is None
        assert a.realtime_ns == b.realtime_ns is not None and d.realtime_ns is None
    assert Sandbox(seed=bytes(32)).seed == bytes(32)


def test_a_timeout_ends_a_wait_for_input(tmp_path: Path) -> None:
    """With a seed the host waits for all of the input; that must not hold up the end."""
    read, write = os.pipe()
    try:
        sandbox = Sandbox(backend="emu", seed=1, timeout=0.5)
        result = sandbox.run(["cat"], stdio=(read, None, None), capture=True)
    finally:
        os.close(read)
        os.close(write)
    assert result.reason == "timeout"


def test_on_kvm_a_seed_fixes_date_and_randomness(backend: str) -> None:
    sandbox = Sandbox(backend=backend, seed=99)
    command = ["sh", "-c", "head -c 16 /dev/urandom | od -x; date +%F"]
    first, second = (sandbox.run(command, capture=True) for _ in range(2))
    assert first.stdout == second.stdout
    assert (first.stdout or b"").endswith(b"2023-11-14\n")

"""Recordings: what was recorded on either backend happens again on the emulator."""

import json
import os
import shutil
import struct
import subprocess
import zlib
from pathlib import Path

import pytest
from support.guest import NANVIX, Ran, execute, host_environment
from support.patience import LIMIT_S
from support.toolchain import Toolchain

from nanvix.abi.channel import OPS
from nanvix.errors import NanvixError
from nanvix.machine.journal import Arrival, End, Landing, Readings, Served, Wake
from nanvix.replay import RecordingError, check_program, exact, load, replay
from nanvix.sandbox import Sandbox
from nanvix.trace.entries import Malformed, decode, encode
from nanvix.trace.recording import Header, dump

READ = OPS["CON_READ"][0]
THREADS = """\
import os, threading, time
print(os.urandom(4), time.time(), input())
def work(i): time.sleep(0.002 * i); print(i, time.monotonic_ns())
threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
for t in threads: t.start()
for t in threads: t.join()
"""
SHELL = """\
read a; read b; echo $b $a $$; for i in 1 2 3; do (sleep 0.00$i; echo $i) & done; wait
head -c 6 /dev/urandom | od -x; cat word; date +%N; exit 7
"""


def record(
    backend: str, file: Path, argv: list[str], *, options: tuple[str, ...] = (), input: bytes = b""
) -> Ran:
    command = [*NANVIX, "run", "--backend", backend, "--record", str(file), *options, *argv]
    return execute(command, input=input, env=host_environment(), cwd="/")


def again(file: Path, *more: str) -> Ran:
    return execute([*NANVIX, "replay", *more, str(file)], env=host_environment(), cwd="/")


@pytest.mark.requires("python3")
def test_a_shell_script_with_files_and_input(backend: str, tmp_path: Path) -> None:
    """The files it read may be gone by then."""
    (tmp_path / "word").write_text("from a file\n")
    options = ("-v", f"{tmp_path}:/data", "-w", "/data", "--seed", "5")
    file = tmp_path / "recording"
    ran = record(backend, file, ["sh", "-c", SHELL], options=options, input=b"one\ntwo\n")
    assert ran.code == 7 and b"from a file" in ran.out, ran
    (tmp_path / "word").unlink()
    replayed = again(file)
    assert (replayed.code, replayed.out) == (ran.code, ran.out), replayed


def test_python_with_threads(backend: str, tmp_path: Path) -> None:
    file = tmp_path / "recording"
    ran = record(backend, file, ["python3", "-c", THREADS], input=b"hello\n")
    assert ran.code == 0, ran
    replayed = again(file)
    assert (replayed.code, replayed.out) == (0, ran.out), replayed


def test_on_the_emulator_to_the_instruction(tmp_path: Path) -> None:
    file, report = tmp_path / "recording", tmp_path / "report"
    ran = record("emu", file, ["sh", "-c", "date; sleep 0.01; sh -c 'exit 3'"],
                 options=("--json", str(report)))  # fmt: skip
    before = json.loads(report.read_text())
    replayed = again(file, "--json", str(report))
    after = json.loads(report.read_text())
    assert (ran.code, ran.out) == (replayed.code, replayed.out)
    for fact in ("instructions", "ram_sha256", "syscalls", "reason"):
        assert before[fact] == after[fact] is not None


def test_the_cpu_is_the_recorded_one(backend: str, compiled: Toolchain, tmp_path: Path) -> None:
    """Also where the host does not let the guest's CPUID through to programs."""
    file = tmp_path / "recording"
    ran = record(backend, file, [str(compiled("told.c"))])
    assert ran.code == 0, ran
    replayed = again(file)
    assert (replayed.code, replayed.out) == (0, ran.out), replayed


def test_a_cpu_that_makes_no_sense_is_refused(small: Path) -> None:
    recording = load(str(small))
    for row in ((1, 0, 0, 0, 0), (1, 0, 1 << 32, 0, 0, 0), (1, 0, "a", 0, 0, 0)):
        other = recording._replace(header=recording.header._replace(cpuid=[row]))
        with pytest.raises(RecordingError, match="is damaged"):
            replay(other)


@pytest.mark.requires("gcc")
def test_a_crash_is_the_same_crash(backend: str, compiled: Toolchain, tmp_path: Path) -> None:
    """Down to the instruction and the address, and only the recorded input brings it about."""
    program = Path(shutil.copy(compiled("magic.c", "glibc"), tmp_path))
    file = tmp_path / "recording"
    result = recorded(backend, file, [str(program)], b"harmless\nPmagic\nafter\n")
    assert result.exit_code == 139 and result.crash is not None
    assert recorded(backend, tmp_path / "other", [str(program)], b"harmless\n").exit_code == 0
    program.unlink()
    repeated = replay(load(str(file)))
    assert repeated.exit_code == 139 and repeated.crash is not None
    for field in ("title", "address", "signal", "name", "pid", "code", "code_start", "backtrace"):
        assert getattr(repeated.crash, field) == getattr(result.crash, field)
    assert repeated.crash.registers["rip"] == result.crash.registers["rip"]
    assert repeated.crash.address == ord("P") * 0x1000


def recorded(backend: str, file: Path, argv: list[str], data: bytes):
    return Sandbox(backend=backend, record=str(file), timeout=50).run(
        argv, input=data, capture=True
    )


def test_a_run_that_was_ended_ends_there(backend: str, tmp_path: Path) -> None:
    file = tmp_path / "recording"
    sandbox = Sandbox(backend=backend, record=str(file), timeout=4)
    result = sandbox.run(["sh", "-c", "echo before; sleep 100; echo after"], capture=True)
    assert (result.reason, result.stdout) == ("timeout", b"before\n")
    repeated = replay(load(str(file)), timeout=30)
    assert (repeated.reason, repeated.exit_code) == ("timeout", 124)


def test_what_was_recorded_on_kvm_has_exact_moments_after_one_replay(
    backend: str, tmp_path: Path
) -> None:
    file = tmp_path / "recording"
    result = recorded(
        backend, file, ["sh", "-c", "for i in 1 2; do sleep 0.00$i & done; wait"], b""
    )
    assert result.exit_code == 0
    recording = exact(load(str(file)))
    assert recording.header.exact
    first, second = replay(recording), replay(recording)
    assert first.reason == "exit", first.detail
    assert (first.instructions, first.ram_sha256) == (second.instructions, second.ram_sha256)


def test_another_course_of_events_is_noticed(backend: str, tmp_path: Path) -> None:
    """At the request where it begins, with what was expected and what came."""
    file = tmp_path / "recording"
    recorded(backend, file, ["sh", "-c", "read a; [ $a = yes ] && cat /etc/hostname; echo $a"],
             b"yes\n")  # fmt: skip
    recording = load(str(file))
    for index, entry in enumerate(recording.entries):
        # The shell reads byte by byte.
        if isinstance(entry, Served) and (entry.op, entry.data) == (READ, ((0, b"y"),)):
            recording.entries[index] = entry._replace(data=((0, b"n"),))
    repeated = replay(recording)
    assert (repeated.reason, repeated.exit_code) == ("diverged", 125)
    assert repeated.detail.startswith("diverged at event ")
    assert "expected" in repeated.detail and "got" in repeated.detail


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("recordings") / "recording"
    assert record("emu", file, ["busybox", "echo", "hello"]).code == 0
    return file


def refused(file: Path, *more: str) -> str:
    ran = execute([*NANVIX, "replay", str(file), *more], env=host_environment())
    assert ran.code == 125 and not ran.out, ran
    assert ran.err.count(b"\n") == 1 and b"Traceback" not in ran.err, ran
    return ran.err.decode()


def test_what_is_no_good_recording_is_refused_in_one_line(small: Path, tmp_path: Path) -> None:
    data = small.read_bytes()
    bad = tmp_path / "bad"
    for content, says in (
        (b"", "is no recording"),
        (b"#!/bin/sh\n" * 100, "is no recording"),
        (data[:9], "is truncated"),
        (data[: len(data) // 2], "is truncated"),
        (data[:-1], "is truncated"),
        (data[:8] + struct.pack("<I", 99) + data[12:], "of version 99"),
        (data[:-100] + bytes([data[-100] ^ 1]) + data[-99:], "is damaged: a checksum"),
        (data.replace(b'"kernel": "', b'"kernel": "0', 1), "is damaged: a checksum"),
    ):
        bad.write_bytes(content)
        assert says in refused(bad)
    assert "cannot read" in refused(tmp_path / "absent")


NONSENSE = (None, True, -1, 1 << 40, 1 << 70, 1.5, "x", [], {}, [-1], [[]], {"uid": "x"})


@pytest.mark.parametrize("field", Header._fields)
def test_a_header_that_makes_no_sense(small: Path, tmp_path: Path, field: str) -> None:
    """Whatever stands there, with all checksums right: one line, or a machine that ends."""
    recording, odd = load(str(small)), tmp_path / "odd"
    values = recording.header._asdict()
    spoilt = [{field: value} for value in NONSENSE]
    if field == "spec":
        spoilt += [
            {field: values[field] | {name: value}}
            for name in values[field]
            for value in (-1, 1 << 70, "x")
        ]
    for change in spoilt:
        header = Header(**(values | change))
        with open(odd, "wb") as file:
            dump(file, recording._replace(header=header))
        try:
            result = replay(load(str(odd)), timeout=10)
        except NanvixError as error:
            assert "\n" not in str(error)
        else:
            assert result.exit_code in (0, 124, 125, 139), (change, result)


def test_a_header_without_end(small: Path, tmp_path: Path) -> None:
    deep, data = b"[" * 200_000, small.read_bytes()
    head = struct.pack("<4sII", b"HEAD", len(deep), zlib.crc32(deep, zlib.crc32(b"HEAD")))
    (tmp_path / "odd").write_bytes(data[:12] + head + deep)
    assert "its header makes no sense" in refused(tmp_path / "odd")


def test_another_kernel_or_program_is_refused(small: Path, tmp_path: Path) -> None:
    recording = load(str(small))
    other = recording._replace(header=recording.header._replace(kernel="0" * 64))
    with pytest.raises(RecordingError, match="another kernel image"):
        replay(other)
    busybox = recording.header.program
    check_program(recording, busybox)
    program = tmp_path / "busybox"
    program.write_bytes(Path(busybox).read_bytes() + b"\0")
    assert "of another program" in refused(small, str(program))


def test_two_runs_are_not_recorded_in_one_file(backend: str, tmp_path: Path) -> None:
    file = tmp_path / "recording"
    command = [*NANVIX, "run", "--backend", backend, "--record", str(file), "sh", "-c",
               "echo; read line; echo $line"]  # fmt: skip
    with subprocess.Popen(
        command, env=host_environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as first:
        assert first.stdout is not None and first.stdout.read(1) == b"\n"
        second = record(backend, file, ["busybox", "echo", "x"])
        assert (second.code, second.out, second.err.count(b"\n")) == (125, b"", 1), second
        assert b"another run is being recorded there" in second.err
        assert first.communicate(b"mine\n", timeout=LIMIT_S) == (b"mine\n", None)
    assert again(file) == (0, b"\nmine\n", b"")
    assert record(backend, file, ["busybox", "echo", "shorter"]).code == 0
    assert again(file) == (0, b"shorter\n", b"")


def test_a_replay_waits_for_a_reader(small: Path) -> None:
    """Also of a pipe that somebody else has set to O_NONBLOCK, which is not ours to change."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    filler = os.write(writer, bytes(1 << 20))
    command = [*NANVIX, "replay", str(small)]
    with subprocess.Popen(
        command, env=host_environment(), stdout=writer, stderr=subprocess.PIPE
    ) as process:
        os.close(writer)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(2)
        with open(reader, "rb") as pipe:
            assert pipe.read()[filler:] == b"hello\n"
        assert process.communicate(timeout=LIMIT_S) == (None, b"")
    assert process.returncode == 0


def test_a_file_that_cannot_be_written_is_no_silent_loss(backend: str) -> None:
    ran = record(backend, Path("/dev/full"), ["busybox", "cat", "/usr/bin/busybox"])
    assert ran.code == 125 and b"cannot write /dev/full" in ran.err


def test_entries_survive_encoding() -> None:
    entries = [
        Served(1 << 40, 32, 1 << 31, -2, (0, 5, 0, 0, 0, 0, 1 << 63), ((3, b"abc"), (9, b""))),
        Served(0, 8, 0, 0, (0,) * 7, ()),
        Arrival(7, ((1, 2, 3), (2, 15, 0)), (32, 33)),
        Wake(1 << 63),
        Landing(32, tuple(range(1 << 60, (1 << 60) + 17)), bytes(99), 1 << 63, readings=1 << 31),
        Readings(8, 5, 1, 3, (1 << 50, 1 << 63)),
        Readings(9, 0, (1 << 32) - 1, (1 << 32) - 1, ()),
        End(9, "timeout", 0, "übrig"),
    ]  # fmt: skip
    data = b"".join(part for entry in entries for part in encode(entry))
    assert list(decode(data)) == entries
    for cut in range(len(data)):
        try:
            assert list(decode(data[:cut])) == entries[: len(list(decode(data[:cut])))]
        except Malformed:
            pass
    with pytest.raises(Malformed):
        list(decode(b"\xff" * 30))

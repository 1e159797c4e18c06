"""Bug capsules: what goes in comes out, and nothing else gets through."""

import json
import os
import struct
import zipfile
from pathlib import Path
from typing import Any

import pytest
from debug.conftest import Start
from hypothesis import given, settings
from hypothesis import strategies as st
from support.guest import NANVIX, execute, host_environment
from support.toolchain import Toolchain

from nanvix.debug.capsule import ABOUT, RECORDING, Notes, is_capsule, load, write
from nanvix.debug.errors import DebugError
from nanvix.errors import NanvixError

pytestmark = pytest.mark.requires("gcc")
NOTES = Notes(7, ((3, "début"), (9, "b")), ("break main", "catch exec"), ("total",), ("look here",))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A capsule of a run that has stopped in the middle."""
    folder = tmp_path_factory.mktemp("capsule")
    steps = Toolchain()("debug/steps.c", "glibc", ["-g", "-O0"])
    script = folder / "script"
    script.write_text(
        f"break square\ncontinue\nmark here\nnote it is the first call\ncapsule {folder}/a.nvcap\n"
    )
    ran = execute(
        [*NANVIX, "debug", "--seed", "1", "--script", script, steps], env=host_environment()
    )
    assert ran.code == 0, ran
    assert b"breakpoint 1 at square\n" in ran.out and b"saved " in ran.out
    return folder / "a.nvcap"


def test_the_run_is_opened_elsewhere(whole: Path, tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text("print x\nreverse\ncontinue\nstep back\ncontinue\ncontinue\n")
    ran = execute([*NANVIX, "debug", "--script", script, whole], env=host_environment())
    lines = ran.out.decode().splitlines()
    assert ran.code == 0, ran
    assert lines[:2] == ["note: it is the first call", "breakpoint 1 at square"]
    assert "x = 0" in lines or any(line.startswith("x = ") for line in lines)
    assert any(line.startswith("stopped: start of history") for line in lines)
    assert lines[-1].startswith("ended: end of recording: it goes no further")
    capsule = load(str(whole))
    assert capsule.notes.bookmarks[0][1] == "here" and capsule.differences() == ""
    assert capsule.notes.moment == capsule.notes.bookmarks[0][0]


def test_the_log_comes_along(whole: Path, debug: Start) -> None:
    capsule = load(str(whole))
    debugger = debug(capsule.recording)
    debugger.go(capsule.notes.moment)
    texts = [event.text for event in debugger.events()]
    assert any("exec" in text for text in texts) and any("FS_READ" in text for text in texts)
    assert debugger.symbol(debugger.registers()["rip"]) == "square"


def test_a_binary_that_differs_is_named(whole: Path, tmp_path: Path) -> None:
    capsule = load(str(whole))
    assert [os.path.basename(path) for path in capsule.binaries] == ["steps"]
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    other = capsule._replace(
        binaries={"/bin/sh": "0" * 64, str(fifo): "0" * 64, "/dev/zero": "", "/no/such": ""}
    )
    line = other.differences()
    assert "/bin/sh (other content)" in line and f"{fifo} (missing)" in line
    assert line.endswith("and 1 more") and "\n" not in line


def test_what_goes_in_comes_out(debug: Start, compiled: Toolchain, tmp_path: Path) -> None:
    debugger = debug([compiled("debug/steps.c", "glibc", ["-g", "-O0"])])
    stop = debugger.run()
    assert stop.reason == "exit"
    file = str(tmp_path / "c.nvcap")
    write(file, debugger.recorded(), NOTES, debugger.binaries())
    assert is_capsule(file)
    capsule = load(file)
    assert capsule.notes == NOTES
    again = debug(capsule.recording)
    assert again.run()[:2] == stop[:2]


def test_what_was_changed_by_hand_is_not_exported(debug: Start, compiled: Toolchain) -> None:
    debugger = debug([compiled("debug/steps.c", "glibc", ["-g", "-O0"])])
    debugger.set_register("rbx", 1)
    with pytest.raises(DebugError, match="changed by hand"):
        debugger.recorded()


def rebuilt(
    whole: Path, to: Path, change: dict[str, Any] | None = None, **members: bytes | None
) -> str:
    """The same archive with other members, or other fields of the JSON."""
    with zipfile.ZipFile(whole) as old:
        content: dict[str, bytes | None] = {name: old.read(name) for name in (RECORDING, ABOUT)}
    about = json.loads(content[ABOUT] or b"")
    content[ABOUT] = json.dumps(about | (change or {})).encode()
    content |= {name.replace("_", "."): data for name, data in members.items()}
    with zipfile.ZipFile(to, "w") as new:
        for name, data in content.items():
            if data is not None:
                new.writestr(name, data)
    return str(to)


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"points": ["trace /tmp/x"]},
        {"points": ["break main\ntrace /tmp/x"]},
        {"points": "break main"},
        {"points": ["break x"] * 1001},
        {"moment": -1},
        {"moment": 1 << 70},
        {"moment": True},
        {"bookmarks": [[1]]},
        {"bookmarks": [["1", "a"]]},
        {"notes": ["\x1b[31m"]},
        {"notes": ["a" * 2000]},
        {"binaries": {"relative": "0"}},
        {"binaries": []},
    ],
    ids=str,
)
def test_notes_that_make_no_sense(whole: Path, tmp_path: Path, change: dict[str, Any]) -> None:
    file = rebuilt(whole, tmp_path / "x.nvcap", change)
    with pytest.raises(DebugError, match="is no bug capsule: ") as caught:
        load(file)
    assert "\n" not in str(caught.value)


def test_archives_of_another_kind(whole: Path, tmp_path: Path) -> None:
    file = tmp_path / "x.nvcap"
    for members in (
        {"_._._etc_passwd": b"x"},
        {"/etc/passwd": b"x"},
        {"recording_nvrec": None},
        {"capsule_json": None},
        {"capsule_json": b"[" * 100_000},
        {"capsule_json": b"{}"},
        {"capsule_json": b" " * (2 << 20)},
        {"recording_nvrec": b"no recording"},
    ):
        with pytest.raises(DebugError):
            load(rebuilt(whole, file, None, **members))
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr(RECORDING, bytes(64 << 20))
        bomb.writestr(ABOUT, b"{}")
    with pytest.raises(DebugError, match="is compressed"):
        load(str(file))
    with pytest.raises(DebugError, match="No such file"):
        load("/no/such/file")
    assert not is_capsule("/no/such/file") and not is_capsule("/bin/sh")


def test_sizes_that_lie(whole: Path, tmp_path: Path) -> None:
    """The central directory promises more than there is, and a member of another size."""
    data = bytearray(whole.read_bytes())
    at = data.rfind(b"PK\x01\x02", 0, data.rfind(b"PK\x01\x02"))
    for packed, real in ((1 << 31, 1 << 31), (100, 1 << 20), (1 << 20, 100), (0, 0)):
        struct.pack_into("<II", data, at + 20, packed, real)
        file = tmp_path / "x.nvcap"
        file.write_bytes(data)
        with pytest.raises(DebugError):
            load(str(file))


@settings(max_examples=60)
@given(st.data())
def test_damaged_files_are_refused_in_one_line(whole: Path, data: st.DataObject) -> None:
    content = bytearray(whole.read_bytes())
    tail = len(content) - 2000
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(tail, len(content) - 1))] = data.draw(st.integers(0, 255))
    file = whole.with_name("damaged.nvcap")
    file.write_bytes(content[: data.draw(st.integers(tail, len(content)))])
    try:
        capsule = load(str(file))
    except NanvixError as error:
        assert "\n" not in str(error)
    else:
        assert capsule.recording.entries


def test_no_traceback_for_a_broken_one(tmp_path: Path) -> None:
    file = tmp_path / "x.nvcap"
    file.write_bytes(b"PK\x03\x04" + bytes(26) + RECORDING.encode() + b"rest")
    ran = execute([*NANVIX, "debug", "--script", "/dev/null", file], env=host_environment())
    assert ran.code == 125 and ran.err.count(b"\n") == 1 and b"is no bug capsule" in ran.err

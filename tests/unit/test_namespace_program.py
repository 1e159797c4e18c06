"""From the name the user typed to the program the guest executes."""

import os
import shutil
import sys
from pathlib import Path

import pytest

from nanvix.errors import ProgramError, ProgramNotFound
from nanvix.guest.program import Program, resolve

LOADER = b"/lib64/ld-linux-x86-64.so.2"


def script(path: Path, text: str, mode: int = 0o755) -> Path:
    path.write_text(text)
    path.chmod(mode)
    return path


def refused(name: str | Path, search: str = "") -> ProgramError:
    with pytest.raises(ProgramError) as caught:
        resolve(str(name), [], search)
    assert "\n" not in str(caught.value)
    return caught.value


def test_looks_bare_names_up_on_the_path(tmp_path: Path) -> None:
    (tmp_path / "tool").mkdir()
    other = tmp_path / "other"
    other.mkdir()
    shutil.copy("/bin/ls", other / "tool")
    program = resolve("tool", ["-l"], f"{tmp_path}:{other}")
    assert program.path == str(other / "tool")
    assert program.argv == ["tool", "-l"]
    assert "/lib64/ld-linux-x86-64.so.2" in program.files
    assert "/usr/lib" in program.directories


def test_a_program_of_its_own_gets_no_commands(tmp_path: Path) -> None:
    shutil.copy("/bin/ls", tmp_path / "tool")
    assert not resolve(str(tmp_path / "tool"), [], "").commands
    assert resolve("/bin/ls", [], "").commands


def test_a_script_brings_its_interpreter(tmp_path: Path) -> None:
    path = script(tmp_path / "run", "#! /bin/sh -e\ntrue\n")
    program = resolve(str(path), ["x"], "")
    assert program.path == program.script == str(path)
    assert program.argv == [str(path), "x"]
    assert program.files[:2] == [str(path), "/bin/sh"]
    assert program.commands


def test_relative_names_survive_where_they_mean_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    here = os.getcwd()
    script(tmp_path / "run", "#!/bin/sh\n")
    script(tmp_path / "run.py", "print()\n", mode=0o644)
    program = resolve("./run", [], "")
    assert program.command(same_directory=True) == ("./run", ["./run"])
    assert program.command(same_directory=False) == (f"{here}/run", ["./run"])
    program = resolve("run.py", ["1"], "")
    assert program.command(same_directory=True)[1] == [sys.executable, "run.py", "1"]
    assert program.command(same_directory=False)[1] == [sys.executable, f"{here}/run.py", "1"]


def python_program(program: Program) -> None:
    assert program.path == os.path.realpath(sys.executable)
    assert program.argv[0] == sys.executable
    assert set(program.directories) >= {sys.prefix, sys.base_prefix} - {"/usr"}


def test_python_files_run_by_the_interpreter_behind_ours(tmp_path: Path) -> None:
    path = script(tmp_path / "hello.py", "print(1)\n", mode=0o644)
    program = resolve(str(path), [], "")
    python_program(program)
    assert program.argv[1:] == [str(path)]
    assert program.script == str(path)


def test_env_python_and_launcher_scripts_stand_for_our_interpreter(tmp_path: Path) -> None:
    path = script(tmp_path / "tool", "#!/usr/bin/env python3\n")
    program = resolve(str(path), ["1"], "")
    python_program(program)
    assert program.argv[1:] == [str(path), "1"]
    script(tmp_path / "python3", "#!/bin/sh\nexec something\n")
    python_program(resolve("python3", ["-c", ""], str(tmp_path)))


def test_a_script_named_after_its_engine_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script(tmp_path / "work.sh", "true\n", 0o644)
    monkeypatch.chdir(tmp_path)
    program = resolve("sh", ["-e", "work.sh", "x"], "/bin")
    assert program.given == str(tmp_path / "work.sh")
    assert program.command(True)[1] == ["sh", "-e", "work.sh", "x"]
    assert program.command(False)[1] == ["sh", "-e", str(tmp_path / "work.sh"), "x"]
    assert resolve("sh", ["-c", "true", "work.sh"], "/bin").given is None
    assert resolve("cat", ["work.sh"], "/bin").given is None


def test_missing_programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    script(tmp_path / "here", "#!/bin/sh\n")
    for name in ("nosuch", "", "./nosuch", "nosuch.py", "here", "./here/below"):
        assert isinstance(refused(name, "/usr/bin"), ProgramNotFound)
    assert "./here" in str(refused("here", "/usr/bin"))


@pytest.mark.parametrize("name", ["/etc", "/dev/null", "/etc/passwd"])
def test_what_is_no_program(name: str) -> None:
    assert refused(name).exit_code == 126


def test_text_without_interpreter(tmp_path: Path) -> None:
    assert "not an ELF" in str(refused(script(tmp_path / "text", "hello\n")))
    assert "empty" in str(refused(script(tmp_path / "empty", "")))
    assert "no interpreter" in str(refused(script(tmp_path / "bang", "#!\n")))
    assert "no interpreter" in str(refused(script(tmp_path / "long", "#!/" + "x" * 400)))


def test_not_executable(tmp_path: Path) -> None:
    assert "chmod" in str(refused(script(tmp_path / "plain", "#!/bin/sh\n", mode=0o644)))


def test_missing_interpreters(tmp_path: Path) -> None:
    assert refused(script(tmp_path / "a", "#!/no/such/shell\n")).exit_code == 127
    data = Path("/bin/ls").read_bytes().replace(LOADER, LOADER[:-1] + b"9")
    (tmp_path / "b").write_bytes(data)
    (tmp_path / "b").chmod(0o755)
    assert refused(tmp_path / "b").exit_code == 127


def test_interpreters_that_lead_in_circles(tmp_path: Path) -> None:
    assert refused(script(tmp_path / "a", f"#!{tmp_path}/a\n")).exit_code == 126
    # A loader's name can only be replaced by one of the same length.
    own = Path("/tmp") / f"ld-{os.getpid()}".ljust(len(LOADER) - len("/tmp/"), "x")
    try:
        own.write_bytes(Path("/bin/ls").read_bytes().replace(LOADER, bytes(own)))
        own.chmod(0o755)
        assert "needs an interpreter" in str(refused(own))
    finally:
        own.unlink(missing_ok=True)

"""Compiled programs are kept, found again, made anew when anything changed, and pruned."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.host import PATH, ROOT

from nanvix.errors import NanvixError, ProgramError, ProgramNotFound, UsageError
from nanvix.guest import compiled
from nanvix.guest.compiled import build
from nanvix.guest.languages import LANGUAGES, Compiler, Language

C = LANGUAGES[".c"]
LOGGING = '#!/bin/sh\necho "$@" >> {log}\nexec cc "$@"\n'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, and sources in a directory whose name is awkward."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", PATH)
    for name in ("CC", "CFLAGS", "LDFLAGS", "LDLIBS"):
        monkeypatch.delenv(name, raising=False)
    place = tmp_path / "a place: here"
    place.mkdir()
    (place / "value.h").write_text("#define VALUE 1\n")
    (place / "it.c").write_text('#include "value.h"\n#ifndef MORE\n#define MORE 0\n#endif\n'
                                "int main(void) { return VALUE + MORE; }\n")  # fmt: skip
    return place


@pytest.fixture
def compilations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> "list[str]":
    """Makes CC a compiler that counts; the list is a view of its log."""
    script, log = tmp_path / "counting-cc", tmp_path / "log"
    script.write_text(LOGGING.format(log=log))
    script.chmod(0o755)
    monkeypatch.setenv("CC", str(script))
    return Log(log)


class Log(list[str]):
    """Command lines of a compiler, without those that ask for its version."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __len__(self) -> int:
        lines = self.path.read_text().splitlines() if self.path.exists() else []
        return sum("--version" not in line for line in lines)


def run(program: str) -> int:
    return subprocess.run([program], check=False).returncode


@pytest.mark.requires("cc")
def test_found_again(folder: Path, compilations: list[str]) -> None:
    source = str(folder / "it.c")
    first = build(source, C)
    assert (run(first), os.path.basename(first), len(compilations)) == (1, "it", 1)
    os.utime(source)
    assert (build(source, C), len(compilations)) == (first, 1)
    assert sorted(os.listdir(os.path.dirname(first))) == ["it"]


@pytest.mark.requires("cc")
def test_every_change_counts(
    folder: Path, compilations: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The source, a header, flags, the compiler; and what was is found again where it can be."""
    source = folder / "it.c"
    text, first = source.read_text(), build(str(source), C)
    source.write_text(text.replace("return", "return 10 +"))
    assert run(build(str(source), C)) == 11
    source.write_text(text)
    assert (build(str(source), C), len(compilations)) == (first, 2)
    (folder / "value.h").write_text("#define VALUE 2\n")
    assert (run(build(str(source), C)), len(compilations)) == (2, 3)
    monkeypatch.setenv("CFLAGS", "-DMORE=5 '-DTEXT=a b'")
    assert (run(build(str(source), C)), len(compilations)) == (7, 4)
    script = Path(os.environ["CC"])
    script.write_text(script.read_text().replace('exec cc "$@"', 'exec cc -DVALUE=50 "$@"'))
    (folder / "value.h").unlink()
    (folder / "value.h").touch()
    assert (run(build(str(source), C)), len(compilations)) == (55, 5)


@pytest.mark.requires("cc")
def test_a_source_saved_while_it_is_compiled(folder: Path, tmp_path: Path) -> None:
    """Whatever of it the compiler has read, the program is not taken for the new source's."""
    script = tmp_path / "slow-cc"
    script.write_text('#!/bin/sh\nfor last; do :; done\ncase "$*" in *it.c*)\n cc "$@"\n'
                      " sed -i s/VALUE/20+VALUE/ it.c;;\nesac\n")  # fmt: skip
    script.chmod(0o755)
    slow = Language("C", "", (C.compilers[0]._replace(program=(str(script),)),))
    source = str(folder / "it.c")
    assert [run(build(source, slow)) for _ in range(3)] == [1, 21, 41]


@pytest.mark.requires("cc")
def test_at_once(folder: Path) -> None:
    """Eight processes want the same program; all get it, and nothing else stays behind."""
    code = (
        "import sys; from nanvix.guest.compiled import build; from nanvix.guest.languages import *;"
        "print(build(sys.argv[1], LANGUAGES['.c']))"
    )
    children = [
        subprocess.Popen(
            [sys.executable, "-c", code, folder / "it.c"],
            env=os.environ | {"PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, text=True,
        )
        for _ in range(8)
    ]  # fmt: skip
    programs = {child.communicate(timeout=60)[0].strip() for child in children}
    assert [child.returncode for child in children] == [0] * 8
    (program,) = programs
    assert run(program) == 1
    kept = Path(program).parent
    assert {path.name for path in kept.parent.iterdir()} - {kept.name} == {
        path.name for path in kept.parent.glob("*.files")
    }


@pytest.mark.requires("cc")
def test_bounded(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What has not been used for longest goes; what may be about to start stays."""
    source = folder / "it.c"
    programs = []
    for number in range(4):
        monkeypatch.setenv("CFLAGS", f"-DMORE={number}")
        programs.append(build(str(source), C))
        os.utime(os.path.dirname(programs[-1]), (number, number))
    assert all(map(os.path.exists, programs))
    monkeypatch.setattr(compiled, "MAX_BYTES", 3 * os.path.getsize(programs[0]))
    assert build(str(source), C) == programs[3]  # used, and so the newest
    monkeypatch.setenv("CFLAGS", "-DMORE=9")
    newest = build(str(source), C)
    assert [os.path.exists(path) for path in [*programs, newest]] == [
        False, False, False, True, True,
    ]  # fmt: skip
    monkeypatch.setattr(compiled, "MAX_BYTES", 0)
    monkeypatch.setenv("CFLAGS", "-DMORE=10")
    assert run(build(str(source), C)) == 11
    assert os.path.exists(newest)


@pytest.mark.requires("cc")
def test_an_option_or_a_program(folder: Path) -> None:
    (folder / "it.c").rename(folder / "-o it.c")
    assert run(build(str(folder / "-o it.c"), C)) == 1


@pytest.mark.requires("cc")
def test_errors(
    folder: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    source = folder / "it.c"
    source.write_text("int main(void) { return missing; }\n")
    with pytest.raises(ProgramError, match="cc could not compile it"):
        build(str(source), C)
    out, err = capfd.readouterr()
    assert out == "" and "it.c:1:25:" in err and "missing" in err
    assert list((Path(os.environ["XDG_CACHE_HOME"]) / "nanvix" / "programs").iterdir()) == []
    source.write_text("int main(void) { return 0; }\n")
    monkeypatch.setenv("XDG_CACHE_HOME", "/dev/null/nowhere")
    with pytest.raises(NanvixError, match=r"cannot keep the compiled program: .*XDG_CACHE_HOME"):
        build(str(source), C)


def test_no_compiler(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = str(folder / "it.c")
    nothing = (Compiler(("no-such-compiler",), ("--version",), ()),
               Compiler((sys.executable, "-m", "no_such_module"), (), ()))  # fmt: skip
    with pytest.raises(ProgramNotFound, match="no Ada compiler found: install gnat"):
        build(source, Language("Ada compiler", "gnat", nothing))
    monkeypatch.setenv("CC", "no-such-compiler -x")
    with pytest.raises(ProgramNotFound, match="CC names no-such-compiler, which is not there"):
        build(source, C)


@pytest.mark.requires("cc")
@pytest.mark.parametrize("name", ["CC", "CFLAGS", "LDFLAGS"])
def test_a_quotation_without_end(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "'half")
    with pytest.raises(UsageError, match=f"the variable {name}: no closing quotation"):
        build(str(folder / "it.c"), C)
    assert not list((folder.parent / "cache").glob("**/.new-*"))

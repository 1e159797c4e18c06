"""CPython: the interpreter that runs these tests, in a guest. Longer scripts: tests/catalog."""

import os
import sys
from pathlib import Path

import iniconfig
import pytest
from support.guest import Guest, Same
from support.host import ROOT
from support.toolchain import PROGRAMS

SCRIPTS = sorted(PROGRAMS.glob("python/*.py"))


@pytest.mark.parametrize("script", [pytest.param(path, id=path.stem) for path in SCRIPTS])
def test_script(same: Same, script: Path) -> None:
    same([sys.executable, script.name], files={script.name: script.read_text()})


def test_example(guest: Guest) -> None:
    """The README's first line."""
    ran = guest(["examples/hello.py"], cwd=ROOT)
    assert (ran.code, ran.err) == (0, b"")
    assert ran.out.startswith(f"Hello from Python {sys.version.split()[0]} on Linux".encode())


def test_script_by_name(guest: Guest, tmp_path: Path) -> None:
    """A ``.py`` file is run by our own interpreter and finds the modules beside it."""
    (tmp_path / "helper.py").write_text("def greet(name): return f'hi {name}'\n")
    (tmp_path / "main.py").write_text(
        "import sys, helper\nprint(helper.greet(sys.argv[1]), sys.argv[0])\n"
    )
    ran = guest(["main.py", "there"], cwd=tmp_path)
    assert ran == (0, b"hi there main.py\n", b"")


@pytest.mark.parametrize(
    "statement", ["print(1)", "import sys; sys.exit(7)", "import os; os._exit(3)", "1/0",
                  "raise SystemExit('a message')", "import sys; print(sys.version, sys.prefix)",
                  "import os; os.abort()"],
)  # fmt: skip
def test_statement(same: Same, statement: str) -> None:
    same([sys.executable, "-c", statement])


def test_piped_stdin(same: Same) -> None:
    same([sys.executable, "-"], input=b"print('program from stdin')\n")
    same(
        [sys.executable, "-c", "import sys; print(sum(map(int, sys.stdin)))"],
        input=b"".join(b"%d\n" % n for n in range(50_000)),
    )


def test_packages_of_the_virtual_environment(guest: Guest, tmp_path: Path) -> None:
    """The active environment's packages are there, as they are natively."""
    (tmp_path / "main.py").write_text("import iniconfig, sys\nprint(iniconfig, sys.prefix)\n")
    ran = guest(["main.py"], cwd=tmp_path)
    assert ran == (0, f"{iniconfig} {sys.prefix}\n".encode(), b"")


def test_a_virtual_environment_by_a_relative_path(guest: Guest) -> None:
    """Also where the guest is in another directory than the user."""
    python = os.path.relpath(sys.executable, Path(sys.prefix).parent)
    ran = guest([python, "-c", "import iniconfig"], cwd=Path(sys.prefix).parent)
    assert ran == (0, b"", b"")

"""Start-up is a feature: budgets for time, and what the run path must not import."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.patience import least

from nanvix.kvm import probe

ROOT = Path(__file__).resolve().parents[2]
ENV = {**os.environ, "PYTHONPATH": str(ROOT)}
# Measured is what users have, who keep compiled modules.
ENV.pop("PYTHONDONTWRITEBYTECODE", None)

RUN_PATH = (
    "nanvix.cli.main",
    "nanvix.cli.run",
    "nanvix.sandbox",
    "nanvix.machine.machine",
    "nanvix.macro.services",
)
HEAVY = (
    "argparse",
    "asyncio",
    "collections",
    "concurrent.futures",
    "contextlib",
    "dataclasses",
    "elftools",
    "enum",
    "functools",
    "inspect",
    "json",
    "locale",
    "logging",
    "pathlib",
    "pycparser",
    "re",
    "signal",
    "subprocess",
    "tempfile",
    "textual",
    "threading",
    "typing",
)
STANDARD = {
    "__future__", "_cffi_backend", "_ctypes", "_operator", "_struct", "binascii", "ctypes",
    "ctypes._endian", "errno", "fcntl", "gc", "itertools", "mmap", "pwd", "resource", "select",
    "struct", "types",
}  # fmt: skip
"""All that a whole run may load beside our own modules and what every interpreter has loaded."""
SLACK = 1.5
"""The benchmark measures wall time on a quiet machine; tests share theirs with other tests."""


def cpu_ms(*arguments: str) -> float:
    """Processor time of a fresh interpreter with ``arguments``; the first one may have to compile
    modules."""
    child = subprocess.Popen([sys.executable, *arguments], env=ENV, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    assert child.returncode == 0
    return (usage.ru_utime + usage.ru_stime) * 1e3


def loaded_by(statement: str) -> set[str]:
    """Modules in ``sys.modules`` after ``statement`` in a fresh interpreter."""
    code = f"import sys; before = set(sys.modules); {statement}; print(*set(sys.modules) - before)"
    done = subprocess.run(
        [sys.executable, "-c", code], env=ENV, check=True, capture_output=True, text=True
    )
    return set(done.stdout.split())


def test_version_is_quick() -> None:
    code = "import sys; sys.argv[1:] = ['--version']; from nanvix.cli.main import main; main()"
    assert least(lambda: cpu_ms("-c", code), 30 * SLACK) <= 30 * SLACK


def test_the_run_path_imports_quickly() -> None:
    code = f"import {', '.join(RUN_PATH)}"
    floor = min(cpu_ms("-c", "pass") for _ in range(8))
    assert least(lambda: cpu_ms("-c", code) - floor, 40 * SLACK) <= 40 * SLACK


@pytest.mark.parametrize("module", ["nanvix.kvm.backend", "nanvix.emu.backend"])
def test_a_backend_imports_nothing_heavy(module: str) -> None:
    loaded = loaded_by(f"import {module}")
    assert not loaded & set(HEAVY)


def test_the_run_path_imports_nothing_heavy() -> None:
    loaded = loaded_by(f"import {', '.join(RUN_PATH)}")
    assert not loaded & set(HEAVY)
    assert not {name for name in loaded if name.startswith(("unicorn", "nanvix.kvm.", "cffi"))}


@pytest.mark.parametrize("backend", ["kvm", "emu"])
def test_a_run_loads_nothing_else(backend: str) -> None:
    if backend == "kvm" and not probe().available:
        pytest.skip(probe().reason)
    code = f"sys.argv[1:] = ['run', '--backend', '{backend}', '/bin/true']"
    loaded = loaded_by(f"{code}; from nanvix.cli.main import main; assert main() == 0")
    assert {name for name in loaded if name.partition(".")[0] != "nanvix"} <= STANDARD


def test_the_version_imports_nothing_but_itself() -> None:
    code = "sys.argv[1:] = ['--version']; from nanvix.cli.main import main; main()"
    loaded = loaded_by(code)
    assert {name for name in loaded if name.startswith("nanvix")} - {"nanvix"} <= {
        "nanvix.cli",
        "nanvix.cli.main",
        "nanvix.errors",
    }


FIRST_SCREEN = 2.2
"""Processor time up to the debugger's first filled screen, as a multiple of what an application of
Textual with one line takes: on a busy machine both grow."""


def test_the_debugger_shows_itself_quickly() -> None:
    path = ROOT / "benchmarks" / "first_screen.py"
    spec = importlib.util.spec_from_file_location("first_screen", path)
    assert spec and spec.loader
    bench = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(bench)
    floors, screens = [], []

    def ratio() -> float:
        floors.append(bench.measure(bench.bare()).cpu)
        screens.append(bench.measure(bench.debug("true", "emu"), b"s").cpu)
        return min(screens) / min(floors)

    for _ in range(2):  # the first ones may have to compile modules
        ratio()
    assert least(ratio, FIRST_SCREEN, tries=12) <= FIRST_SCREEN, (screens, floors)


def test_the_debugger_imports_nothing_it_does_not_show() -> None:
    loaded = loaded_by("import nanvix.tui.app, nanvix.debug.debugger")
    assert not loaded & {"capstone", "elftools", "markdown_it", "pygments", "cffi"}

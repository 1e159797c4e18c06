"""Archives hold what they must: what a build and the tests need, and what runs after an install."""

import subprocess
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
ALWAYS = {"LICENSE", "MANIFEST.in", "README.md", "pyproject.toml", "setup.py"}
"""setuptools puts these into a source archive by itself."""
OF_THE_CHECKOUT = {".ci/run", ".gitignore", "nanvix/tui"}
"""Of no use elsewhere: a source archive is no checkout, and has no links."""
BUILT_FROM = "nanvix/emu/native/*.[ch]"
"""Not in a wheel: nanvix/emu/native/hooks.so is made of them."""


def tracked() -> list[str]:
    try:
        done = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
        )
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a checkout: nothing says which files are the project's own")
    return [name for name in done.stdout.split("\0") if name]


def package_data() -> set[str]:
    """Files beside the modules that wheels hold, from the checkout's root."""
    data = PROJECT["tool"]["setuptools"]["package-data"]
    found = {f"{package.replace('.', '/')}/{name}" for package in data for name in data[package]}
    return {name.replace("nanvix/tui/", "tui/") for name in found}


def test_a_source_archive_has_everything() -> None:
    rules = [line.split() for line in (ROOT / "MANIFEST.in").read_text().splitlines()]
    grafted = tuple(f"{rule[1]}/" for rule in rules if rule[0] == "graft")
    included = ALWAYS.union(*(rule[1:] for rule in rules if rule[0] == "include"))
    modules = [name for name in tracked() if name.startswith(("nanvix/", "tui/"))]
    packaged = {name for name in modules if name.endswith(".py")} | package_data()
    left_out = {
        name
        for name in tracked()
        if not name.startswith(grafted) and name not in included | packaged
    }
    assert left_out == OF_THE_CHECKOUT


def test_a_wheel_has_everything() -> None:
    """Every folder with modules is a package, and other files are data of one or built from."""
    ours = [name for name in tracked() if name.startswith(("nanvix/", "tui/"))]
    folders = {str(Path(name).parent) for name in ours if name.endswith(".py")}
    assert [name for name in folders if not (ROOT / name / "__init__.py").exists()] == []
    others = {name for name in ours if not name.endswith(".py")} - {"nanvix/tui"}
    assert {name for name in others if not fnmatch(name, BUILT_FROM)} <= package_data()


def test_what_is_built_is_there() -> None:
    """The kernel and the emulator's part in C are data of their packages."""
    built = {"nanvix/machine/image/kernel.elf", "nanvix/emu/native/hooks.so"}
    assert built <= package_data()
    assert all((ROOT / name).stat().st_size for name in built)


def test_the_oldest_python_is_the_same_everywhere() -> None:
    oldest = PROJECT["project"]["requires-python"].removeprefix(">=")
    assert PROJECT["tool"]["mypy"]["python_version"] == oldest
    assert PROJECT["tool"]["ruff"]["target-version"] == "py" + oldest.replace(".", "")
    assert f"Python ≥ {oldest}" in (ROOT / "README.md").read_text()

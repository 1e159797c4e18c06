"""busybox and dash run the scripts of ``tests/programs``: pipelines, traps, here-documents."""

from pathlib import Path

import pytest
from support.guest import Same
from support.texts import TEXTS
from support.toolchain import PROGRAMS


def scripts(folder: str) -> list[object]:
    """Every script of a folder, named as its file."""
    return [pytest.param(path, id=path.stem) for path in sorted((PROGRAMS / folder).glob("*.sh"))]


@pytest.mark.requires("busybox")
@pytest.mark.parametrize("script", scripts("busybox"))
def test_busybox(same: Same, script: Path) -> None:
    """Its shell finds every command in itself: it forks, or executes /proc/self/exe."""
    same(["busybox", "sh", "-c", script.read_text()], files=TEXTS)


@pytest.mark.requires("busybox")
def test_busybox_ls(same: Same) -> None:
    same(["busybox", "ls", "-la", "--full-time", "tree", "words", "empty"], files=TEXTS)


@pytest.mark.requires("busybox")
def test_busybox_script_from_stdin(same: Same) -> None:
    same(["busybox", "sh"], input=b"read line\nfirst\necho $line; echo $((2 + 3)); exit 6\n")


@pytest.mark.requires("dash")
@pytest.mark.parametrize("script", scripts("dash"))
def test_dash(same: Same, script: Path) -> None:
    same(["dash", "-c", script.read_text()], files=TEXTS)


@pytest.mark.requires("dash")
def test_script_file(same: Same) -> None:
    """A ``#!`` script is started by its first line, from its own directory."""
    script = '#!/bin/dash\necho "$0 $1 $#"; cat words; exit 8\n'
    ran = same(["./run.sh", "an argument"], files={"run.sh": script, **TEXTS}, shared=False)
    assert ran.code == 8


@pytest.mark.requires("dash")
def test_script_through_env(same: Same) -> None:
    script = "#!/usr/bin/env dash\necho started by env\n"
    same(["./run.sh"], files={"run.sh": script}, shared=False)

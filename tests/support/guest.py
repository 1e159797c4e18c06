"""Runs a program in a guest and natively, and compares what can be seen from outside."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from support.host import ENVIRONMENT, PATIENCE, ROOT
from support.since import Blur, blurred

NANVIX = (sys.executable, "-m", "nanvix")
LIMIT_S = 120.0
"""Several times what the longest takes: whoever has not ended then, hangs."""

Argument = str | bytes | Path
Tree = dict[str, tuple[int, bytes]]


class Ran(NamedTuple):
    """How a program ended and what it wrote."""

    code: int
    out: bytes
    err: bytes

    def __str__(self) -> str:
        return f"exit code {self.code}\nstdout:\n{_text(self.out)}\nstderr:\n{_text(self.err)}"


def _text(data: bytes) -> str:
    return data[:20_000].decode(errors="backslashreplace")


def host_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment in which the tests start nanvix itself."""
    keep = {k: os.environ[k] for k in ("XDG_CACHE_HOME", "TMPDIR") if k in os.environ}
    home = {"HOME": os.path.expanduser("~")}
    return ENVIRONMENT | home | keep | {"PYTHONPATH": str(ROOT)} | dict(extra or {})


def execute(
    command: Sequence[Argument],
    *,
    input: bytes | None = None,
    stdin: int | None = None,
    env: Mapping[str, str],
    cwd: Path | str | None = None,
    limit: float = LIMIT_S,
) -> Ran:
    """Run a command to its end; one that does not end in ``limit`` seconds (times what the machine
    deserves in patience) fails the test."""
    limit *= PATIENCE
    if stdin is None and input is None:
        stdin = subprocess.DEVNULL
    process = subprocess.Popen(
        list(command),
        stdin=subprocess.PIPE if input is not None else stdin,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=dict(env), cwd=cwd,
    )  # fmt: skip
    try:
        out, err = process.communicate(input, timeout=limit)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        raise AssertionError(f"{command!r} did not end in {limit} s\n{Ran(-9, out, err)}") from None
    return Ran(process.returncode, out, err)


class Guest:
    """``guest(["ls", "-la"])`` runs a program in a guest on one backend."""

    def __init__(self, backend: str) -> None:
        self.backend = backend

    def command(self, argv: Sequence[Argument], options: Sequence[Argument] = ()) -> list[Argument]:
        """The command line that runs ``argv``."""
        return [*NANVIX, "run", "--backend", self.backend, *options, *argv]

    def __call__(
        self,
        argv: Sequence[Argument],
        *,
        options: Sequence[Argument] = (),
        input: bytes | None = None,
        stdin: int | None = None,
        env: Mapping[str, str] | None = None,
        cwd: Path | str | None = None,
        limit: float = LIMIT_S,
    ) -> Ran:
        """``options`` go to ``nanvix run``, ``env`` to nanvix itself."""
        return execute(
            self.command(argv, options),
            input=input, stdin=stdin, env=host_environment(env), cwd=cwd, limit=limit,
        )  # fmt: skip


class Same:
    """``same(["sort", "words"], files={"words": b"..."})``: the guest does what the host does.

    Both runs start in the same directory with the same ``files``, one after the other; stdout,
    stderr, exit code and what they leave in the directory must be equal, byte for byte.
    """

    def __init__(self, guest: Guest, directory: Path) -> None:
        self.guest = guest
        self.directory = directory / "work"

    def __call__(
        self,
        argv: Sequence[Argument],
        *,
        files: Mapping[str, bytes | str] | None = None,
        options: Sequence[Argument] = (),
        env: Mapping[str, str] | None = None,
        input: bytes | None = None,
        shared: bool = True,
        blur: Blur = MappingProxyType({}),
        limit: float = LIMIT_S,
    ) -> Ran:
        """Return the guest's outcome; ``env`` is added to both programs' environment.

        ``blur``: what an older Linux says otherwise on stdout (support.since). Without ``shared``
        the guest is not given the directory: nanvix is only started there.
        """
        expected, expected_tree = self.natively(
            argv, files=files, env=env, input=input, limit=limit
        )
        here = self.directory
        mount = ["-v", f"{here}:{here}:rw", "-w", here] if shared else []
        variables = [part for k, v in (env or {}).items() for part in ("-e", f"{k}={v}")]
        fill(here, files or {})
        ran = self.guest(
            argv, options=[*mount, *variables, *options], input=input, cwd=here, limit=limit
        )
        alike = [one._replace(out=blurred(one.out, blur)) for one in (ran, expected)]
        assert alike[0] == alike[1], f"natively:\n{expected}\nin the guest:\n{ran}"
        assert tree(here) == expected_tree
        return ran

    def natively(
        self,
        argv: Sequence[Argument],
        *,
        files: Mapping[str, bytes | str] | None = None,
        env: Mapping[str, str] | None = None,
        input: bytes | None = None,
        limit: float = LIMIT_S,
    ) -> tuple[Ran, Tree]:
        """What happens on the host, with the exit code as a shell reports it."""
        here = self.directory
        everything = ENVIRONMENT | {"HOME": os.path.expanduser("~")} | dict(env or {})
        fill(here, files or {})
        ran = execute(argv, input=input, env=everything, cwd=here, limit=limit)
        return ran._replace(code=_shell_code(ran.code)), tree(here)


def _shell_code(code: int) -> int:
    return 128 - code if code < 0 else code


def fill(folder: Path, files: Mapping[str, bytes | str]) -> None:
    """Make ``folder`` anew with exactly these files."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        data = content.encode() if isinstance(content, str) else content
        path.write_bytes(data)
        path.chmod(0o755 if data.startswith((b"\x7fELF", b"#!")) else 0o644)
    for path in [folder, *folder.rglob("*")]:
        # The same times on both sides, so that listings agree.
        os.utime(path, (1_000_000_000, 1_000_000_000))


def tree(folder: Path) -> Tree:
    """Mode and content (or target) of everything below ``folder``."""
    found = {}
    for path in sorted(folder.rglob("*")):
        mode = path.lstat().st_mode
        if path.is_symlink():
            content = os.fsencode(os.readlink(path))
        else:
            content = path.read_bytes() if path.is_file() else b""
        found[str(path.relative_to(folder))] = (mode, content)
    return found

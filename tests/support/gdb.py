"""The distribution's gdb, run in batch mode against a guest that waits for it."""

import re
import signal
import subprocess
import threading
import time
from pathlib import Path

from support.guest import NANVIX, host_environment
from support.host import PATIENCE

_START = (
    "set pagination off", "set confirm off", "set width 0", "set debuginfod enabled off",
    "handle SIGUSR1 nostop noprint pass", "set exec-file-mismatch off",
)  # fmt: skip
_LIMIT_S = 90 * PATIENCE


class Gdb:
    """``gdb(program, command, ...)`` runs gdb's commands against a fresh guest: what gdb printed.
    ``out``, ``code``: the guest's output and exit code."""

    def __init__(self, tmp_path: Path, backend: str = "emu") -> None:
        self._folder = tmp_path
        self._backend = backend
        self.out = b""
        self.code: int | None = None

    def __call__(
        self,
        program: Path,
        *commands: str,
        more: tuple[str, ...] = (),
        symbols: Path | None = None,
        interrupt_at: bytes | None = None,
    ) -> str:
        """``symbols``: another file for gdb to read. ``interrupt_at``: when the guest has written
        this, Ctrl-C is pressed in gdb."""
        guest = subprocess.Popen(
            [*NANVIX, "run", "--backend", self._backend, "--gdb", "127.0.0.1:0", program, *more],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=host_environment(),
        )  # fmt: skip
        assert guest.stderr is not None
        try:
            line = guest.stderr.readline()
            port = re.search(rb"127\.0\.0\.1:(\d+)", line)
            assert port is not None, line + guest.stderr.read()
            script = self._folder / "commands"
            target = f"target remote 127.0.0.1:{int(port[1])}"
            script.write_text("\n".join([*_START, target, *commands]) + "\n")
            gdb = subprocess.Popen(
                ["gdb", "-nx", "-batch", "-x", script, symbols or program],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                text=True,
            )  # fmt: skip
            seen = b""
            if interrupt_at is not None:
                seen = _until(guest, interrupt_at)
                time.sleep(0.5)  # what it does next is to be interrupted
                gdb.send_signal(signal.SIGINT)
            try:
                text = gdb.communicate(timeout=_LIMIT_S)[0]
            finally:
                gdb.kill()
            self.out = seen + guest.communicate(timeout=30 * PATIENCE)[0]
        finally:
            guest.kill()
            guest.communicate()
        self.code = guest.returncode
        return text


def _until(guest: subprocess.Popen[bytes], wanted: bytes) -> bytes:
    """What the guest writes up to there."""
    assert guest.stdout is not None
    timer = threading.Timer(_LIMIT_S, guest.kill)
    timer.start()
    seen = b""
    try:
        while wanted not in seen:
            piece = guest.stdout.read1(4096)  # type: ignore[attr-defined]
            assert piece, seen
            seen += piece
    finally:
        timer.cancel()
    return seen

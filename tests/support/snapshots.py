"""Saves machines at a moment that tests can choose, and goes on with them."""

import os
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from nanvix.result import Result
from nanvix.sandbox import Sandbox
from support.guest import NANVIX, Ran, execute, host_environment


def saved(
    argv: Sequence[str | Path], file: Path, *, delay: float = 0.1, **settings: object
) -> bytes:
    """Run until it has said its first line, and ``delay`` s longer; what it wrote until then.

    On a busy machine a program may be at its end by then: it is run again, and saved earlier."""
    for wait in (delay, delay / 2, delay / 4, *[0.0] * 5):
        result, wrote = _saved_once(argv, file, wait, settings)
        if result.reason != "exit":
            break
    assert (result.reason, result.exit_code) == ("saved", 0), result
    assert file.stat().st_mode & 0o777 == 0o600
    return wrote


def _saved_once(
    argv: Sequence[str | Path], file: Path, delay: float, settings: dict[str, object]
) -> tuple[Result, bytes]:
    settings.setdefault("timeout", 60)
    sandbox = Sandbox(**settings)  # type: ignore[arg-type]
    stdin_read, stdin_write = os.pipe()
    stdout_read, stdout_write = os.pipe()
    wrote = bytearray()

    def follow() -> None:
        while b"\n" not in wrote:
            piece = os.read(stdout_read, 4096)
            if not piece:
                return
            wrote.extend(piece)
        time.sleep(delay)
        sandbox.save(str(file))

    follower = threading.Thread(target=follow)
    follower.start()
    try:
        result = sandbox.run([str(part) for part in argv], stdio=(stdin_read, stdout_write, 2))
    finally:
        os.close(stdout_write)
        follower.join()
        os.set_blocking(stdout_read, False)
        with suppress(BlockingIOError):
            wrote.extend(os.read(stdout_read, 4096))
        for fd in (stdin_read, stdin_write, stdout_read):
            os.close(fd)
    return result, bytes(wrote)


def resumed(backend: str, file: Path, input: bytes = b"", **settings: object) -> Result:
    settings.setdefault("timeout", 60)
    return Sandbox(backend=backend, **settings).resume(  # type: ignore[arg-type]
        str(file), input=input, capture=True
    )


def journey(
    argv: Sequence[str | Path],
    file: Path,
    legs: Sequence[tuple[str, float]],
    last: str,
    input: bytes,
) -> tuple[bytes, int]:
    """Run and save after some time on one backend after the other, and to its end on ``last``: what
    it wrote on all of them, and how often it was saved."""
    with open_pipe(input) as stdin, tempfile.TemporaryFile() as out:
        stdio = (stdin, out.fileno(), 2)
        saves = 0
        for backend, delay in [*legs, (last, 0.0)]:
            sandbox = Sandbox(backend=backend, timeout=60, portable=True)
            timer = threading.Timer(delay, sandbox.save, [str(file)])
            if delay:
                timer.start()
            if saves:
                result = sandbox.resume(str(file), stdio=stdio)
            else:
                result = sandbox.run([str(part) for part in argv], stdio=stdio)
            timer.cancel()
            if result.reason != "saved":
                break
            saves += 1
        assert (result.reason, result.exit_code) == ("exit", 0), result
        out.seek(0)
        return out.read(), saves


@contextmanager
def open_pipe(content: bytes) -> Iterator[int]:
    """A pipe with something in it, and then its end."""
    read, write = os.pipe()
    os.write(write, content)
    os.close(write)
    try:
        yield read
    finally:
        os.close(read)


def refused(file: Path, *options: str) -> str:
    """The one line by which the command line refuses the file."""
    ran: Ran = execute([*NANVIX, "resume", *options, str(file)], env=host_environment(), cwd="/")
    assert (ran.code, ran.out, ran.err.count(b"\n")) == (125, b"", 1), ran
    return ran.err.decode()

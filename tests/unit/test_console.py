"""The console over pipes, files and a real pseudo-terminal: it never blocks."""

import errno
import fcntl
import os
import pty
import select
import stat
import struct
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest

from nanvix.abi.call import Call, WatchTable
from nanvix.abi.channel import OPS
from nanvix.macro.console import Console
from nanvix.macro.terminal import TCGETS, TERMIOS_SIZE

Stdio = tuple[int | None, int | None, int | None]


class Guest:
    """Calls a console the way the channel does: OSError is a negative errno."""

    def __init__(self, *stdio: int | None) -> None:
        self.watches = WatchTable()
        fds: Stdio = (*stdio, None, None, None)[:3]  # type: ignore[assignment]
        self.console = Console(self.watches, fds)

    def call(
        self,
        name: str,
        *arg: int,
        ins: list[bytes] | None = None,
        outs: list[bytearray] | None = None,
        cookie: int = 0,
    ) -> tuple[int, list[int]]:
        call = Call(
            OPS[name][0],
            (*arg, *[0] * (6 - len(arg))),
            [memoryview(data) for data in ins or []],
            [memoryview(data) for data in outs or []],
            cookie,
        )
        try:
            return self.console.handlers[call.op](call), call.out
        except OSError as error:
            return -(error.errno or 0), call.out

    def read(self, size: int, stream: int = 0) -> bytes | int:
        buffer = bytearray(size)
        result, _ = self.call("CON_READ", stream, outs=[buffer[:0], buffer])
        return bytes(buffer[:result]) if result >= 0 else result

    def write(self, *data: bytes, stream: int = 0) -> int:
        return self.call("CON_WRITE", stream, ins=list(data))[0]


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    ends = os.pipe()
    yield ends
    for fd in ends:
        try:
            os.close(fd)
        except OSError:
            continue


def test_read_from_a_pipe(pipe: tuple[int, int]) -> None:
    guest = Guest(pipe[0])
    assert guest.read(10) == -errno.EAGAIN
    os.write(pipe[1], b"hello")
    assert guest.read(0) == b""
    assert guest.read(3) == b"hel"
    assert guest.read(10) == b"lo"
    os.close(pipe[1])
    assert guest.read(10) == b""


def test_write_fills_a_pipe_and_never_blocks(pipe: tuple[int, int]) -> None:
    guest = Guest(pipe[1])
    assert guest.write(b"abc", b"", b"def") == 6
    assert os.read(pipe[0], 100) == b"abcdef"
    data = bytes(range(256)) * 4096
    written = guest.write(data[:1000], data[1000:])
    capacity = fcntl.fcntl(pipe[1], fcntl.F_GETPIPE_SZ)
    assert capacity - 8192 <= written <= capacity
    while (more := guest.write(b"x")) > 0:
        assert more == 1
    assert more == -errno.EAGAIN
    assert os.read(pipe[0], written) == data[:written]
    os.close(pipe[0])
    assert guest.write(b"x") == -errno.EPIPE


def test_the_shared_description_is_left_alone(pipe: tuple[int, int]) -> None:
    guest = Guest(pipe[0], pipe[1])
    guest.read(1)
    guest.write(bytes(1 << 20), stream=1)
    assert os.get_blocking(pipe[0]) and os.get_blocking(pipe[1])


def test_files(tmp_path: os.PathLike[str]) -> None:
    path = os.path.join(tmp_path, "file")
    fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    guest = Guest(fd)
    assert guest.write(b"0123456789" * 1000) == 10_000
    assert guest.call("CON_SEEK", 0, 5, os.SEEK_SET)[0] == 5
    assert guest.read(3) == b"567"
    assert guest.call("CON_SEEK", 0, (1 << 64) - 2, os.SEEK_END)[0] == 9998
    assert guest.read(10) == b"89"
    assert guest.read(10) == b""
    assert guest.call("CON_SEEK", 0, 0, 9)[0] == -errno.EINVAL
    assert guest.call("CON_SEEK", 0, 1 << 63, os.SEEK_SET)[0] == -errno.EINVAL
    result, out = guest.call("CON_INFO", 0)
    assert result == 0
    assert stat.S_ISREG(out[0]) and out[1:4] == [0, 0, 0] and out[4] == os.O_RDWR
    os.close(fd)


def test_a_pipe_cannot_seek_and_has_no_terminal(pipe: tuple[int, int]) -> None:
    guest = Guest(pipe[0], pipe[1])
    assert guest.call("CON_SEEK", 0, 0, 0)[0] == -errno.ESPIPE
    assert guest.call("CON_GETATTR", 0, outs=[bytearray(36)])[0] == -errno.ENOTTY
    assert guest.call("CON_SETATTR", 0, ins=[bytes(36)])[0] == -errno.ENOTTY
    assert guest.write(b"x", stream=0) == -errno.EBADF
    assert guest.call("CON_INFO", 1)[1][4] == os.O_WRONLY


@pytest.mark.parametrize("stream", [0, 1, 2, 3, (1 << 64) - 1])
def test_closed_and_unknown_streams(stream: int) -> None:
    gone = os.open("/dev/null", os.O_RDONLY)
    os.close(gone)
    guest = Guest(None, gone)
    for name in ("CON_INFO", "CON_READ", "CON_WRITE", "CON_WATCH", "CON_SEEK"):
        assert guest.call(name, stream, ins=[b"x"], outs=[bytearray(1)])[0] == -errno.EBADF


def test_watch(pipe: tuple[int, int]) -> None:
    guest = Guest(pipe[0])
    assert guest.call("CON_WATCH", 0, select.POLLIN, cookie=77)[0] == 0
    (watch,) = guest.watches.pending.values()
    assert (watch.fd, watch.events, watch.cookie) == (pipe[0], select.POLLIN, 77)
    assert guest.watches.pending == {77: watch}
    for cookie in range(WatchTable.LIMIT - 1):
        guest.call("CON_WATCH", 0, select.POLLIN, cookie=1000 + cookie)
    assert guest.call("CON_WATCH", 0, select.POLLIN, cookie=5)[0] == -errno.ENOSPC
    assert guest.call("CON_WATCH", 0, select.POLLOUT, cookie=77)[0] == 0


def test_how_much_there_is_to_read(tmp_path: Path) -> None:
    end, other = os.pipe()
    os.write(other, b"five!")
    assert Guest(end).call("CON_UNREAD", 0)[0] == 5
    assert Guest(os.open(os.devnull, os.O_RDONLY)).call("CON_UNREAD", 0)[0] == -errno.ENOTTY
    path = tmp_path / "file"
    path.write_bytes(b"12345678")
    fd = os.open(path, os.O_RDONLY)
    os.lseek(fd, 3, os.SEEK_SET)
    assert Guest(fd).call("CON_UNREAD", 0)[0] == 5
    for each in (end, other, fd):
        os.close(each)


def test_terminal() -> None:
    leader, follower = pty.openpty()
    termios.tcsetwinsize(follower, (24, 80))
    original = fcntl.ioctl(follower, TCGETS, bytes(TERMIOS_SIZE))
    guest = Guest(follower, follower)
    _, out = guest.call("CON_INFO", 0)
    assert stat.S_ISCHR(out[0]) and out[1:5] == [1, 24, 80, os.O_RDWR]

    attributes = bytearray(TERMIOS_SIZE)
    assert guest.call("CON_GETATTR", 0, outs=[attributes])[0] == 0
    assert bytes(attributes) == original
    local = struct.unpack_from("<I", attributes, 12)[0]
    struct.pack_into("<I", attributes, 12, local & ~(termios.ECHO | termios.ICANON))
    for stream, when in ((1, 0), (0, 1), (1, 2)):
        assert guest.call("CON_SETATTR", stream, when, ins=[bytes(attributes)])[0] == 0
    assert guest.call("CON_SETATTR", 0, 3, ins=[bytes(attributes)])[0] == -errno.EINVAL
    assert guest.call("CON_SETATTR", 0, 0, ins=[bytes(35)])[0] == -errno.EINVAL
    assert not termios.tcgetattr(follower)[3] & termios.ECHO

    assert guest.read(10) == -errno.EAGAIN
    os.write(leader, b"k")
    assert guest.read(10) == b"k"
    assert guest.write(b"out", stream=1) == 3
    assert os.read(leader, 10) == b"out"

    guest.console.close()
    assert fcntl.ioctl(follower, TCGETS, bytes(TERMIOS_SIZE)) == original
    guest.console.close()
    os.close(follower)
    os.close(leader)


def test_close_survives_a_terminal_that_is_gone() -> None:
    leader, follower = pty.openpty()
    guest = Guest(follower)
    attributes = bytearray(TERMIOS_SIZE)
    guest.call("CON_GETATTR", 0, outs=[attributes])
    guest.call("CON_SETATTR", 0, ins=[bytes(attributes)])
    os.close(follower)
    os.close(leader)
    guest.console.close()

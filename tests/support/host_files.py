"""Calls the host-file service the way the channel does."""

import errno
import gc
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple, Self

from nanvix.abi.call import Call
from nanvix.abi.channel import ATTR, DIRENT, OPS, STATFS
from nanvix.macro.fs import Export, FileService

Bytes = bytes | bytearray | memoryview


class Attr(NamedTuple):
    """An nv_attr; the fields of the ABI in their order."""

    node: int
    ino: int
    size: int
    blocks: int
    atime: int
    mtime: int
    ctime: int
    rdev: int
    mode: int
    nlink: int
    uid: int
    gid: int
    blksize: int
    access: int
    dev: int


class Entry(NamedTuple):
    """A directory entry."""

    name: bytes
    ino: int
    cookie: int
    type: int


class Answer(NamedTuple):
    """``result``: negative errno or what the op says; ``out``: the seven numbers beside it."""

    result: int
    out: list[int]


class HostFiles:
    """A file service and shorthands for its ops; a failing shorthand raises OSError."""

    def __init__(
        self,
        *exports: Path | Export,
        now: Callable[[], int] | None = None,
        steady: bool = False,
    ) -> None:
        self.service = FileService(
            [
                export if isinstance(export, Export) else Export(str(export), False, False)
                for export in exports
            ],
            now=now,
            steady=steady,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.service.close()

    def call(
        self, name: str, *arg: int, ins: Sequence[Bytes] = (), outs: Sequence[Bytes] = ()
    ) -> Answer:
        """Any op, raw: OSError becomes a negative errno."""
        call = Call(
            OPS[name][0],
            (*arg, *[0] * (6 - len(arg))),
            [memoryview(data) for data in ins],
            [memoryview(data) for data in outs],
        )
        try:
            result = self.service.handlers[call.op](call)
        except OSError as error:
            assert error.errno, error
            return Answer(-error.errno, call.out)
        assert result >= 0
        for number in call.out:
            assert 0 <= number < 1 << 64
        return Answer(result, call.out)

    def error(self, name: str, *arg: int, ins: Sequence[Bytes] = (), size: int = ATTR.size) -> str:
        """The name of the errno an op fails with; "" when it does not fail."""
        result = self.call(name, *arg, ins=ins, outs=[bytearray(size)]).result
        return errno.errorcode[-result] if result < 0 else ""

    def walk(
        self, node: int, path: bytes, content: int = 0, records: int = 16
    ) -> tuple[list[Attr], str, bytes]:
        """The attributes reached, the errno that ended the walk, and content."""
        out, pages = bytearray(ATTR.size * records), bytearray(content)
        outs = [out, pages] if content else [out]
        reached, numbers = _good(self.call("FS_WALK", node, ins=[path], outs=outs))
        attrs = [Attr(*ATTR.codec.unpack_from(out, i * ATTR.size)) for i in range(reached)]
        failed = errno.errorcode[numbers[0]] if numbers[0] else ""
        return attrs, failed, bytes(pages[: numbers[1]])

    def find(self, path: str, root: int = 1) -> Attr:
        """The attributes of what a path leads to."""
        attrs, failed, _ = self.walk(root, path.encode())
        if failed or len(attrs) != path.count("/") + 1:
            raise OSError(getattr(errno, failed or "ELOOP"), path)
        return attrs[-1]

    def attr(self, name: str, *arg: int, ins: Sequence[Bytes] = ()) -> Attr:
        """An op that answers with attributes."""
        out = bytearray(ATTR.size)
        _good(self.call(name, *arg, ins=ins, outs=[out]))
        return Attr(*ATTR.codec.unpack(out))

    def read(self, node: int, offset: int = 0, size: int = 4096) -> bytes:
        out = bytearray(size)
        return bytes(out[: _good(self.call("FS_READ", node, offset, outs=[out])).result])

    def write(self, node: int, data: bytes, offset: int = 0, append: int = 0) -> Answer:
        return _good(self.call("FS_WRITE", node, offset, append, ins=[data]))

    def readlink(self, node: int, size: int = 4096) -> bytes:
        out = bytearray(size)
        return bytes(out[: _good(self.call("FS_READLINK", node, outs=[out])).result])

    def statfs(self, node: int) -> dict[str, int]:
        out = bytearray(STATFS.size)
        _good(self.call("FS_STATFS", node, outs=[out]))
        return dict(zip(STATFS.offsets, STATFS.codec.unpack(out), strict=True))

    def list_once(self, node: int, cookie: int = 0, sizes: Sequence[int] = (4096,)) -> list[Entry]:
        outs = [bytearray(size) for size in sizes]
        count = _good(self.call("FS_READDIR", node, cookie, outs=outs)).result
        return entries(b"".join(outs)[:count])

    def list(self, node: int, size: int = 4096) -> list[Entry]:
        """All entries of a directory."""
        found: list[Entry] = []
        while more := self.list_once(node, found[-1].cookie if found else 0, [size]):
            found += more
        return found


def entries(data: bytes) -> list[Entry]:
    """Decode whole nv_dirent entries, strictly."""
    found, at = [], 0
    while at < len(data):
        ino, cookie, kind, length, size = DIRENT.codec.unpack_from(data, at)
        assert size == DIRENT.size + (length + 7 & ~7) and at + size <= len(data)
        name = data[at + DIRENT.size :][: size - DIRENT.size]
        assert not any(name[length:]), "padding is not zero"
        found.append(Entry(name[:length], ino, cookie, kind))
        at += size
    return found


def descriptors() -> set[tuple[str, str]]:
    """The open descriptors of this process and what they lead to. What earlier tests have left in
    circles is closed first, lest that happens between two counts."""
    gc.collect()
    found = set()
    for number in os.listdir("/proc/self/fd"):
        try:
            found.add((number, os.readlink(f"/proc/self/fd/{number}")))
        except FileNotFoundError:
            continue  # the one that listed the directory
    return found


def _good(answer: Answer) -> Answer:
    if answer.result < 0:
        raise OSError(-answer.result, os.strerror(-answer.result))
    return answer

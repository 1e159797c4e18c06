"""A bug in one file, to be given to somebody else: the run, and where to look in it.

A zip archive with exactly two members, both stored as they are, so that nothing in it can grow:

    recording.nvrec  the run (nanvix/trace/recording.py)
    capsule.json     what :class:`Notes` holds, and which binaries the run used

Whoever opens one trusts neither: sizes, names and types are checked, and of commands only those
that set points are taken.
"""

from __future__ import annotations

import io
import json
import os
import stat
from typing import TYPE_CHECKING, Any

from nanvix.debug.errors import DebugError
from nanvix.debug.finding import Going, on
from nanvix.errors import NanvixError
from nanvix.named import NamedTuple
from nanvix.trace.recording import Recording, RecordingError, dump, read

if TYPE_CHECKING:
    from collections.abc import Iterable
    from zipfile import ZipFile, ZipInfo

VERSION = 1
RECORDING, ABOUT = "recording.nvrec", "capsule.json"
POINTS = ("break", "watch", "catch")
"""The commands that set points: no others are taken from a file."""

_MAX_RECORDING = 1 << 30
_MAX_ABOUT = 1 << 20
_MAX_FILE = _MAX_RECORDING + _MAX_ABOUT + (1 << 16)
_MAX_ITEMS, _MAX_TEXT = 1000, 1000
_MAX_BINARY = 1 << 30
_ZIP, _STORED = b"PK\x03\x04", 0
_WRONG = (OSError, ValueError, RuntimeError, EOFError, KeyError, TypeError)
"""What zipfile, json and the checks below raise; BadZipFile is told apart."""


class Notes(NamedTuple):
    """``moment``: the one to look at. ``bookmarks``: (moment, name). ``points``: the commands that
    set them again. ``watches``: expressions. ``notes``: lines for people."""

    moment: int = 0
    bookmarks: tuple[tuple[int, str], ...] = ()
    points: tuple[str, ...] = ()
    watches: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class Capsule(NamedTuple):
    """``binaries``: host paths of the ELF files the run used, and their SHA-256 then."""

    recording: Recording
    notes: Notes
    binaries: dict[str, str]

    def differences(self) -> str:
        """One line on the binaries that are others here, so that names and lines of them may be
        wrong; '' if all are the same. The run itself does not depend on them."""
        found = []
        for path, digest in self.binaries.items():
            here = checksum(path)
            if here != digest:
                found.append(f"{path} ({'missing' if here is None else 'other content'})")
        if not found:
            return ""
        more = f" and {len(found) - 3} more" if len(found) > 3 else ""
        return f"not as they were, names may be wrong: {', '.join(found[:3])}{more}"


def is_capsule(path: str) -> bool:
    """Whether a file begins as zip archives do and holds what capsules do."""
    try:
        with open(path, "rb") as file:
            return file.read(len(_ZIP) + 26 + len(RECORDING))[-len(RECORDING) :] == (
                RECORDING.encode()
            )
    except OSError:
        return False


class _Watched:
    """A file to write to, until ``going`` (nanvix.debug.finding), told of ``size`` bytes, says
    no. Raises DebugError then."""

    def __init__(self, file: Any, size: int, going: Going) -> None:
        self._file, self._size, self._going = file, max(size, 1), going
        self._written = 0

    def write(self, data: bytes) -> int:
        """As files do it."""
        if not self._going(min(self._written / self._size, 1.0)):
            raise DebugError("stopped: there is no capsule")
        self._written += len(data)
        count: int = self._file.write(data)
        return count

    def writelines(self, lines: Iterable[bytes]) -> None:
        """As files do it."""
        for line in lines:
            self.write(line)


def write(
    path: str, recording: Recording, notes: Notes, binaries: Iterable[str], going: Going = on
) -> None:
    """Make one; it takes its name when it is complete. Raises DebugError."""
    from zipfile import ZIP_STORED, ZipFile

    about = notes._asdict() | {
        "version": VERSION,
        "binaries": {p: digest for p in binaries if (digest := checksum(p)) is not None},
    }
    part = f"{path}.{os.getpid()}.part"
    try:
        try:
            with ZipFile(part, "w", ZIP_STORED) as archive:
                with archive.open(RECORDING, "w", force_zip64=True) as member:
                    size = sum(len(d) for e in recording.entries for _, d in getattr(e, "data", ()))
                    dump(_Watched(member, size, going), recording)  # type: ignore[arg-type]
                archive.writestr(ABOUT, json.dumps(about, indent=1))
            os.replace(part, path)
        except BaseException:
            if os.path.exists(part):
                os.unlink(part)
            raise
    except OSError as error:
        raise DebugError(f"cannot write {path}: {error.strerror}") from None


def load(path: str) -> Capsule:
    """Read one. Raises DebugError, in one line, for whatever is not as it should be."""
    from zipfile import BadZipFile, ZipFile

    try:
        if os.stat(path).st_size > _MAX_FILE:
            raise ValueError("it is too large")
        with ZipFile(path) as archive:
            members = _members(archive)
            data = archive.read(members[RECORDING])
            about = json.loads(archive.read(members[ABOUT]))
        if not isinstance(about, dict) or about.get("version") != VERSION:
            raise ValueError(f"it is not of version {VERSION}")
        recording = read(io.BytesIO(data), path)
        return Capsule(recording, _notes(about), _binaries(about))
    except RecordingError as error:
        raise DebugError(str(error)) from None
    except NanvixError:
        raise
    except RecursionError:
        raise DebugError(f"{path} is no bug capsule: it makes no sense") from None
    except (*_WRONG, BadZipFile) as error:
        reason = getattr(error, "strerror", None) or error
        raise DebugError(f"{path} is no bug capsule: {reason}") from None


def checksum(path: str) -> str | None:
    """SHA-256 of a regular file, in hex; None of anything else."""
    from hashlib import file_digest

    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
        with open(fd, "rb") as file:
            status = os.fstat(fd)
            if not stat.S_ISREG(status.st_mode) or status.st_size > _MAX_BINARY:
                return None
            return file_digest(file, "sha256").hexdigest()
    except (OSError, ValueError):
        return None


def _members(archive: ZipFile) -> dict[str, ZipInfo]:
    infos = archive.infolist()
    if sorted(info.filename for info in infos) != sorted((RECORDING, ABOUT)):
        raise ValueError("it holds other files than a capsule does")
    members = {info.filename: info for info in infos}
    for name, limit in ((RECORDING, _MAX_RECORDING), (ABOUT, _MAX_ABOUT)):
        info = members[name]
        if info.compress_type != _STORED or info.flag_bits & 1:
            raise ValueError(f"{name} is compressed or encrypted")
        if info.file_size > limit or info.file_size != info.compress_size:
            raise ValueError(f"{name} is of impossible size")
    return members


def _notes(about: dict[str, Any]) -> Notes:
    marks = []
    for moment, name in _list(about, "bookmarks"):
        marks.append((_moment(moment), _text(name)))
    points = tuple(_text(text) for text in _list(about, "points"))
    for text in points:
        if text.partition(" ")[0] not in POINTS:
            raise ValueError(f"{text!r} sets no point")
    return Notes(
        _moment(about["moment"]),
        tuple(marks),
        points,
        tuple(_text(text) for text in _list(about, "watches")),
        tuple(_text(text) for text in _list(about, "notes")),
    )


def _binaries(about: dict[str, Any]) -> dict[str, str]:
    found = about["binaries"]
    if not isinstance(found, dict) or len(found) > _MAX_ITEMS:
        raise ValueError("its binaries make no sense")
    return {_path(path): _text(digest) for path, digest in found.items()}


def _list(about: dict[str, Any], name: str) -> list[Any]:
    value = about[name]
    if not isinstance(value, list) or len(value) > _MAX_ITEMS:
        raise ValueError(f"its {name} make no sense")
    return value


def _moment(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 63:
        raise ValueError("a moment makes no sense")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str) or len(value) > _MAX_TEXT or not value.isprintable():
        raise ValueError("a text makes no sense")
    return value


def _path(value: object) -> str:
    path = _text(value)
    if not os.path.isabs(path):
        raise ValueError("a path makes no sense")
    return path

"""``-v HOST[:GUEST][:ro|rw]``: host files the user grants to the guest."""

from __future__ import annotations

import os
import stat

from nanvix.errors import UsageError
from nanvix.named import NamedTuple

_OWN = ("/proc", "/sys", "/dev")
"""Made by the guest's kernel; what is mounted there would be hidden or harmful."""


class Mount(NamedTuple):
    """A host file or directory at a path of the guest, both absolute and normal."""

    source: str
    target: str
    read_only: bool


def parse_mount(text: str) -> Mount:
    """Parse ``HOST[:GUEST][:ro|rw]``, writable unless it says ``ro``, as Docker does; without
    GUEST it has the place that it has on the host.

    Raises UsageError when the text, the source or the target makes no sense.
    """
    source, *rest = text.split(":", 2)
    mode = rest.pop() if rest and rest[-1] in ("ro", "rw") else ""
    if not source or len(rest) > 1 or rest == [""]:
        raise UsageError(f"-v {text}: expected HOST, HOST:GUEST or HOST:GUEST:ro|rw")
    target = rest[0] if rest else os.path.abspath(source)
    return make_mount(source, target, read_only=mode == "ro")


def make_mount(source: str, target: str, read_only: bool) -> Mount:
    """A checked mount; the source may be relative, and its symbolic links are followed."""
    if not target.startswith("/"):
        raise UsageError(f"-v: the guest path {target!r} is not absolute")
    target = "/" + os.path.normpath(target).strip("/")
    if target == "/" or any(target == own or target.startswith(own + "/") for own in _OWN):
        raise UsageError(f"-v: {target} belongs to the guest itself; choose another place")
    try:
        mode = os.stat(source).st_mode
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"-v: the mount source {source!r}: {reason.lower()}") from None
    if not (stat.S_ISDIR(mode) or stat.S_ISREG(mode)):
        raise UsageError(f"-v: the mount source {source!r} is neither a directory nor a file")
    return Mount(os.path.realpath(source), target, read_only)

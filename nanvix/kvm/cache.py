"""Remembers what probes found, per host, in the user's cache directory.

A file is a few lines of text: a title, the key, then ``name=0`` or ``name=1`` for quirks, or the
six numbers of a row of CPUID. Whatever is not exactly that counts as absent, and a cache that
cannot be written is simply no cache.
"""

from __future__ import annotations

import os
from binascii import crc32

import nanvix
from nanvix.caches import cache_directory
from nanvix.kvm.device.calls import API_VERSION

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nanvix.machine.cpuid import Row

_TITLE = "nanvix kvm quirks"
_SIZE_LIMIT = 65536
_CPUID = "-cpuid"
_DIGITS = frozenset("0123456789abcdef")
_PROBES = 2
"""Counts up when a probe changes its mind without changing its name."""


def host_key() -> str:
    """One line that changes when an answer might: CPU, kernel, KVM modules, our version."""
    system = os.uname()
    modules = sorted(name for name in _listing("/sys/module") if name.startswith("kvm"))
    cpu = _first_line("/sys/devices/system/cpu/modalias")
    facts = (
        f"nanvix {nanvix.__version__} probes {_PROBES}",
        f"kvm {API_VERSION} {'+'.join(modules)}",
        f"{system.sysname} {system.release} {system.version}",
        f"cpu {crc32(cpu.encode()):08x} {cpu.partition(':feature:')[0]}",
    )
    return "; ".join(facts)


def load(key: str, names: list[str]) -> dict[str, bool] | None:
    """The answers stored under ``key`` if there is one for each of ``names``, else None."""
    lines = _read(_path(key), key)
    if lines is None or len(lines) != len(names):
        return None
    found: dict[str, bool] = {}
    for name, line in zip(names, lines, strict=True):
        if line not in (f"{name}=0", f"{name}=1"):
            return None
        found[name] = line[-1] == "1"
    return found


def store(key: str, found: dict[str, bool]) -> None:
    """Keep the answers."""
    _write(_path(key), key, [f"{name}={int(value)}" for name, value in found.items()])


def load_cpuid(key: str) -> list[Row] | None:
    """The rows stored under ``key``, if any are."""
    rows: list[Row] = []
    for line in _read(_path(key) + _CPUID, key) or ():
        words = line.split()
        if len(words) != 6 or not all(_DIGITS.issuperset(word) for word in words):
            return None
        a, b, c, d, e, f = (int(word, 16) & 0xFFFF_FFFF for word in words)
        rows.append((a, b, c, d, e, f))
    return rows or None


def store_cpuid(key: str, rows: list[Row]) -> None:
    """Keep the rows."""
    _write(_path(key) + _CPUID, key, [" ".join(f"{value:x}" for value in row) for row in rows])


def _read(path: str, key: str) -> list[str] | None:
    """The lines behind title and key."""
    try:
        with open(path, encoding="utf-8") as file:
            lines = file.read(_SIZE_LIMIT).split("\n")
    except (OSError, ValueError):
        return None
    return None if lines[:2] != [_TITLE, key] or lines[-1] else lines[2:-1]


def _write(path: str, key: str, found: list[str]) -> None:
    """Whoever reads meanwhile sees the old file or the new one, whole."""
    lines = [_TITLE, key, *found, ""]
    temporary = f"{path}.{os.getpid()}"
    try:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        with open(temporary, "w", encoding="utf-8") as file:
            file.write("\n".join(lines))
        os.replace(temporary, path)
    except OSError:
        try:
            os.unlink(temporary)
        except OSError:
            pass


def _path(key: str) -> str:
    return os.path.join(cache_directory(), f"kvm-{crc32(key.encode()):08x}")


def _listing(path: str) -> list[str]:
    try:
        return os.listdir(path)
    except OSError:
        return []


def _first_line(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.readline().strip()
    except OSError:
        return ""

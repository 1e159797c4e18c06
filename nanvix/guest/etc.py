"""The guest's own ``/etc``: made up, so that nothing of the host's shows through."""

from __future__ import annotations

import os
import pwd

HOSTNAME = "nanvix"

_FIXED = {
    "/etc/hostname": f"{HOSTNAME}\n",
    "/etc/hosts": f"127.0.0.1\tlocalhost {HOSTNAME}\n::1\tlocalhost\n",
    "/etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
}
_NETWORK = {
    "/etc/hosts": f"{_FIXED['/etc/hosts']}10.0.2.2\thost.nanvix\n",
    "/etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
    "/etc/resolv.conf": "nameserver 10.0.2.3\n",
}
"""Of a guest that may talk to the host's network (nanvix/abi/network.py has the addresses)."""
_ZONES = "/usr/share/zoneinfo"
_MAX_ZONE = 64 << 10
_PASSWD, _GROUP = "/etc/passwd", "/etc/group"
_MAX_TABLE = 256 << 10
_SYSTEM_IDS = range(1, 1000)
"""Ids that packages take for their services (Debian Policy 9.2.2); people come behind them."""


def files(
    uid: int, gid: int, home: str, zone: str | None, network: bool = False
) -> dict[str, bytes]:
    """Path and content of every file; ``zone`` is the guest's TZ, ``network`` as in ``_NETWORK``.

    The user keeps name, ids and shell, because programs print and start them. Of the host's other
    accounts only those of services are there, which servers ask for before they start.
    """
    name, shell = ("root", "/bin/sh") if uid == 0 else ("user", "/bin/sh")
    if entry := _user(uid):
        name, shell = entry
    people = {0: f"root:x:0:0:root:/root:{shell if uid == 0 else '/bin/sh'}"}
    groups = {0: "root:x:0:"}
    if uid != 65534:
        people.setdefault(uid, f"{name}:x:{uid}:{gid}:{name}:{home}:{shell}")
    if gid != 65534:
        groups.setdefault(gid, f"{name}:x:{gid}:")
    for fields in _accounts(_PASSWD, 7):
        label, _, number, group, _, place, command = fields
        row = f"{label}:x:{number}:{group}:{label}:{place}:{command}"
        people.setdefault(int(number), row)
    for label, _, number, _ in _accounts(_GROUP, 4):
        groups.setdefault(int(number), f"{label}:x:{number}:")
    people[65534] = "nobody:x:65534:65534:nobody:/:/bin/false"
    groups[65534] = "nogroup:x:65534:"
    made = {path: text.encode() for path, text in (_FIXED | (_NETWORK if network else {})).items()}
    made[_PASSWD] = _lines(list(people.values()))
    made[_GROUP] = _lines(list(groups.values()))
    for path in ("/etc/localtime", _zone_path(zone)):
        data = _read_small(path, _MAX_ZONE) if path else None
        if path and data:
            made[path] = data
    return made


def _lines(rows: list[str]) -> bytes:
    return os.fsencode("".join(f"{row}\n" for row in rows))


def _user(uid: int) -> tuple[str, str] | None:
    """Name and shell of a user of this host."""
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        return None
    name, shell = entry.pw_name, entry.pw_shell or "/bin/sh"
    return None if set(":\n") & set(name + shell) else (name, shell)


def _accounts(table: str, columns: int) -> list[list[str]]:
    """The rows of services in a table of this host, by its columns; ids are in the third."""
    rows = os.fsdecode(_read_small(table, _MAX_TABLE) or b"").split("\n")
    split = [row.split(":") for row in rows]
    numbers = frozenset(map(str, _SYSTEM_IDS))
    return [fields for fields in split if len(fields) == columns and fields[2] in numbers]


def _zone_path(zone: str | None) -> str | None:
    """The one zone file a TZ such as ``Europe/Berlin`` names, if it names one."""
    if not zone:
        return None
    path = os.path.normpath(os.path.join(_ZONES, zone.removeprefix(":")))
    return path if path.startswith(_ZONES + "/") else None


def _read_small(path: str, most: int) -> bytes | None:
    """The content of a file on the host, or None if there is none of 1 to ``most`` bytes."""
    try:
        with open(path, "rb", buffering=0) as file:
            data = file.read(most + 1)
    except OSError:
        return None
    return data if data and len(data) <= most else None

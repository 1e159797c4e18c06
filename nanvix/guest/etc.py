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


def files(
    uid: int, gid: int, home: str, zone: str | None, network: bool = False
) -> dict[str, bytes]:
    """Path and content of every file; ``zone`` is the guest's TZ, ``network`` as in ``_NETWORK``.

    The user keeps name and ids, because programs print them; nobody else of the host is there.
    """
    name = "root" if uid == 0 else _user_name(uid)
    people = ["root:x:0:0:root:/root:/bin/sh", "nobody:x:65534:65534:nobody:/:/bin/false"]
    groups = ["root:x:0:", "nogroup:x:65534:"]
    if uid not in (0, 65534):
        people.insert(1, f"{name}:x:{uid}:{gid}:{name}:{home}:/bin/sh")
    if gid not in (0, 65534):
        groups.insert(1, f"{name}:x:{gid}:")
    made = {path: text.encode() for path, text in (_FIXED | (_NETWORK if network else {})).items()}
    made["/etc/passwd"] = _lines(people)
    made["/etc/group"] = _lines(groups)
    for path in ("/etc/localtime", _zone_path(zone)):
        data = _read_small(path) if path else None
        if path and data:
            made[path] = data
    return made


def _lines(rows: list[str]) -> bytes:
    return os.fsencode("".join(f"{row}\n" for row in rows))


def _user_name(uid: int) -> str:
    try:
        name = pwd.getpwuid(uid).pw_name
    except KeyError:
        return "user"
    return name if ":" not in name and "\n" not in name else "user"


def _zone_path(zone: str | None) -> str | None:
    """The one zone file a TZ such as ``Europe/Berlin`` names, if it names one."""
    if not zone:
        return None
    path = os.path.normpath(os.path.join(_ZONES, zone.removeprefix(":")))
    return path if path.startswith(_ZONES + "/") else None


def _read_small(path: str) -> bytes | None:
    """The content of a file on the host, or None if there is none of sensible size."""
    try:
        with open(path, "rb", buffering=0) as file:
            data = file.read(_MAX_ZONE + 1)
    except OSError:
        return None
    return data if data and len(data) <= _MAX_ZONE else None

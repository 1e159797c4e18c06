"""What of the host's ``/etc`` a guest with the system's programs sees: tables and settings.

Only what packages install for everybody to read. What administrators write (users, keys,
networks, passwords of services) is not here, whatever the rights of its file.
"""

from __future__ import annotations

import os

_TABLES = frozenset((
    "debian_version", "ethertypes", "fedora-release", "inputrc", "locale.alias",
    "lsb-release", "magic", "magic.mime", "manpath.config", "mime.types", "nanorc", "os-release",
    "papersize", "protocols", "rpc", "screenrc", "services", "shells", "xattr.conf",
))  # fmt: skip
"""Files that libraries and tools look names up in."""
_FOLDERS = frozenset((
    "ImageMagick-6", "ImageMagick-7", "OpenCL", "R", "X11", "alternatives", "emacs", "fonts",
    "ghostscript", "glvnd", "groff", "gtk-2.0", "gtk-3.0", "gtk-4.0", "libpaper.d", "mono",
    "octave", "perl", "php", "python3", "sgml", "terminfo", "texmf", "vim", "vulkan", "xdg", "xml",
))  # fmt: skip
"""Settings that programs do not start without, or start differently. Debian's commands are links
through ``alternatives``."""
_TLS = ("/etc/ssl/openssl.cnf", "/etc/ssl/certs")
"""What OpenSSL reads; the directory above them also holds private keys."""
_JAVA, _JAVA_SECRETS = "java-", "management"
"""Debian's Java has its settings in such a directory of /etc, and passwords in one of its own."""


def shown_configuration() -> list[str]:
    """The paths of this host, of those above."""
    found = list(_TLS)
    for name in _listed("/etc"):
        if name in _TABLES or name in _FOLDERS:
            found.append(f"/etc/{name}")
        elif name.startswith(_JAVA):
            found += [
                f"/etc/{name}/{part}" for part in _listed(f"/etc/{name}") if part != _JAVA_SECRETS
            ]
    return found


def _listed(folder: str) -> list[str]:
    """Its names in order; none of what cannot be read."""
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []

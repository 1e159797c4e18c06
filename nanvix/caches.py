"""Where nanvix keeps what it would otherwise find out or build again."""

from __future__ import annotations

import os


def cache_directory() -> str:
    """``nanvix`` below the user's cache directory (XDG Base Directory Specification)."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(base):
        base = os.path.expanduser("~/.cache")
    return os.path.join(base, "nanvix")

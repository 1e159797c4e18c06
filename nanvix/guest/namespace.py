"""What the guest sees of the host: few paths, read-only, where the host has them too.

A program finds its files by the paths it was built with, so whatever is shown keeps its place;
symbolic links on the way there (``/lib -> usr/lib``) become links of the guest's own root.
Everything else in the guest's root is made here or by its kernel.
"""

from __future__ import annotations

import os
import stat

from nanvix.abi.channel import MOUNT_FILE, MOUNT_READ_ONLY, MOUNT_STABLE
from nanvix.guest.configuration import shown_configuration
from nanvix.guest.program import (
    DATA_DIRECTORIES,
    LIBRARY_DIRECTORIES,
    PROGRAM_DIRECTORIES,
    Program,
)
from nanvix.named import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nanvix.abi.manifest import Manifest
    from nanvix.guest.mounts import Mount

_MAX_LINKS = 40
"""Links on one path before it counts as a loop, as in Linux."""
_CROWDED = ("/", "/dev", "/etc", "/proc", "/sys", "/tmp", "/var/tmp")
"""Directories of which a script there shows only itself: they are the guest's own or hold
what is not the program's."""
_LOADER_CACHE = "/etc/ld.so.cache"
STATE_DIRECTORIES = {
    "/run": 0o755,
    "/run/lock": 0o1777,
    "/var/cache": 0o755,
    "/var/lib": 0o755,
    "/var/log": 0o755,
    "/var/spool": 0o755,
    "/var/tmp": 0o1777,
}
"""Where programs expect to leave their state: empty, the guest's own, gone with it."""
STATE_LINKS = {"/var/run": "/run", "/var/lock": "/run/lock"}


class Shown(NamedTuple):
    """One mount of the guest: ``source`` on the host, MOUNT_* ``flags``."""

    source: str
    flags: int


class Namespace:
    """Collects what is shown and writes it into a manifest."""

    def __init__(self) -> None:
        self.shown: dict[str, Shown] = {}
        """By guest path."""
        self.links: dict[str, str] = {}
        self.files: dict[str, tuple[bytes, int]] = {}
        self.directories: dict[str, int] = {}
        self._targets: dict[str, str | None] = {}

    def show(self, path: str, stable: bool = True) -> None:
        """Show a host path read-only at its own place; what does not exist is left out.

        ``stable``: it will not change while the guest runs, so the guest may cache it.
        """
        real = self._walk(path)
        if real is None or real == "/":
            return
        try:
            mode = os.stat(real).st_mode
        except OSError:
            return
        flags = MOUNT_READ_ONLY | (MOUNT_STABLE if stable else 0)
        if stat.S_ISREG(mode):
            self.shown.setdefault(real, Shown(real, flags | MOUNT_FILE))
        elif stat.S_ISDIR(mode):
            self.shown.setdefault(real, Shown(real, flags))

    def mount(self, mount: Mount) -> None:
        """A mount of the user's: it hides whatever would have been shown there or below."""
        target = self._follow(mount.target)
        for table in (self.shown, self.links, self.files, self.directories):
            for path in [p for p in table if p == target or p.startswith(target + "/")]:
                del table[path]
        flags = MOUNT_READ_ONLY if mount.read_only else 0
        flags |= 0 if os.path.isdir(mount.source) else MOUNT_FILE
        self.shown[target] = Shown(mount.source, flags)

    def covering(self, path: str) -> str | None:
        """Guest path of the innermost directory mount that ``path`` lies in, or None."""
        while path != "/":
            if path in self.shown and not self.shown[path].flags & MOUNT_FILE:
                return path
            path = os.path.dirname(path)
        return None

    def is_directory(self, path: str) -> bool:
        """Whether the guest has the host's directory ``path`` at the same place."""
        cover = self.covering(path)
        return cover is not None and self.shown[cover].source == cover and os.path.isdir(path)

    def enter(self, path: str) -> bool:
        """Make sure that ``path`` is a directory of the guest; False where a mount has it not."""
        path = self._follow(os.path.normpath(path))
        cover = self.covering(path)
        if cover is None:
            self.directories.setdefault(path, 0o755)
            return path not in self.files and path not in self.shown
        return os.path.isdir(os.path.join(self.shown[cover].source, os.path.relpath(path, cover)))

    def finish(self) -> None:
        """Drop what a mount further up shows anyway."""
        for path in sorted(self.shown):
            cover = self.covering(os.path.dirname(path))
            if cover and self._same(path, cover):
                del self.shown[path]
        for table in (self.links, self.files, self.directories):
            for path in [p for p in table if self.covering(p)]:
                del table[path]

    def write(self, manifest: Manifest) -> list[Shown]:
        """Append the records, parents first; the exports, in the order of their ids."""
        parents = {
            parent
            for path in (*self.shown, *self.links, *self.files, *self.directories)
            for parent in _parents(path)
            if parent not in self.links and not self.covering(parent)
        }
        folders = dict.fromkeys(parents, 0o755) | self.directories
        for path in sorted(folders):
            manifest.dir(path, folders[path])
        for path, target in self.links.items():
            manifest.symlink(path, target)
        for path, (content, mode) in self.files.items():
            manifest.file(path, content, mode)
        exports = []
        for path in sorted(self.shown):
            exports.append(self.shown[path])
            manifest.mount(path, len(exports), self.shown[path].flags)
        return exports

    def _same(self, path: str, cover: str) -> bool:
        """Whether the mount at ``path`` adds nothing to the one at ``cover``."""
        inner, outer = self.shown[path], self.shown[cover]
        # A stable folder in one that may change is worth its own mount, a single file is not.
        ignored = MOUNT_FILE | (MOUNT_STABLE if inner.flags & MOUNT_FILE else 0)
        return (
            outer.source == cover
            and inner.source == path
            and inner.flags & ~ignored == outer.flags & ~ignored
        )

    def _follow(self, path: str) -> str:
        """``path`` behind the links of the guest's own root."""
        for _ in range(_MAX_LINKS):
            link = next((p for p in (path, *_parents(path)) if p in self.links), None)
            if link is None:
                break
            target = os.path.join(os.path.dirname(link), self.links[link])
            path = os.path.normpath(target + path[len(link) :])
        return path

    def _walk(self, path: str) -> str | None:
        """Resolve ``path`` as the host does, noting every link; None when it leads nowhere."""
        pending = path.split("/")[::-1]
        at, links = "/", 0
        while pending:
            part = pending.pop()
            if part in ("", "."):
                continue
            if part == "..":
                at = os.path.dirname(at)
                continue
            here = at + part if at == "/" else f"{at}/{part}"
            target = self._target(here)
            if target is None:
                at = here
                continue
            links += 1
            if links > _MAX_LINKS:
                return None
            self.links[here] = target
            pending += target.split("/")[::-1]
            if target.startswith("/"):
                at = "/"
        return at

    def _target(self, path: str) -> str | None:
        """The target of a symbolic link, or None for anything else; remembered."""
        if path not in self._targets:
            try:
                self._targets[path] = os.readlink(path)
            except OSError:
                self._targets[path] = None
        return self._targets[path]


def default_view(program: Program) -> Namespace:
    """The program, its interpreter and libraries, and its directory if it is a script."""
    view = Namespace()
    view.directories |= STATE_DIRECTORIES
    view.links |= STATE_LINKS
    for path in program.files:
        view.show(path)
    directories = list(program.directories)
    if program.commands:
        directories += [
            *PROGRAM_DIRECTORIES,
            *LIBRARY_DIRECTORIES,
            *DATA_DIRECTORIES,
            *shown_configuration(),
        ]
    for path in directories:
        view.show(path)
    if directories:
        view.show(_LOADER_CACHE)
    if script := program.given or program.script:
        directory = os.path.dirname(script)
        if directory not in _CROWDED:
            view.show(directory, stable=False)
    return view


def _parents(path: str) -> list[str]:
    found = []
    while (path := os.path.dirname(path)) != "/":
        found.append(path)
    return found

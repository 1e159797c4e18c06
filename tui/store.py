"""What is kept of a program between two sessions: points, watches, bookmarks, the screen."""

import hashlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nanvix.tui.app import DebugApp

VERSION = 1
_LIMIT = 1 << 20
_MAX_SHARE = 10_000


class Store:
    """A small JSON file per program, in the user's state directory. What cannot be read or does
    not make sense counts as absent; what cannot be written is not kept."""

    def __init__(self, program: str, folder: Path | None = None) -> None:
        digest = hashlib.sha256(program.encode()).hexdigest()[:16]
        self.path = (folder or _folder()) / f"{digest}.json"
        self.program = program
        self._data = self._load()

    def commands(self) -> tuple[str, ...]:
        """Those that set the points again."""
        return tuple(t for t in self._list("points") if isinstance(t, str))

    def restore(self, app: "DebugApp") -> None:
        """Before the guest starts."""
        names = set(app.desk.panes)
        app.desk.hidden = {n for n in self._list("hidden") if n in names} - {"code"}
        app.desk.front = {n for n in self._list("front") if n in names}
        app.desk.shares = dict(filter(None, map(_share, self._list("shares"))))
        if isinstance(self._data.get("theme"), str) and self._data["theme"] in app.available_themes:
            app.theme = self._data["theme"]
        app.look(watches=tuple(t for t in self._list("watches") if isinstance(t, str)))
        app.prompt.history = [t for t in self._list("history") if isinstance(t, str)]

    def save(self, app: "DebugApp", points: tuple[str, ...]) -> None:
        """At the end."""
        data = {
            "version": VERSION,
            "program": self.program,
            "points": points,
            "watches": app.focus_of.watches,
            "hidden": sorted(app.desk.hidden),
            "front": sorted(app.desk.front),
            "shares": [[*key, share] for key, share in sorted(app.desk.shares.items())],
            "theme": app.theme,
            "history": app.prompt.history[-200:],
        }
        temporary = self.path.with_suffix(f".{os.getpid()}")
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            temporary.write_text(json.dumps(data, indent=1), encoding="utf-8")
            temporary.replace(self.path)
        except OSError:
            temporary.unlink(missing_ok=True)

    def _load(self) -> dict[str, Any]:
        try:
            if self.path.stat().st_size > _LIMIT:
                return {}
            data = json.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return data if isinstance(data, dict) and data.get("version") == VERSION else {}

    def _list(self, key: str) -> list[Any]:
        value = self._data.get(key)
        return value if isinstance(value, list) else []


def _share(entry: object) -> tuple[tuple[str, ...], int] | None:
    """A name of the desk and its share, if it is one."""
    if not isinstance(entry, list) or len(entry) < 2:
        return None
    *key, share = entry
    if not isinstance(share, int) or not 0 <= share <= _MAX_SHARE:
        return None
    return (tuple(key), share) if all(isinstance(name, str) for name in key) else None


def _folder() -> Path:
    base = os.environ.get("XDG_STATE_HOME", "")
    root = Path(base) if os.path.isabs(base) else Path.home() / ".local" / "state"
    return root / "nanvix" / "debug"

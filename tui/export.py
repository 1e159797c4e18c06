"""What can be taken away: the screen and the events."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from nanvix.debug.errors import DebugError

if TYPE_CHECKING:
    from nanvix.debug.debugger import Debugger
    from nanvix.tui.app import DebugApp


def save_picture(app: "DebugApp", name: str = "") -> Path:
    """The screen as SVG; the path. Raises DebugError where it cannot be written."""
    path = Path(name or f"nanvix-{app.program.rpartition('/')[2]}.svg").resolve()
    try:
        path.write_text(app.export_screenshot(title=f"nanvix debug {app.program}"), "utf-8")
    except OSError as error:
        raise DebugError(f"{path}: {error.strerror}") from None
    return path


def trace(app: "DebugApp", name: str) -> None:
    """All events so far: a Chrome/Perfetto trace where the name ends in .json, else JSON Lines."""
    path = _path(name)

    def job(d: "Debugger") -> str:
        from nanvix.trace.chrome import chrome_trace
        from nanvix.trace.jsonl import JsonLines

        events = d.events()
        try:
            with path.open("w", encoding="utf-8") as file:
                if path.suffix == ".json":
                    json.dump(chrome_trace((e.moment, e.record) for e in events), file)
                else:
                    write = JsonLines(file)
                    for event in events:
                        write(event.record)
        except OSError as error:
            raise DebugError(f"{path}: {error.strerror}") from None
        return f"saved {len(events)} events to {path}"

    app.session.do(job, "trace")


def _path(name: str) -> Path:
    if not name:
        raise DebugError("which file?")
    return Path(name).expanduser().resolve()

"""What can be taken away: the screen and the events."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from nanvix.debug.errors import DebugError

if TYPE_CHECKING:
    from nanvix.debug.capsule import Capsule
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


def capsule(app: "DebugApp", name: str) -> None:
    """A bug capsule: the run so far, bookmarks, points and notes."""
    path = _path(name)
    points, watches, notes = app.kept_points(), app.focus_of.watches, tuple(app.notes)
    marks = tuple(sorted(app.session.bookmarks.items()))

    def job(d: "Debugger") -> str:
        from nanvix.debug.capsule import Notes, write
        from nanvix.debug.kept import LAST

        here = LAST if d.moment is None else d.moment
        found = Notes(here, marks, points, watches, notes)
        write(str(path), d.recorded(), found, d.binaries(), app.session.going)
        return f"saved {path}"

    app.session.do(job, "capsule", runs=False)


def unpack(app: "DebugApp", capsule: "Capsule") -> tuple[str, ...]:
    """Show what is in a capsule; the commands that set its points and go to its moment."""
    found = capsule.notes
    app.notes = list(found.notes)
    app.look(watches=found.watches)
    app.session.bookmarks.update(found.bookmarks)
    for line in (capsule.differences(), *(f"note: {text}" for text in found.notes)):
        if line:
            app.tell(line)
    return *found.points, f"moment {found.moment}"


def note(app: "DebugApp", text: str) -> None:
    """Write a line down for whoever opens the capsule; without one, show all."""
    if text:
        app.notes.append(text)
    for line in app.notes[-1:] if text else app.notes or ["no notes yet"]:
        app.tell(f"note: {line}")


def ask_capsule(app: "DebugApp") -> None:
    """Type a file's name."""
    app.prompt.ask(f"capsule {app.program.partition(' ')[0].rpartition('/')[2]}.nvcap")


def _path(name: str) -> Path:
    if not name:
        raise DebugError("which file?")
    return Path(name).expanduser().resolve()

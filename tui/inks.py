"""The colours of lines, once: names that panes use, made of the theme's own colours.

They are not component classes of the style sheet: those Textual works out anew for every pane,
which would be much of what the first screen takes.
"""

from typing import TYPE_CHECKING

from rich.style import Style
from textual.color import Color

if TYPE_CHECKING:
    from textual.app import App

Inks = dict[str, Style]

INKS = {
    "text": ("foreground", ""),
    "muted": ("foreground-muted", ""),
    "address": ("text-secondary", ""),
    "symbol": ("text-primary", ""),
    "number": ("foreground", ""),
    "string": ("text-success", ""),
    "changed": ("text-warning", "bold"),
    "here": ("foreground", "bold"),
    "mark": ("text-accent", "bold"),
    "source": ("text-success", "italic"),
    "bad": ("text-error", ""),
}
"""What a span may be: the theme's colour, and how the letters look."""
_CURSOR = 0.25
"""How much of the accent colour the line under the cursor has."""


class InkWell:
    """The inks of an application, made when its theme is new. ``ground``: the theme's colour
    behind them."""

    def __init__(self, ground: str = "background") -> None:
        self._ground = ground
        self._theme: dict[str, str] | None = None
        self._inks: Inks = {}

    def of(self, app: "App[int]") -> Inks:
        """Every name of :data:`INKS`, and "cursor", which is a background."""
        theme = app.theme_variables
        if theme is not self._theme:
            ground = Color.parse(theme[self._ground])
            self._inks = {
                name: Style(
                    color=(ground + Color.parse(theme[colour])).rich_color,
                    bgcolor=ground.rich_color,
                    bold="bold" in letters or None,
                    italic="italic" in letters or None,
                )
                for name, (colour, letters) in INKS.items()
            }
            accent = Color.parse(theme["accent"]).multiply_alpha(_CURSOR)
            self._inks["cursor"] = Style(bgcolor=(ground + accent).rich_color)
            self._theme = theme
        return self._inks


PANE, BAR = InkWell(), InkWell("panel")

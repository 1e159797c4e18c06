"""A parser that fails as the rest of nanvix does."""

from __future__ import annotations

import argparse

from nanvix.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

    from nanvix.cli.options import Option


class _Formatter(argparse.HelpFormatter):
    """Of a fixed width: asking for the terminal's would import shutil, at every start."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=32, width=96)


class Parser(argparse.ArgumentParser):
    """Reports a mistake as a UsageError: one line and our own exit code."""

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_abbrev=False, formatter_class=_Formatter, **options)

    def add(self, *options: Option) -> None:
        """Add what a table says."""
        for names, about in options:
            self.add_argument(*names, **about)

    def error(self, message: str) -> NoReturn:
        """Called by argparse for every mistake."""
        raise UsageError(f"{message} (try '{self.prog} --help')")

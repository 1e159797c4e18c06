"""One row of the catalog: a program somebody wrote for Linux, and what it is asked to do here."""

from collections.abc import Mapping
from typing import NamedTuple

from support.toolchain import PROGRAMS

Content = bytes | str


class Program(NamedTuple):
    """What runs natively, on KVM and on the emulator, and must do the same.

    ``name`` is unique in the catalog; ``shows`` is one line for a reader of docs/catalog.md.
    ``argv``, ``files`` (by name, in the working directory), ``input`` and ``env`` are the same
    everywhere; ``options`` go to ``nanvix run``. ``requires`` names programs of
    ``support.host.TOOLS``; ``version`` is a command whose first line of output names the version.
    ``traces_differ``: why the recording of a run cannot be replayed, if it cannot.
    ``limit``: seconds of wall time for each of the runs.
    """

    name: str
    shows: str
    argv: tuple[str, ...]
    files: Mapping[str, Content] = {}
    input: bytes | None = None
    env: Mapping[str, str] = {}
    options: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    version: tuple[str, ...] = ()
    traces_differ: str = ""
    limit: float = 90.0


def text(name: str) -> str:
    """A file of ``tests/programs``."""
    return (PROGRAMS / name).read_text()

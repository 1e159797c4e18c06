"""The whole catalog, by group. A new group is a module beside this one and a line here."""

from catalog import languages, python, runtimes, servers, shell
from catalog.program import Program

GROUPS: dict[str, tuple[Program, ...]] = {
    "Python": python.PROGRAMS,
    "Shells and their tools": shell.PROGRAMS,
    "Servers": servers.PROGRAMS,
    "Languages and databases": languages.PROGRAMS,
    "Runtimes and compilers": runtimes.PROGRAMS,
}

PROGRAMS: tuple[Program, ...] = tuple(p for group in GROUPS.values() for p in group)

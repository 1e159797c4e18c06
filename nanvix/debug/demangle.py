"""C++ names as people write them, from those linkers know, and Rust's older ones, of the same form.

    demangle("_ZN4bank5totalERKl")  # Name("bank::total", "(long const&)")

What is not understood, and what would grow beyond reason, stays as it is: names come from files
that anybody may have made.
"""

from functools import lru_cache

from nanvix.debug.mangled import Name, Parser
from nanvix.debug.mangled_reader import Unknown
from nanvix.debug.mangled_text import BRACKETS, without_arguments

_LONGEST, _BRIEF = 2048, 48


@lru_cache(maxsize=8192)
def demangle(symbol: str) -> Name | None:
    """The parts of a mangled name; None if it is none."""
    if not symbol.startswith("_Z") or len(symbol) > _LONGEST:
        return None
    try:
        return Parser(symbol).whole()
    except (Unknown, IndexError, ValueError):
        return None


def brief(path: str) -> str:
    """As much of a path as people read: where it is long, without what template arguments say."""
    if len(path) <= _BRIEF:
        return path
    kept: list[str] = []
    depth = 0
    for part in BRACKETS.split(path):
        depth -= part == ">"
        if depth <= 0:
            kept.append("...>" if part == ">" and kept[-1:] == ["<"] else part)
        depth += part == "<"
    return "".join(kept)


@lru_cache(maxsize=8192)
def shown(symbol: str) -> str:
    """What people call it."""
    name = demangle(symbol)
    return symbol if name is None else brief(name.path)


def means(wanted: str, symbol: str) -> bool:
    """Whether somebody who writes this may mean that symbol: with or without the outer scopes, the
    template arguments, the arguments."""
    name = demangle(symbol)
    if name is None:
        return False
    plain, full = without_arguments(name.path), name.path + name.arguments
    spaceless = wanted.replace(" ", "")
    return any(
        text == spaceless or text.endswith(f"::{spaceless}")
        for text in (plain, name.path.replace(" ", ""), full.replace(" ", ""), brief(name.path))
    )


def may_mean(wanted: str) -> str:
    """What must be in every mangled name that ``wanted`` may mean: looking there is cheap."""
    last = without_arguments(wanted.partition("(")[0]).rpartition("::")[2].lstrip("~")
    return f"{len(last)}{last}" if last.isidentifier() and "operator" not in last else ""

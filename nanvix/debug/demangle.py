"""C++ and Rust names as people write them, from those linkers know.

    demangle("_ZN4bank5totalERKl")  # Name("bank::total", "(long const&)")

Rust's older names have the form of C++'s, its newer ones (`_R`) one of their own.

What is not understood, and what would grow beyond reason, stays as it is: names come from files
that anybody may have made.
"""

from functools import lru_cache

from nanvix.debug.mangled import Name, Parser
from nanvix.debug.mangled_reader import Unknown
from nanvix.debug.mangled_rust import RustParser
from nanvix.debug.mangled_text import BRACKETS, of_type, plain

CPP, RUST = "_Z", "_R"
MANGLED = (CPP, RUST)
"""What mangled names begin with."""
_LONGEST, _BRIEF = 2048, 48


@lru_cache(maxsize=8192)
def demangle(symbol: str) -> Name | None:
    """The parts of a mangled name; None if it is none."""
    if not symbol.startswith(MANGLED) or len(symbol) > _LONGEST:
        return None
    parser = Parser if symbol.startswith(CPP) else RustParser
    try:
        return parser(symbol).whole()
    except (Unknown, IndexError, ValueError, OverflowError):
        return None


def brief(path: str) -> str:
    """As much of a path as people read: where it is long, without what template arguments say, and
    of Rust's methods without the trait."""
    if len(path) <= _BRIEF:
        return path
    path = of_type(path)
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
    short, full = plain(name.path), name.path + name.arguments
    spaceless = wanted.replace(" ", "")
    return any(
        text == spaceless or text.endswith(f"::{spaceless}")
        for text in (short, name.path.replace(" ", ""), full.replace(" ", ""), brief(name.path))
    )


def may_mean(wanted: str) -> str:
    """What must be in every mangled name that ``wanted`` may mean: looking there is cheap."""
    last = plain(wanted.partition("(")[0]).rpartition("::")[2].lstrip("~")
    if not (last.isidentifier() and last.isascii()) or "operator" in last:
        return ""
    return last if last.startswith("_") else f"{len(last)}{last}"

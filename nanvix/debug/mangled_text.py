"""C++ names and types as text: without template arguments, by their last name, pointed to."""

import re

BRACKETS = re.compile(r"(?<!operator)(?<!operator<)(?<!-)([<>])(?![=])")
"""Of template arguments, as opposed to operators and arrows."""


def last_name(path: str) -> str:
    """The last name of a path, without its template arguments."""
    return without_arguments(path).rpartition("::")[2]


def without_arguments(path: str) -> str:
    """A path without any template arguments."""
    shown, depth = [], 0
    for part in BRACKETS.split(path):
        if part == "<":
            depth += 1
        elif part == ">":
            depth -= 1
        elif depth <= 0:
            shown.append(part)
    return "".join(shown)


def of_type(path: str) -> str:
    """A method of Rust by its type, ``Vec<T>::drop`` for ``<Vec<T> as Drop>::drop``."""
    while path.startswith("<"):
        depth = at = 0
        trait = None
        for part in BRACKETS.split(path):
            depth += (part == "<") - (part == ">")
            if trait is None and depth == 1 and " as " in part:
                trait = at + part.index(" as ")
            at += len(part)
            if depth == 0 and at:
                break
        if depth:
            return path
        path = path[1 : at - 1 if trait is None else trait] + path[at:]
    return path


def plain(path: str) -> str:
    """A path of names alone, as it is written in a source without any arguments."""
    names = without_arguments(of_type(path)).split("::")
    return "::".join(name for name in names if name)


def pointed(text: str, mark: str) -> str:
    """A pointer or reference to it: inside, if it is a function or an array; references to
    references are one."""
    if mark[0] == "&" and (text.endswith("&") or ("(&" in text and text.endswith((")", "]")))):
        return text if mark == "&&" or not text.endswith("&&") else text[:-1]
    for sign in (" (", " ["):
        at = text.find(sign)
        if at >= 0 and text.endswith((")", "]")):
            if text.startswith(" (*", at) or text.startswith(" (&", at):
                return f"{text[: at + 2]}{mark}{text[at + 2 :]}"
            return f"{text[:at]} ({mark}){text[at + 1 :]}"
    return text + mark

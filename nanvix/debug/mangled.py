"""Reads C++ names as linkers know them: the grammar of the Itanium C++ ABI, section 5.1."""

from __future__ import annotations

import re

from nanvix.debug.mangled_reader import Reader, Unknown
from nanvix.debug.mangled_text import last_name, pointed
from nanvix.debug.mangled_words import BUILTIN, LITERAL, OPERATORS, SPECIAL, STANDARD, rust_text
from nanvix.named import NamedTuple

_RUST_HASH = re.compile(r"h[0-9a-f]{16}$")
_ANONYMOUS = "(anonymous namespace)"
_QUALIFIERS = {"r": " restrict", "V": " volatile", "K": " const"}
ELLIPSIS = "(...)"
"""Arguments that are not understood."""
_OUTERMOST = 2
"""How deep the arguments of the encoding's own name are read."""


class Name(NamedTuple):
    """``path``: with scopes and template arguments, for instance ``Box<int>::add``; ``arguments``:
    ``(int)``, empty where a name has none."""

    path: str
    arguments: str = ""


class Parser(Reader):
    """Reads one name. ``_known``: what ``S_``, ``S0_`` ... mean; ``_given``: template arguments,
    what ``T_`` ... mean."""

    def __init__(self, text: str) -> None:
        super().__init__(text, len("_Z"))
        self._known: list[str] = []
        self._given: list[str] = []
        self._templated = False
        """Whether the name read last ends in template arguments: then a result type follows."""
        self._plain_result = False
        """Whether it is a constructor's, destructor's or conversion's, which have none."""
        self._class = ""
        """The last scope, without template arguments: what constructors are called."""

    # -- names ---------------------------------------------------------------------------------

    def whole(self) -> Name:
        """All of it."""
        found = self.encoding()
        if not self._over() and found.arguments != ELLIPSIS:
            raise Unknown
        return found

    def encoding(self) -> Name:
        """A function with its arguments, data, or what the compiler makes for a type."""
        for mark, words in SPECIAL.items():
            if self._take(mark):
                if mark in ("Th", "Tv"):
                    self._at = self._text.index("_", self._at) + 1
                of_type = mark[0] == "T" and mark not in ("Th", "Tv", "TW")
                return Name(words + (self.type() if of_type else self.encoding().path))
        path = self.name()
        if self._over() or self._next() == "E":
            return Name(path)
        arguments, begun = [], self._depth
        try:
            if self._templated and not self._plain_result:
                self.type()
            while not self._over() and self._next() != "E":
                arguments.append(self.type())
        except Unknown:
            if begun:
                raise
            return Name(path, ELLIPSIS)
        shown = "" if arguments == ["void"] else ", ".join(arguments)
        return Name(path, self._bounded(f"({shown})"))

    def name(self) -> str:
        """With its scopes."""
        return self._deeper(self._name)

    def _name(self) -> str:
        self._templated = self._plain_result = False
        if self._take("N"):
            return self._nested()
        if self._take("Z"):
            return self._local()
        if self._next() == "S" and self._next(2) != "St":
            text = self._substitution()
        else:
            text = f"std::{self._word()}" if self._take("St") else self._word()
            if self._next() == "I":
                self._known.append(text)
        if self._next() == "I":
            text += self._arguments()
            self._templated = True
        return text

    def _nested(self) -> str:
        while self._next() in _QUALIFIERS:
            self._at += 1
        self._take("R") or self._take("O")
        parts: list[str] = []
        path = ""
        while not self._take("E"):
            self._templated = False
            if self._next() == "S" and self._next(2) != "St":
                path = self._substitution()
                parts, self._class = [path], last_name(path)
                continue
            if self._take("St"):
                path, parts = "std", ["std"]
                continue
            if self._next() == "I":
                if not parts:
                    raise Unknown
                path += self._arguments()
                self._templated = True
            elif self._next() == "T":
                path = self._parameter()
            elif self._take("M"):
                continue
            else:
                word = self._class = self._rust(self._word())
                path = f"{path}::{word}" if path and word else path or word
            parts.append(path)
            self._known.append(self._bounded(path))
        if not parts:
            raise Unknown
        if self._known and self._known[-1] == path:
            self._known.pop()
        return path

    def _rust(self, word: str) -> str:
        if _RUST_HASH.match(word) and len(word) == 17 and self._next() == "E":
            return ""
        return rust_text(word) if "$" in word or ".." in word else word

    def _local(self) -> str:
        outer = self.encoding()
        if not self._take("E"):
            raise Unknown
        if self._take("s"):
            self._discriminator()
            return f"{outer.path}::string literal"
        if self._take("d"):
            self._index()
        inner = self.name()
        self._discriminator()
        return f"{outer.path}::{inner}"

    def _discriminator(self) -> None:
        if self._take("__"):
            self._number()
            self._take("_")
        elif self._take("_"):
            self._at += 1

    def _word(self) -> str:
        """One name without scopes."""
        self._take("L")
        letters = self._next(2)
        if self._next().isdigit():
            size = self._number()
            word = self._text[self._at : self._at + size]
            self._at += size
            if len(word) < size:
                raise Unknown
            word = _ANONYMOUS if word.startswith("_GLOBAL__N") else word
        elif letters == "CI" or (letters[:1] in ("C", "D") and letters[1:].isdigit()):
            self._at += 2
            word = f"~{self._class}" if letters[0] == "D" else self._class
            if letters == "CI":
                self._at += 1
                word = last_name(self.type())
            self._plain_result = True
        elif self._take("Ut"):
            word = f"unnamed#{self._index() + 1}"
        elif self._take("Ul"):
            word = self._lambda()
        elif self._take("cv"):
            word = f"operator {self.type()}"
            self._plain_result = True
        elif self._take("li"):
            word = f'operator""{self._word()}'
        elif letters in OPERATORS:
            self._at += 2
            word = f"operator{OPERATORS[letters]}"
        else:
            raise Unknown
        while self._take("B"):
            word += f"[{self._word()}]"
        return word

    def _lambda(self) -> str:
        arguments = []
        while not self._take("E"):
            arguments.append("auto" if self._auto() else self.type())
        shown = "" if arguments == ["void"] else ", ".join(arguments)
        return f"{{lambda({shown})#{self._index() + 1}}}"

    def _auto(self) -> bool:
        """A template parameter of the lambda itself, where nothing else is given."""
        found = re.compile(r"[RKO]*T\d*_").match(self._text, self._at) if not self._given else None
        if found is None:
            return False
        self._at = found.end()
        return True

    # -- templates and what has been before ----------------------------------------------------

    def _arguments(self) -> str:
        self._at += 1
        kept, found = (self._class, self._plain_result), list[str]()
        while not self._take("E"):
            found.append(self._deeper(self._argument))
        self._class, self._plain_result = kept
        if self._depth <= _OUTERMOST:
            self._given = found
        shown = ", ".join(text for text in found if text)
        return f"<{shown}>"

    def _argument(self) -> str:
        if self._take("L"):
            return self._literal()
        if self._take("J"):
            found = []
            while not self._take("E"):
                found.append(self._argument())
            return ", ".join(found)
        return self.type()

    def _literal(self) -> str:
        if self._take("_Z"):
            text = self.encoding().path
        else:
            kind = self.type()
            end = self._text.index("E", self._at)
            value = self._text[self._at : end].replace("n", "-", 1)
            self._at = end
            if kind == "bool":
                text = {"0": "false", "1": "true"}.get(value, value)
            else:
                text = f"{value}{LITERAL[kind]}" if kind in LITERAL else f"({kind}){value}"
        if not self._take("E"):
            raise Unknown
        return text

    def _parameter(self) -> str:
        self._at += 1
        number = self._index()
        return self._given[number] if number < len(self._given) else f"T{number}"

    def _substitution(self) -> str:
        self._at += 1
        letter = self._next()
        if letter in STANDARD:
            self._at += 1
            text = STANDARD[letter]
            while self._take("B"):
                text += f"[{self._word()}]"
            return text
        number = self._index()
        if number >= len(self._known):
            raise Unknown
        return self._known[number]

    # -- types ---------------------------------------------------------------------------------

    def type(self) -> str:
        """As C++ writes it, qualifiers behind."""
        return self._deeper(self._type)

    def _type(self) -> str:
        letter = self._next()
        if letter in BUILTIN:
            self._at += 1
            return BUILTIN[letter]
        if letter == "D" and self._next(2) in BUILTIN:
            self._at += 2
            return BUILTIN[self._text[self._at - 2 : self._at]]
        if letter == "S" and self._next(2) != "St":
            text = self._substitution()
            if self._next() != "I":
                return text
            text += self._arguments()
        elif letter == "T" and self._next(2) not in ("Ts", "Tu", "Te"):
            text = self._parameter()
            if self._next() == "I":
                self._known.append(text)
                text += self._arguments()
        else:
            text = self._compound(letter)
        self._known.append(self._bounded(text))
        return text

    def _compound(self, letter: str) -> str:
        if letter in ("P", "R", "O"):
            self._at += 1
            return pointed(self.type(), {"P": "*", "R": "&", "O": "&&"}[letter])
        if letter in _QUALIFIERS:
            self._at += 1
            return self.type() + _QUALIFIERS[letter]
        if letter == "F" or self._next(3) == "DoF":
            self._at = self._text.index("F", self._at) + 1
            self._take("Y")
            result, arguments = self.type(), []
            while not self._take("E"):
                if self._take("R") or self._take("O"):
                    continue
                arguments.append(self.type())
            shown = "" if arguments == ["void"] else ", ".join(arguments)
            return f"{result} ({shown})"
        if letter == "A":
            self._at += 1
            size = "" if self._next() == "_" else str(self._number())
            if not self._take("_"):
                raise Unknown
            return f"{self.type()} [{size}]"
        if letter == "M":
            self._at += 1
            owner, member = self.type(), self.type()
            return pointed(member, f"{owner}::*")
        if self._take("Dp"):
            return self.type()
        return self.name()

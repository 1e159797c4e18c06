"""Reads Rust names as linkers know them: the grammar of RFC 2603 ("v0"), as `rustc` makes them.

    RustParser("_RNvMsNtCs4fqI2P2rA04_2rs4bankNtB4_7Account7deposit").whole().path

Back references are read where they lead, at most as often as one name may ask.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nanvix.debug.mangled import Name
from nanvix.debug.mangled_reader import Reader, Unknown
from nanvix.debug.mangled_words import RUST_BUILTIN

if TYPE_CHECKING:
    from collections.abc import Callable

_BEGIN = "_R"
_MOST = 4000
"""Types and paths in one name, those behind back references too."""
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LETTERS = 26
_MOST_LIFETIMES = 100
_SPECIAL = {"C": "closure", "S": "shim"}
_POINTERS = {"P": "*const ", "O": "*mut "}
_SIGNED = frozenset(("i8", "i16", "i32", "i64", "i128", "isize"))
_UNSIGNED = frozenset(("u8", "u16", "u32", "u64", "u128", "usize"))


class RustParser(Reader):
    """Reads one name."""

    def __init__(self, text: str) -> None:
        super().__init__(text, len(_BEGIN))
        self._read = 0
        """Types and paths so far."""
        self._bound = 0
        """Lifetimes that `for<...>` around here has named."""

    def whole(self) -> Name:
        """All of it."""
        if not self._next().isupper():
            raise Unknown
        path = self.path(value=True)
        if not self._over():
            self.path()  # the crate for which a generic function was made
        if not self._over():
            raise Unknown
        return Name(path)

    # -- paths ---------------------------------------------------------------------------------

    def path(self, *, value: bool = False) -> str:
        """With its scopes. ``value``: of a function or data, where generic arguments have ``::``
        before them."""
        return self._counted(lambda: self._path(value))

    def _path(self, value: bool) -> str:
        letter = self._letter()
        if letter == "C":
            self._disambiguator()
            return self._identifier()
        if letter in ("M", "X"):
            self._disambiguator()
            self.path()  # where the `impl` is
        if letter in ("M", "X", "Y"):
            of = self.type()
            return f"<{of}>" if letter == "M" else f"<{of} as {self.path()}>"
        if letter == "N":
            return self._nested(value)
        if letter == "I":
            path, arguments = self.path(value=value), self._list(self._argument)
            return f"{path}{'::' if value else ''}<{', '.join(arguments)}>"
        if letter == "B":
            return self._back(lambda: self.path(value=value))
        raise Unknown

    def _nested(self, value: bool) -> str:
        space = self._letter()
        outer = self.path(value=value)
        number, name = self._disambiguator(), self._identifier()
        if space.isupper():
            what = _SPECIAL.get(space, space)
            return f"{outer}::{{{what}{':' if name else ''}{name}#{number}}}"
        if not space.islower():
            raise Unknown
        return f"{outer}::{name}" if name else outer

    def _identifier(self) -> str:
        coded = self._take("u")
        size = 0 if self._take("0") else self._number()
        self._take("_")
        word = self._text[self._at : self._at + size]
        self._at += size
        if len(word) < size or not word.isascii():
            raise Unknown
        if coded:
            plain, _, code = word.rpartition("_")
            word = (f"{plain}-{code}" if plain else code).encode().decode("punycode")
        if word and not word.isprintable():
            raise Unknown
        return word

    def _disambiguator(self) -> int:
        return self._number62() + 1 if self._take("s") else 0

    def _argument(self) -> str:
        if self._take("L"):
            return self._lifetime(self._number62())
        return self._constant() if self._take("K") else self.type()

    # -- types ---------------------------------------------------------------------------------

    def type(self) -> str:
        """As Rust writes it."""
        return self._counted(self._type)

    def _type(self) -> str:
        letter = self._letter()
        if letter in RUST_BUILTIN:
            return RUST_BUILTIN[letter]
        if letter in ("R", "Q"):
            lifetime = self._number62() if self._take("L") else 0
            named = f"{self._lifetime(lifetime)} " if lifetime else ""
            return f"&{named}{'mut ' if letter == 'Q' else ''}{self.type()}"
        if letter in _POINTERS:
            return _POINTERS[letter] + self.type()
        if letter == "A":
            return f"[{self.type()}; {self._constant()}]"
        if letter == "S":
            return f"[{self.type()}]"
        if letter == "T":
            found = self._list(self.type)
            return f"({found[0]},)" if len(found) == 1 else f"({', '.join(found)})"
        if letter == "F":
            return self._binding(self._function)
        if letter == "D":
            return self._dynamic()
        if letter == "B":
            return self._back(self.type)
        self._at -= 1
        return self.path()

    def _function(self) -> str:
        words = "unsafe " if self._take("U") else ""
        if self._take("K"):
            convention = "C" if self._take("C") else self._identifier().replace("_", "-")
            words += f'extern "{convention}" '
        arguments = self._list(self.type)
        result = "" if self._take("u") else f" -> {self.type()}"
        return f"{words}fn({', '.join(arguments)}){result}"

    def _dynamic(self) -> str:
        traits = self._binding(lambda: " + ".join(self._list(self._trait)))
        if not self._take("L"):
            raise Unknown
        lifetime = self._number62()
        return f"dyn {traits}" + (f" + {self._lifetime(lifetime)}" if lifetime else "")

    def _trait(self) -> str:
        path, given = self.path(), []
        while self._take("p"):
            name = self._identifier()
            given.append(f"{name} = {self.type()}")
        if not given:
            return path
        begun = f"{path[:-1]}, " if path.endswith(">") else f"{path}<"
        return f"{begun}{', '.join(given)}>"

    def _binding(self, read: Callable[[], str]) -> str:
        """What may begin with lifetimes of its own."""
        count = self._number62() + 1 if self._take("G") else 0
        if count > _MOST_LIFETIMES:
            raise Unknown
        self._bound += count
        names = ", ".join(self._lifetime(count - i) for i in range(count))
        text = read()
        self._bound -= count
        return f"for<{names}> {text}" if count else text

    def _lifetime(self, index: int) -> str:
        """Counted from the innermost binding; 0 is one that has no name."""
        if not index:
            return "'_"
        depth = self._bound - index
        if depth < 0:
            raise Unknown
        return f"'{chr(ord('a') + depth)}" if depth < _LETTERS else f"'_{depth}"

    # -- constants -----------------------------------------------------------------------------

    def _constant(self) -> str:
        return self._counted(self._constant_value)

    def _constant_value(self) -> str:
        letter = self._letter()
        if letter == "p":
            return "_"
        if letter == "B":
            return self._back(self._constant)
        kind = RUST_BUILTIN.get(letter, "")
        sign = "-" if kind in _SIGNED and self._take("n") else ""
        end = self._text.index("_", self._at)
        digits = self._text[self._at : end]
        self._at = end + 1
        number = int(digits or "0", 16)
        if kind in _SIGNED or kind in _UNSIGNED:
            return f"{sign}{number}"
        if kind == "bool" and number < len(("false", "true")):
            return ("false", "true")[number]
        if kind == "char":
            return repr(chr(number))
        raise Unknown

    # -- letters -------------------------------------------------------------------------------

    def _letter(self) -> str:
        self._at += 1
        return self._text[self._at - 1]

    def _list(self, read: Callable[[], str]) -> list[str]:
        found = []
        while not self._take("E"):
            found.append(read())
        return found

    def _number62(self) -> int:
        """``_`` is 0, ``0_`` 1 and so on, by 62."""
        end = self._text.index("_", self._at)
        digits = self._text[self._at : end]
        self._at = end + 1
        number = 0
        for digit in digits:
            number = number * len(_DIGITS) + _DIGITS.index(digit)
        return number + 1 if digits else 0

    def _back(self, read: Callable[[], str]) -> str:
        """What has been read before, once more."""
        here = self._at - 1
        there = self._number62() + len(_BEGIN)
        if there >= here:
            raise Unknown
        kept, self._at = self._at, there
        text = read()
        self._at = kept
        return text

    def _counted(self, read: Callable[[], str]) -> str:
        self._read += 1
        if self._read > _MOST:
            raise Unknown
        return self._deeper(read)

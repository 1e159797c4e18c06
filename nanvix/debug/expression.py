"""C expressions over registers, memory and variables: read only, and they always end.

    rdi & 0xff                      registers by name, or with a dollar sign: $rdi
    *(u32 *)(rsp + 8) == 7          casts to the base types u8 .. i64, char, int, ... and the
    node->next->value > limit       program's own, with struct or without
    buffer[3], &table, sizeof(x)    variables of the program by DWARF, symbols otherwise

Operators and their precedence are C's, without assignment, comma and the conditional.
"""

import re
from collections.abc import Callable
from typing import Protocol

from nanvix.debug.errors import DebugError
from nanvix.debug.values import BASE, I64, U64, Type, Value

_TOKEN = re.compile(
    r"\s*(?:(0[xX][0-9a-fA-F]+|\d+)[uUlL]*|('(?:\\.|[^'\\])')|(\$?[A-Za-z_]\w*(?:::[A-Za-z_~]\w*)*)"
    r"|(->|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^~!<>()\[\].]))"
)
_LEVELS = {
    "||": 1, "&&": 2, "|": 3, "^": 4, "&": 5, "==": 6, "!=": 6, "<": 7, "<=": 7, ">": 7, ">=": 7,
    "<<": 8, ">>": 8, "+": 9, "-": 9, "*": 10, "/": 10, "%": 10,
}  # fmt: skip
_MASK = (1 << 64) - 1
_MAX_LENGTH, _MAX_DEPTH = 4096, 100


class Scope(Protocol):
    """What names mean here."""

    def read(self, address: int, size: int) -> bytes:
        """Memory, up to the first page that is not mapped."""

    def register(self, name: str) -> int | None:
        """A register's value, None when there is no such register."""

    def variable(self, name: str) -> Value | None:
        """A variable or symbol, None when there is none of this name."""

    def type(self, name: str) -> Type | None:
        """A type of the program by its name, without ``struct``."""


class Expression:
    """A parsed expression, to be evaluated as often as one likes. Raises DebugError."""

    def __init__(self, text: str) -> None:
        if len(text) > _MAX_LENGTH:
            raise DebugError("the expression is too long")
        self.text = text
        self._tokens = _tokens(text)
        self._at = 0
        self._depth = 0
        self._scope: Scope | None = None

    def value(self, scope: Scope) -> Value:
        """Evaluate. Raises DebugError: syntax, an unknown name, memory that is not there."""
        self._scope, self._at, self._depth = scope, 0, 0
        result = self._binary(1, run=True)
        if self._at < len(self._tokens):
            raise DebugError(f"{self.text!r}: {self._tokens[self._at][1]!r} was not expected")
        return result

    def true(self, scope: Scope) -> bool:
        """Evaluate as a condition."""
        return bool(self.value(scope).scalar())

    # -- parsing, which evaluates as it goes; ``run`` is False in a branch not taken ----------

    def _peek(self) -> str:
        return self._tokens[self._at][1] if self._at < len(self._tokens) else ""

    def _take(self, wanted: str) -> bool:
        if self._peek() == wanted and self._tokens[self._at][0] == "operator":
            self._at += 1
            return True
        return False

    def _expect(self, wanted: str) -> None:
        if not self._take(wanted):
            raise DebugError(f"{self.text!r}: {wanted!r} is missing")

    def _binary(self, level: int, run: bool) -> Value:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise DebugError("the expression is nested too deeply")
        left = self._unary(run)
        while (
            self._at < len(self._tokens)
            and self._tokens[self._at][0] == "operator"
            and _LEVELS.get(self._peek(), 0) >= level
        ):
            operator = self._peek()
            self._at += 1
            if operator in ("&&", "||"):
                decided = run and bool(left.scalar()) == (operator == "||")
                right = self._binary(_LEVELS[operator] + 1, run and not decided)
                if run:
                    truth = operator == "||" if decided else bool(right.scalar())
                    left = self._number(int(truth))
            else:
                right = self._binary(_LEVELS[operator] + 1, run)
                if run:
                    left = self._operate(operator, left, right)
        self._depth -= 1
        return left

    def _unary(self, run: bool) -> Value:
        if self._take("("):
            type = self._type()
            if type is not None:
                self._expect(")")
                value = self._unary(run)
                return value.cast(type) if run else value
            value = self._binary(1, run)
            self._expect(")")
            return self._postfix(value, run)
        for operator, act in _UNARY.items():
            if self._take(operator):
                value = self._unary(run)
                return act(self, value) if run else value
        return self._postfix(self._primary(run), run)

    def _postfix(self, value: Value, run: bool) -> Value:
        while True:
            if self._take("["):
                index = self._binary(1, run)
                self._expect("]")
                value = value.element(index.integer()) if run else value
            elif self._take(".") or self._take("->"):
                kind, name = self._next()
                if kind != "name":
                    raise DebugError(f"{self.text!r}: a member's name is missing")
                value = value.member(name) if run else value
            else:
                return value

    def _primary(self, run: bool) -> Value:
        kind, text = self._next()
        if kind == "number":
            number = int(text, 0 if text[:2].lower() == "0x" else 10)
            return self._number(number, I64 if number < 1 << 63 else U64)
        if kind == "char":
            body = text[1:-1].encode().decode("unicode_escape")
            return self._number(ord(body) & 255, BASE["char"])
        if kind != "name":
            raise DebugError(f"{self.text!r}: {text or 'the end'!r} was not expected")
        if text == "sizeof":
            self._expect("(")
            type = self._type()
            if type is None:
                type = self._binary(1, run).type
            self._expect(")")
            return self._number(type.size)
        return self._name(text) if run else self._number(0)

    def _name(self, name: str) -> Value:
        scope = self._scope
        assert scope is not None
        if not name.startswith("$"):
            value = scope.variable(name)
            if value is not None:
                return value
        register = scope.register(name.removeprefix("$"))
        if register is None:
            raise DebugError(f"{name!r} is unknown here")
        return self._number(register, U64)

    def _type(self) -> Type | None:
        """A type with its stars up to the closing parenthesis, or None and nothing is consumed."""
        start, words, stars = self._at, [], 0
        while self._at < len(self._tokens) and self._tokens[self._at][0] == "name":
            words.append(self._peek())
            self._at += 1
        while self._take("*"):
            stars += 1
        type = self._named_type(words) if words and self._peek() == ")" else None
        if type is None:
            self._at = start
            return None
        for _ in range(stars):
            type = type.pointer()
        return type

    def _named_type(self, words: list[str]) -> Type | None:
        scope = self._scope
        assert scope is not None
        tagged = words[0] in ("struct", "union", "enum", "const")
        name = " ".join(words[1:] if tagged else words)
        if name in BASE or not name:
            return BASE.get(name)
        try:
            known = None if tagged else scope.variable(name)
            hidden = known is not None and known.type.kind != "function"
        except DebugError:
            hidden = True  # there is one, though it cannot be shown
        return None if hidden else scope.type(name)

    def _next(self) -> tuple[str, str]:
        if self._at >= len(self._tokens):
            return "end", ""
        self._at += 1
        return self._tokens[self._at - 1]

    # -- computing ---------------------------------------------------------------------------

    def _number(self, value: int, type: Type = I64) -> Value:
        assert self._scope is not None
        return Value.number(value, self._scope.read, type)

    def _operate(self, operator: str, left: Value, right: Value) -> Value:
        a, b = left.scalar(), right.scalar()
        if operator in ("+", "-") and left.type.kind in ("pointer", "array"):
            return self._move(operator, left, right)
        if operator in _COMPARE:
            if left.type.kind == "uint" or right.type.kind == "uint":
                a, b = _unsigned(a), _unsigned(b)
            return self._number(int(_COMPARE[operator](a, b)))
        if isinstance(a, float) or isinstance(b, float):
            raise DebugError("only comparisons work on floating-point numbers")
        if operator in ("/", "%") and b == 0:
            raise DebugError("division by zero")
        if operator in ("<<", ">>") and not 0 <= b < 64:
            raise DebugError("a shift by fewer than 0 or more than 63")
        unsigned = left.type.kind == "uint" or right.type.kind == "uint"
        return self._number(_COMPUTE[operator](a, b), U64 if unsigned else I64)

    def _move(self, operator: str, left: Value, right: Value) -> Value:
        target = left.type.target
        size = max(1, target.size if target else 1)
        if right.type.kind in ("pointer", "array"):
            return self._number((left.integer() - right.integer()) // size)
        steps = right.integer() if operator == "+" else -right.integer()
        type = left.type if left.type.kind == "pointer" else (target or BASE["u8"]).pointer()
        return self._number(left.integer() + steps * size, type)

    def _dereference(self, value: Value) -> Value:
        """A plain number, a register say, is taken for the address of eight bytes."""
        if value.type.kind not in ("int", "uint"):
            return value.dereference()
        assert self._scope is not None
        return Value(U64, self._scope.read, address=value.integer() & _MASK)

    def _address(self, value: Value) -> Value:
        if value.address is None:
            raise DebugError("this has no address")
        return self._number(value.address, value.type.pointer())


def _unsigned(number: int | float) -> int | float:
    return number & _MASK if isinstance(number, int) else number


def _truncate(a: int, b: int) -> int:
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


_COMPARE: dict[str, Callable[[int | float, int | float], bool]] = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}
_COMPUTE: dict[str, Callable[[int, int], int]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": _truncate,
    "%": lambda a, b: a - b * _truncate(a, b),
    "&": lambda a, b: a & b,
    "|": lambda a, b: a | b,
    "^": lambda a, b: a ^ b,
    "<<": lambda a, b: a << b,
    ">>": lambda a, b: a >> b,
}
_UNARY: dict[str, Callable[[Expression, Value], Value]] = {
    "-": lambda self, v: self._number(-v.integer()),
    "+": lambda self, v: self._number(v.integer()),
    "~": lambda self, v: self._number(~v.integer(), v.type if v.type.kind == "uint" else I64),
    "!": lambda self, v: self._number(int(not v.scalar())),
    "*": lambda self, v: self._dereference(v),
    "&": lambda self, v: self._address(v),
}


def _tokens(text: str) -> list[tuple[str, str]]:
    found, at = [], 0
    text = text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise DebugError(f"{text!r}: {text[at:].strip()[:1]!r} makes no sense here")
        number, char, name, operator = match.groups()
        kind = "number" if number else "char" if char else "name" if name else "operator"
        found.append((kind, number or char or name or operator))
        at = match.end()
    return found

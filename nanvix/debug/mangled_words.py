"""The words of mangled names (the Itanium C++ ABI, section 5.1; RFC 2603 of Rust): tables only."""

import re

BUILTIN = {
    "v": "void", "w": "wchar_t", "b": "bool", "c": "char", "a": "signed char", "h": "unsigned char",
    "s": "short", "t": "unsigned short", "i": "int", "j": "unsigned int", "l": "long",
    "m": "unsigned long", "x": "long long", "y": "unsigned long long", "n": "__int128",
    "o": "unsigned __int128", "f": "float", "d": "double", "e": "long double", "g": "__float128",
    "z": "...", "Di": "char32_t", "Ds": "char16_t", "Du": "char8_t", "Da": "auto",
    "Dc": "decltype(auto)", "Dn": "std::nullptr_t", "Dh": "half",
}  # fmt: skip

LITERAL = {
    "int": "", "unsigned int": "u", "long": "l", "unsigned long": "ul", "long long": "ll",
    "unsigned long long": "ull",
}  # fmt: skip
"""What numbers of these types end in."""

STANDARD = {
    "a": "std::allocator", "b": "std::basic_string", "s": "std::string", "i": "std::istream",
    "o": "std::ostream", "d": "std::iostream",
}  # fmt: skip
"""What ``Sa``, ``Sb`` ... mean."""

OPERATORS = {
    "nw": " new", "na": " new[]", "dl": " delete", "da": " delete[]", "aw": " co_await",
    "ps": "+", "ng": "-", "ad": "&", "de": "*", "co": "~", "pl": "+", "mi": "-", "ml": "*",
    "dv": "/", "rm": "%", "an": "&", "or": "|", "eo": "^", "aS": "=", "pL": "+=", "mI": "-=",
    "mL": "*=", "dV": "/=", "rM": "%=", "aN": "&=", "oR": "|=", "eO": "^=", "ls": "<<", "rs": ">>",
    "lS": "<<=", "rS": ">>=", "eq": "==", "ne": "!=", "lt": "<", "gt": ">", "le": "<=", "ge": ">=",
    "ss": "<=>", "nt": "!", "aa": "&&", "oo": "||", "pp": "++", "mm": "--", "cm": ",", "pm": "->*",
    "pt": "->", "cl": "()", "ix": "[]", "qu": "?",
}  # fmt: skip

SPECIAL = {
    "TV": "vtable for ", "TT": "VTT for ", "TI": "typeinfo for ", "TS": "typeinfo name for ",
    "TW": "thread-local wrapper for ", "TH": "thread-local initializer for ",
    "Th": "thunk to ", "Tv": "thunk to ", "GV": "guard variable for ", "GR": "temporary of ",
}  # fmt: skip

RUST_BUILTIN = {
    "a": "i8", "b": "bool", "c": "char", "d": "f64", "e": "str", "f": "f32", "h": "u8",
    "i": "isize", "j": "usize", "l": "i32", "m": "u32", "n": "i128", "o": "u128", "p": "_",
    "s": "i16", "t": "u16", "u": "()", "v": "...", "x": "i64", "y": "u64", "z": "!",
}  # fmt: skip
"""Types of one letter in Rust's names (RFC 2603)."""

_RUST = {
    "SP": "@", "BP": "*", "RF": "&", "LT": "<", "GT": ">", "LP": "(", "RP": ")", "C": ",",
}  # fmt: skip


def rust_text(word: str) -> str:
    """What Rust has written into a name with the letters that linkers allow."""
    word = word.removeprefix("_") if word.startswith("_$") else word
    word = re.sub(r"\$(SP|BP|RF|LT|GT|LP|RP|C)\$", lambda m: _RUST[m[1]], word)
    word = re.sub(r"\$u([0-9a-f]{1,5})\$", _letter, word)
    return word.replace("..", "::")


def _letter(found: "re.Match[str]") -> str:
    """What cannot be shown stays as it is written."""
    letter = chr(int(found[1], 16))
    return letter if letter.isprintable() else found[0]

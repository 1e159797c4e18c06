"""Registers in gdb's order, and the target description that says so.

The names of the features and the registers each must have are GDB's (manual, appendix G.5.14).
"""

from __future__ import annotations

from nanvix.named import NamedTuple

_CORE = (
    "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp",
    "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
)  # fmt: skip
_SELECTORS = ("cs", "ss", "ds", "es", "fs", "gs")
_X87 = ("fctrl", "fstat", "ftag", "fiseg", "fioff", "foseg", "fooff", "fop")
_POINTERS = frozenset(("rbp", "rsp"))


class Register(NamedTuple):
    """``size`` in bytes; ``type`` and ``feature`` for the description."""

    name: str
    size: int
    type: str
    feature: str


def _table() -> tuple[Register, ...]:
    core, sse = "org.gnu.gdb.i386.core", "org.gnu.gdb.i386.sse"
    table = [Register(n, 8, "data_ptr" if n in _POINTERS else "int64", core) for n in _CORE]
    table.append(Register("rip", 8, "code_ptr", core))
    table.append(Register("eflags", 4, "i386_eflags", core))
    table += [Register(name, 4, "int32", core) for name in _SELECTORS]
    table += [Register(f"st{i}", 10, "i387_ext", core) for i in range(8)]
    table += [Register(name, 4, "int", core) for name in _X87]
    table += [Register(f"xmm{i}", 16, "vec128", sse) for i in range(16)]
    table.append(Register("mxcsr", 4, "i386_mxcsr", sse))
    table.append(Register("orig_rax", 8, "int64", "org.gnu.gdb.i386.linux"))
    table += [
        Register(name, 8, "data_ptr", "org.gnu.gdb.i386.segments")
        for name in ("fs_base", "gs_base")
    ]
    return tuple(table)


TABLE = _table()

_EFLAGS = {"CF": 0, "PF": 2, "AF": 4, "ZF": 6, "SF": 7, "TF": 8, "IF": 9, "DF": 10, "OF": 11}
_MXCSR = {"IE": 0, "DE": 1, "ZE": 2, "OE": 3, "UE": 4, "PE": 5, "DAZ": 6, "FZ": 15}
_VECTORS = (
    ("v4f", "ieee_single", 4, "v4_float"), ("v2d", "ieee_double", 2, "v2_double"),
    ("v16i8", "int8", 16, "v16_int8"), ("v8i16", "int16", 8, "v8_int16"),
    ("v4i32", "int32", 4, "v4_int32"), ("v2i64", "int64", 2, "v2_int64"),
)  # fmt: skip


def _flags(name: str, bits: dict[str, int]) -> str:
    fields = "".join(f'<field name="{n}" start="{b}" end="{b}"/>' for n, b in bits.items())
    return f'<flags id="{name}" size="4">{fields}</flags>'


def _vector_types() -> str:
    vectors = "".join(f'<vector id="{i}" type="{t}" count="{n}"/>' for i, t, n, _ in _VECTORS)
    fields = "".join(f'<field name="{field}" type="{i}"/>' for i, _, _, field in _VECTORS)
    last = '<field name="uint128" type="uint128"/>'
    return f'{vectors}<union id="vec128">{fields}{last}</union>'


_TYPES = {
    "org.gnu.gdb.i386.core": _flags("i386_eflags", _EFLAGS),
    "org.gnu.gdb.i386.sse": _vector_types() + _flags("i386_mxcsr", _MXCSR),
}


def description() -> bytes:
    """target.xml."""
    parts = [
        '<?xml version="1.0"?><!DOCTYPE target SYSTEM "gdb-target.dtd"><target version="1.0">'
        "<architecture>i386:x86-64</architecture><osabi>GNU/Linux</osabi>"
    ]
    for feature in dict.fromkeys(register.feature for register in TABLE):
        parts.append(f'<feature name="{feature}">{_TYPES.get(feature, "")}')
        parts += [
            f'<reg name="{r.name}" bitsize="{8 * r.size}" type="{r.type}" regnum="{number}"/>'
            for number, r in enumerate(TABLE)
            if r.feature == feature
        ]
        parts.append("</feature>")
    return ("".join(parts) + "</target>").encode()


def pack(general: dict[str, int], fxsave: bytes | None) -> list[bytes | None]:
    """Every register's bytes in order, None for what is not known.

    ``general``: by name, with rflags, selectors, fs_base and gs_base; ``fxsave``: x87 and SSE.
    """
    values: list[bytes | None] = []
    for register in TABLE:
        name = {"eflags": "rflags"}.get(register.name, register.name)
        if name in general:
            mask = (1 << 8 * register.size) - 1
            values.append((general[name] & mask).to_bytes(register.size, "little"))
        elif name == "orig_rax":
            values.append(b"\xff" * 8)
        else:
            values.append(_vector(register, fxsave))
    return values


def _vector(register: Register, fxsave: bytes | None) -> bytes | None:
    """A register of the FXSAVE image (Intel SDM vol. 1, table 10-2)."""
    name = register.name
    if fxsave is None or len(fxsave) < 512:
        return None
    if name.startswith("st"):
        at = 32 + 16 * int(name[2:])
        return fxsave[at : at + 10]
    if name.startswith("xmm"):
        at = 160 + 16 * int(name[3:])
        return fxsave[at : at + 16]
    place = _PLACES.get(name)
    if place is None:
        return None
    at, size = place
    value = int.from_bytes(fxsave[at : at + size], "little")
    if name == "ftag":
        # One bit per register, set if valid, becomes two, 3 for empty.
        value = sum(0 if value >> i & 1 else 3 << 2 * i for i in range(8))
    return value.to_bytes(4, "little")


_PLACES = {
    "fctrl": (0, 2), "fstat": (2, 2), "ftag": (4, 1), "fop": (6, 2), "fioff": (8, 4),
    "fiseg": (12, 2), "fooff": (16, 4), "foseg": (20, 2), "mxcsr": (24, 4),
}  # fmt: skip

"""Which flags an instruction leaves undefined (Intel SDM vol. 2): processors differ there."""

from nanvix.debug.disassembly import decode

CF, PF, AF, ZF, SF, OF = 1, 1 << 2, 1 << 4, 1 << 6, 1 << 7, 1 << 11

_UNDEFINED = {
    "mul": SF | ZF | AF | PF,
    "imul": SF | ZF | AF | PF,
    "div": CF | PF | AF | ZF | SF | OF,
    "idiv": CF | PF | AF | ZF | SF | OF,
    **dict.fromkeys(("and", "or", "xor", "test"), AF),
    **dict.fromkeys(("shl", "sal", "shr", "sar", "shld", "shrd"), AF | OF),
    **dict.fromkeys(("rol", "ror", "rcl", "rcr"), OF),
    **dict.fromkeys(("bsf", "bsr"), CF | OF | SF | AF | PF),
    **dict.fromkeys(("bt", "bts", "btr", "btc"), OF | SF | AF | PF),
}


def undefined(code: bytes, address: int) -> int:
    """The RFLAGS bits that the instruction may leave as it likes."""
    item = decode(code, address)
    return _UNDEFINED.get(item.mnemonic.split()[-1], 0) if item is not None else 0

"""Names for addresses in a guest program, for crash reports."""

import os
from bisect import bisect_right
from collections.abc import Callable
from typing import Any

from nanvix.abi.layout import PAGE_SIZE, PIE_BASE

Symbolise = Callable[[int], str | None]
_NAME = 15
"""How much of a program's name its process keeps (TASK_COMM_LEN without the NUL)."""


def symboliser(path: str, process: str) -> Symbolise | None:
    """A function from an address in the program at ``path`` to ``name+0x1f``, or None.

    ``process``: the name of the process that asks; None unless it runs this very program. Knows
    the program itself, not its libraries; damage in its symbol table means no names.
    """
    if process != os.path.basename(path)[:_NAME]:
        return None
    starts, ends, names = _functions(path)

    def symbolise(address: int) -> str | None:
        index = bisect_right(starts, address) - 1
        if index < 0 or address >= ends[index]:
            return None
        offset = address - starts[index]
        return f"{names[index]}+{offset:#x}" if offset else names[index]

    return symbolise


def _functions(path: str) -> tuple[list[int], list[int], list[str]]:
    """Start, end and name of every function, by start."""
    from elftools.common.exceptions import ELFError
    from elftools.elf.elffile import ELFFile

    found: dict[int, tuple[int, str]] = {}
    try:
        with open(path, "rb") as file:
            elf = ELFFile(file)
            bias = _bias(elf)
            for name in (".symtab", ".dynsym"):
                section: Any = elf.get_section_by_name(name)
                for symbol in section.iter_symbols() if section else ():
                    size = symbol["st_size"]
                    if symbol["st_info"]["type"] == "STT_FUNC" and symbol["st_value"]:
                        start = symbol["st_value"] + bias
                        found.setdefault(start, (start + max(size, 1), symbol.name))
    except (OSError, ELFError, ValueError, KeyError):
        return [], [], []
    starts = sorted(found)
    return starts, [found[start][0] for start in starts], [found[start][1] for start in starts]


def _bias(elf: Any) -> int:
    """What the kernel adds to the addresses of a position-independent program."""
    if elf["e_type"] != "ET_DYN":
        return 0
    loads: list[int] = [segment["p_vaddr"] for segment in elf.iter_segments("PT_LOAD")]
    return PIE_BASE - min(loads, default=0) // PAGE_SIZE * PAGE_SIZE

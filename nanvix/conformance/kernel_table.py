"""Which system calls the built kernel has: the table in its image, asked directly."""

from functools import cache
from struct import unpack
from typing import TYPE_CHECKING

from nanvix.abi.syscalls import SYSCALLS
from nanvix.errors import KernelImageError
from nanvix.machine.image import default_image_path

if TYPE_CHECKING:
    from elftools.elf.sections import Symbol, SymbolTableSection

_TABLE, _MISSING = "syscall_table", "no_such_call"
_POINTER_SIZE = 8


def _only(symbols: "SymbolTableSection | None", name: str) -> "Symbol":
    found = (symbols and symbols.get_symbol_by_name(name)) or ()
    if len(found) != 1:
        raise KernelImageError(f"the kernel image has no symbol {name}: build it again")
    return found[0]


@cache
def implemented() -> frozenset[str]:
    """Names of the calls with an entry in the table. Raises KernelImageError without an image."""
    from elftools.elf.elffile import ELFFile
    from elftools.elf.sections import SymbolTableSection

    try:
        with open(default_image_path(), "rb") as file:
            image = ELFFile(file)
            section = image.get_section_by_name(".symtab")
            symbols = section if isinstance(section, SymbolTableSection) else None
            table, missing = (_only(symbols, name) for name in (_TABLE, _MISSING))
            address, size = table["st_value"], table["st_size"]
            for segment in image.iter_segments("PT_LOAD"):
                offset = address - segment["p_vaddr"]
                if 0 <= offset <= segment["p_filesz"] - size:
                    entries = unpack(
                        f"<{size // _POINTER_SIZE}Q", segment.data()[offset : offset + size]
                    )
                    numbers = {
                        number
                        for number, entry in enumerate(entries)
                        if entry != missing["st_value"]
                    }
                    return frozenset(name for number, name in SYSCALLS.items() if number in numbers)
    except OSError as error:
        raise KernelImageError(f"no kernel image ({error.strerror})") from None
    raise KernelImageError(f"{_TABLE} is in no segment of the kernel image")

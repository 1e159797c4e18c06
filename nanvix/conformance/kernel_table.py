"""Which system calls the built kernel has: the table in its image, asked directly."""

from functools import cache
from struct import unpack

from nanvix.abi.syscalls import SYSCALLS
from nanvix.errors import KernelImageError
from nanvix.machine.image import default_image_path

_TABLE = "syscall_table"
_POINTER_SIZE = 8


@cache
def implemented() -> frozenset[str]:
    """Names of the calls with an entry in the table. Raises KernelImageError without an image."""
    from elftools.elf.elffile import ELFFile
    from elftools.elf.sections import SymbolTableSection

    try:
        with open(default_image_path(), "rb") as file:
            image = ELFFile(file)
            section = image.get_section_by_name(".symtab")
            symbols = isinstance(section, SymbolTableSection) and section.get_symbol_by_name(_TABLE)
            if not symbols or len(symbols) != 1:
                raise KernelImageError(f"the kernel image has no symbol {_TABLE}: build it again")
            address, size = symbols[0]["st_value"], symbols[0]["st_size"]
            for segment in image.iter_segments("PT_LOAD"):
                offset = address - segment["p_vaddr"]
                if 0 <= offset <= segment["p_filesz"] - size:
                    entries = unpack(
                        f"<{size // _POINTER_SIZE}Q", segment.data()[offset : offset + size]
                    )
                    numbers = {number for number, entry in enumerate(entries) if entry}
                    return frozenset(name for number, name in SYSCALLS.items() if number in numbers)
    except OSError as error:
        raise KernelImageError(f"no kernel image ({error.strerror})") from None
    raise KernelImageError(f"{_TABLE} is in no segment of the kernel image")

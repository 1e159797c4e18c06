"""Signal numbers: gdb has its own, the same for every system (include/gdb/signals.def)."""

from nanvix.machine.describe import signal_name

_OF_LINUX = {
    7: 10, 10: 30, 12: 31, 16: 143, 17: 20, 18: 19, 19: 17, 20: 18, 23: 16, 29: 23, 30: 32,
    31: 12, 32: 77, 64: 78,
} | {number: number + 12 for number in range(33, 64)}  # fmt: skip
"""Those that differ; 143 is "unknown"."""
_OF_GDB = {gdb: linux for linux, gdb in _OF_LINUX.items()}
_SHARED = frozenset(n for n in range(1, 32) if n not in _OF_LINUX)
NUMBERS = {signal_name(number): number for number in range(1, 65)}
"""Linux numbers by name."""


def of_linux(number: int) -> int:
    """gdb's number of a Linux signal."""
    return _OF_LINUX.get(number, number)


def of_gdb(number: int) -> int:
    """Linux's number of a gdb signal, 0 for what Linux does not have."""
    return _OF_GDB.get(number, number if number in _SHARED else 0)

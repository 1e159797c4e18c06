"""What a run of nanvix might leave on the host: processes, and names in /dev/shm."""

import os
from pathlib import Path

from support.patience import until

_MEMORY_FILES = Path("/dev/shm")


def shared_memory() -> set[str]:
    """The names in /dev/shm."""
    return set(os.listdir(_MEMORY_FILES))


def no_more_shared_memory_than(before: set[str]) -> None:
    """What nanvix leaves there stays. Other programs come and go beside a test, and those of other
    tests are among them, so what is new gets the time they take."""
    new = shared_memory() - before
    until(lambda: not new & shared_memory(), f"the end of {sorted(new)} in {_MEMORY_FILES}")


def processes_with(marker: str) -> list[int]:
    """Processes whose environment carries ``marker``."""
    found = []
    for entry in os.listdir("/proc"):
        try:
            if entry.isdigit() and marker.encode() in Path(f"/proc/{entry}/environ").read_bytes():
                found.append(int(entry))
        except OSError:
            continue
    return found

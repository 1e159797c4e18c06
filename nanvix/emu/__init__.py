"""The emulator backend: Unicorn as a deterministic full-system x86-64 CPU, on any host.

A debugging backend, not a security boundary: Unicorn is C code that parses hostile input in
this process. What it does differently from hardware is listed in :mod:`nanvix.emu.divergences`.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nanvix.machine.backend import Backend
    from nanvix.machine.memory import GuestMemory

__all__ = ["create"]


def create(memory: GuestMemory) -> Backend:
    """A vCPU over ``memory``. Raises EngineError when the emulator library cannot be used."""
    from nanvix.emu.backend import EmuBackend

    return EmuBackend(memory)

"""The registers that a guest on KVM shows: whose they are depends on what it is doing."""

from typing import TYPE_CHECKING

from nanvix.abi.layout import USER_END
from nanvix.machine.state import GPRS

if TYPE_CHECKING:
    from nanvix.debug.posthumous import Posthumous
    from nanvix.debug.view import Registers

GENERAL = (*GPRS, "rip", "rflags")


class Seen:
    """The registers of the program where the guest stands, the CPU's while it runs."""

    cpu: "Registers"

    def __init__(self, guest: "Posthumous") -> None:
        self._guest = guest
        self._frame: dict[str, int] = {}

    def __getitem__(self, name: str) -> int:
        frame = self._standing()
        if frame and name == "cr3":
            return self._guest.root() or self.cpu[name]
        return frame[name] if name in frame else self.cpu[name]

    def __setitem__(self, name: str, value: int) -> None:
        self._guest.set_register(name, value)

    @property
    def rip(self) -> int:
        """The instruction pointer."""
        return self["rip"]

    @property
    def user(self) -> bool:
        """Whether a program runs."""
        return self.rip < USER_END

    def general(self) -> dict[str, int]:
        """All general registers, rip and rflags."""
        frame = self._standing()
        return {name: frame[name] for name in GENERAL} if frame else self.cpu.general()

    def forget(self) -> None:
        """The guest has run, or the frame has been changed."""
        self._frame = {}

    def _standing(self) -> dict[str, int]:
        if not self._frame:
            self._frame = self._guest.standing()
        return self._frame

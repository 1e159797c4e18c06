"""Puts the macro-kernel together: one table of handlers for all services of a VM."""

from __future__ import annotations

from nanvix.macro.console import Console
from nanvix.macro.entropy import Entropy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, Protocol

    from nanvix.abi.call import Handler, WatchTable
    from nanvix.macro.fs import Export
    from nanvix.macro.net import Published
    from nanvix.policy.egress import Egress
else:
    Protocol = object

Stdio = tuple[int | None, int | None, int | None]


class Keeper(Protocol):
    """A service with a state that goes into a saved machine, as plain values for JSON."""

    def save(self) -> Any:
        """The state now. Raises NanvixError where it cannot be saved."""

    def load(self, saved: Any) -> None:
        """Take over what :meth:`save` gave. Raises NanvixError where that cannot be."""


class Services:
    """``handlers``: op number to handler. ``keepers``: by name, what has a state to be saved.
    Close it when the VM has ended, however it ended."""

    __slots__ = ("_closers", "handlers", "keepers")

    def __init__(self) -> None:
        self.handlers: dict[int, Handler] = {}
        self.keepers: dict[str, Keeper] = {}
        self._closers: list[Callable[[], None]] = []

    def add(self, handlers: dict[int, Handler], close: Callable[[], None] | None = None) -> None:
        """Add a service's table; ValueError when an op is served already."""
        twice = self.handlers.keys() & handlers.keys()
        if twice:
            raise ValueError(f"two services serve op {min(twice):#x}")
        self.handlers.update(handlers)
        if close is not None:
            self._closers.append(close)

    def close(self) -> None:
        """Close every service, last one first; idempotent."""
        while self._closers:
            self._closers.pop()()


def build_services(
    *,
    exports: Sequence[Export],
    watches: WatchTable,
    stdio: Stdio = (0, 1, 2),
    seed: bytes | None = None,
    now: Callable[[], int] | None = None,
    egress: Egress | None = None,
    ports: Sequence[Published] = (),
    suspend: Callable[[], None] | None = None,
) -> Services:
    """Console, entropy and host files for one VM, and sockets of the host if it has ``egress``.

    ``exports``: the host trees the guest may see, numbered from 1. ``seed`` makes the guest's
    randomness reproducible, and what else the services answer as far as they can. ``now`` is the
    guest's clock (ns since the epoch) where it is not the host's. ``suspend``: what Ctrl-Z is to do
    where the guest cannot continue what it stops. Raises OSError when an export
    cannot be opened, NanvixError when one of ``ports`` cannot be had.
    """
    from nanvix.macro.fs import FileService

    services = Services()
    console = Console(watches, stdio, steady=seed is not None, suspend=suspend)
    services.add(console.handlers, console.close)
    entropy = Entropy(seed)
    services.add(entropy.handlers)
    files = FileService(exports, steady=seed is not None, now=now)
    services.add(files.handlers, files.close)
    services.keepers.update(console=console, entropy=entropy, files=files.nodes)
    if egress is not None:
        from nanvix.macro.net import NetworkService

        try:
            network = NetworkService(watches, egress, ports)
        except BaseException:
            services.close()
            raise
        services.add(network.handlers, network.close)
    return services

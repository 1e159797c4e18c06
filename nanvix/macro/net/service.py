"""The network service: the table of NET_* ops.

What it promises: the guest reaches what its policy grants and nothing else, whatever it says; no
call waits for the network; the sockets of one VM are bounded, and all are closed with it.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from nanvix.abi.call import WatchTable
from nanvix.abi.channel import OPS
from nanvix.macro.net.datagrams import Datagrams
from nanvix.macro.net.published import Ports, Published
from nanvix.macro.net.sockets import Sockets
from nanvix.macro.net.streams import Streams
from nanvix.macro.net.transfer import Transfer
from nanvix.policy.egress import Egress

if TYPE_CHECKING:
    from nanvix.abi.call import Handler


class NetworkService:
    """Serves NET_* for one VM. Raises NanvixError when a port of ``ports`` cannot be had."""

    __slots__ = ("_datagrams", "_ports", "_sockets", "handlers")

    def __init__(
        self, watches: WatchTable, policy: Egress, ports: Iterable[Published] = ()
    ) -> None:
        self._ports = Ports(ports)
        self._sockets = sockets = Sockets(watches)
        streams = Streams(sockets, policy, self._ports)
        self._datagrams = datagrams = Datagrams(sockets, policy, self._ports)
        transfer = Transfer(sockets, datagrams)
        serve: dict[str, Handler] = {
            "NET_CONNECT": streams.connect,
            "NET_LISTEN": streams.listen,
            "NET_ACCEPT": streams.accept,
            "NET_DATAGRAM": datagrams.open,
            "NET_PEER": datagrams.connect,
            "NET_SEND": transfer.send,
            "NET_RECEIVE": transfer.receive,
            "NET_SHUTDOWN": streams.shutdown,
            "NET_WATCH": transfer.watch,
            "NET_STATUS": transfer.status,
            "NET_OPTION": streams.option,
            "NET_CLOSE": streams.close,
        }
        self.handlers = {OPS[name][0]: handler for name, handler in serve.items()}

    def close(self) -> None:
        """Close every socket and give the ports back; idempotent."""
        self._sockets.close()
        self._datagrams.close()
        self._ports.close()

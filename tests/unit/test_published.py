"""Ports of the host that lead into a guest, without the guest."""

import socket

import pytest
from support.patience import LIMIT_S

from nanvix.macro.net.published import Ports, Published


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_a_datagram_port_hears_everybody_whenever_it_is_opened(address: str) -> None:
    """The guest's sockets on it share one of the host's, one after the other."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET

    def end() -> socket.socket:
        sock = socket.socket(family, socket.SOCK_DGRAM)
        sock.bind((address, 0))
        sock.settimeout(LIMIT_S)
        return sock

    with end() as free:
        port = free.getsockname()[1]
    ports = Ports([Published(address, port, 53, udp=True)])
    try:
        with end() as one, end() as other:
            first = ports.datagrams(53)
            assert first is not None
            with first:
                first.connect(one.getsockname())
                first.send(b"to one")
                assert one.recv(9) == b"to one"
            second = ports.datagrams(53)
            assert second is not None
            with second:
                second.settimeout(LIMIT_S)
                assert second.getsockname()[:2] == (address, port)
                other.sendto(b"from other", (address, port))
                assert second.recvfrom(99)[0] == b"from other"
                second.sendto(b"to other", other.getsockname())
                assert other.recv(9) == b"to other"
        assert ports.datagrams(54) is None
    finally:
        ports.close()

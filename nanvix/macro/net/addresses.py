"""Addresses on their way between the guest and the host.

In the guest's network the host's loopback has an address of its own, because 127.0.0.1 is the
guest itself there; and so has the name server. Everything else keeps its address.
"""

import ipaddress
from errno import EINVAL
from struct import Struct

from nanvix.abi.network import (
    NET_GUEST_V6,
    NET_HOST_V4,
    NET_HOST_V6,
    NET_PREFIX_V6,
    NET_RESOLVER_V4,
)
from nanvix.policy.egress import Address, plain

_HALVES = Struct("<2Q")
_MAPPED = bytes(10) + b"\xff\xff"


def _v6(low: int) -> ipaddress.IPv6Address:
    return ipaddress.IPv6Address(NET_PREFIX_V6 << 64 | low)


HOST_V4 = ipaddress.IPv4Address(NET_HOST_V4)
HOST_V6 = _v6(NET_HOST_V6)
GUEST_V6 = _v6(NET_GUEST_V6)
RESOLVER = ipaddress.IPv4Address(NET_RESOLVER_V4)
LOOPBACK_V4 = ipaddress.IPv4Address("127.0.0.1")
LOOPBACK_V6 = ipaddress.IPv6Address("::1")

_OUT: dict[Address, Address] = {HOST_V4: LOOPBACK_V4, HOST_V6: LOOPBACK_V6}


def address_of(first: int, second: int) -> Address:
    """The address in two u64 of a request, as the guest means it."""
    return plain(ipaddress.IPv6Address(_HALVES.pack(first, second)))


def to_host(address: Address) -> Address:
    """Where on the host's network an address of the guest's leads."""
    return _OUT.get(address, address)


def to_guest(host: str) -> tuple[int, int]:
    """Two u64 for the guest from an address as Python's sockets give it."""
    return halves(seen_by_guest(plain(ipaddress.ip_address(host.partition("%")[0]))))


def halves(address: Address) -> tuple[int, int]:
    """Two u64 of an address as the guest knows it."""
    raw = address.packed
    first, second = _HALVES.unpack(_MAPPED + raw if len(raw) == 4 else raw)
    return first, second


def seen_by_guest(address: Address) -> Address:
    """An address of the host's network as the guest knows it."""
    if address.is_loopback:
        return HOST_V4 if address.version == 4 else HOST_V6
    return address


def port_of(value: int) -> int:
    """A port number from a request; EINVAL for what is none."""
    if value > 0xFFFF:
        raise OSError(EINVAL, "not a port")
    return value

"""Egress: which addresses outside a guest may reach.

Nothing is allowed but what a rule grants:

    any                         every ordinary address
    93.184.216.34:443           one address, one port (without a port: all)
    10.0.0.0/8, [2001:db8::]/32 a network
    example.com:443             the addresses this name has; see :meth:`Egress.pin`
    *.example.com               all names below it
    localhost:8000              the host's own loopback

The host's loopback and link-local addresses are special: only a rule about exactly such addresses
(or ``localhost``) grants them; ``any``, wider networks and names never do. Multicast, broadcast,
the unspecified address and reserved ones are never granted.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from nanvix.errors import UsageError
from nanvix.named import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_EVERYTHING = (ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0"))
_THIS_NETWORK = ipaddress.ip_network("0.0.0.0/8")
_EMBEDDING = tuple(
    map(ipaddress.ip_network, ("::/96", "::ffff:0:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48"))
)
"""IPv6 prefixes whose last four bytes are an IPv4 address somebody on the way may put to use
(RFC 4291, 2765, 6052, 8215)."""
_LOOPBACK = (ipaddress.ip_network("127.0.0.1/32"), ipaddress.ip_network("::1/128"))


class Rule(NamedTuple):
    """One grant: a ``network`` or a host ``name``; ``port`` None for all ports."""

    network: Network | None
    name: str | None
    port: int | None


class Egress:
    """The rules of one VM and the addresses pinned for names. Thread-safe for what it does."""

    __slots__ = ("_pinned", "_rules")

    def __init__(self, rules: Iterable[str] = ()) -> None:
        """Raises UsageError, with the rule, for one that makes no sense."""
        self._rules = [rule for text in rules for rule in parse(text)]
        self._pinned: dict[Address, list[int | None]] = {}

    def allows(self, address: Address, port: int) -> bool:
        """Whether the guest may reach ``port`` of ``address``."""
        address = plain(address)
        if _forbidden(address):
            return False
        if any(_grants(rule, address) and rule.port in (None, port) for rule in self._rules):
            return True
        return any(pinned in (None, port) for pinned in self._pinned.get(address, ()))

    def allows_name(self, name: str) -> bool:
        """Whether the guest may ask for the addresses of ``name``: never of what is no name of a
        host, which the host's resolver might take for another one (up to a zero byte, say)."""
        if not _is_name(name.lower().rstrip(".")):
            return False
        return bool(self._of_name(name)) or any(r.network in _EVERYTHING for r in self._rules)

    def pin(self, name: str, addresses: Iterable[Address]) -> list[Address]:
        """Grant what ``name`` has resolved to; those of ``addresses`` the guest can now reach.

        A name that leads to loopback, link-local or forbidden addresses grants nothing there.
        """
        ports = [rule.port for rule in self._of_name(name)]
        found = []
        for given in addresses:
            address = plain(given)
            if _forbidden(address):
                continue
            if ports and not _special(address):
                pinned = self._pinned.setdefault(address, [])
                pinned += [port for port in ports if port not in pinned]
            if address in self._pinned or any(_grants(rule, address) for rule in self._rules):
                found.append(address)
        return found

    def _of_name(self, name: str) -> list[Rule]:
        wanted = name.lower().rstrip(".")
        return [rule for rule in self._rules if rule.name and _matches(rule.name, wanted)]


def parse(text: str) -> list[Rule]:
    """The rules one ``--allow`` stands for; UsageError when it makes no sense."""
    host, port = _split(text)
    if host == "any":
        return [Rule(network, None, port) for network in _EVERYTHING]
    if host == "localhost":
        return [Rule(network, None, port) for network in _LOOPBACK]
    try:
        network = ipaddress.ip_network(host, strict=False)
    except ValueError:
        network = None
    if network is not None:
        return [Rule(network, None, port)]
    name = host.lower().rstrip(".")
    if not _is_name(name.removeprefix("*.")):
        raise UsageError(f"--allow {text}: expected HOST[:PORT], NETWORK/BITS[:PORT] or any")
    return [Rule(None, name, port)]


def plain(address: Address) -> Address:
    """IPv4 for an IPv6 address that only wraps one (IPv4-mapped)."""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def _split(text: str) -> tuple[str, int | None]:
    """Host part and port of ``host``, ``host:port``, ``[v6]:port``, ``[v6]/bits:port``, ``v6``."""
    host, port = text, ""
    if text.startswith("["):
        inside, bracket, rest = text[1:].partition("]")
        bits, colon, port = rest.partition(":")
        host = inside + bits
        if not bracket or (bits and not bits.startswith("/")) or (colon and not port):
            host = ""
    elif text.count(":") == 1:
        host, _, port = text.partition(":")
        port = port or "?"
    if not port:
        return host, None
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65_536):
        raise UsageError(f"--allow {text}: {port!r} is not a port number")
    return host, int(port)


def _grants(rule: Rule, address: Address) -> bool:
    network = rule.network
    if network is None or network.version != address.version or address not in network:
        return False
    return not _special(address) or network.is_loopback or network.is_link_local


def _is_name(name: str) -> bool:
    labels = name.split(".")
    return (
        len(name) <= 253
        and all(
            0 < len(label) <= 63
            and label.isascii()
            and label.replace("-", "").replace("_", "").isalnum()
            and not label.startswith("-")
            for label in labels
        )
        and not labels[-1].isdigit()
    )


def _matches(pattern: str, name: str) -> bool:
    return name.endswith(pattern[1:]) if pattern.startswith("*.") else name == pattern


def _embedded(address: Address) -> list[Address]:
    """The address itself and the IPv4 addresses that somebody may take out of it."""
    found: list[Address] = [address]
    if isinstance(address, ipaddress.IPv6Address):
        found += [address.sixtofour] if address.sixtofour is not None else []
        found += address.teredo or ()
        if any(address in network for network in _EMBEDDING) and int(address) > 1:
            found.append(ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF))
    return found


def _forbidden(address: Address) -> bool:
    return any(
        a.is_multicast or a.is_unspecified or (a.is_reserved and a.version == 4)
        or (a.version == 4 and a in _THIS_NETWORK)
        for a in _embedded(address)
    )  # fmt: skip


def _special(address: Address) -> bool:
    return any(a.is_loopback or a.is_link_local for a in _embedded(address))

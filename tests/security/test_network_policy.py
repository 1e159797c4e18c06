"""A guest reaches what the policy grants, and by no trick anything else."""

import pytest
from support.guest import Guest
from support.patience import until
from support.peers import Peer
from support.toolchain import Toolchain

HOST = "10.0.2.2"
HOSTS_OWN = [HOST, "fd6e:6176:6978::2", f"::ffff:{HOST}"]
"""The host's loopback, in all the ways a guest may name it."""
TRICKS = [
    "::ffff:169.254.169.254",
    "169.254.169.254",
    "fe80::1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::1",
]
"""Link-local addresses and IPv6 addresses that contain such or loopback ones."""
NOWHERE = ["224.0.0.1", "239.255.255.250", "255.255.255.255", "240.0.0.1", "0.1.2.3", "ff02::1"]


def reach(guest: Guest, compiled: Toolchain, peer: Peer, hosts: list[str], *allow: str) -> str:
    options = ["--net", "host", *(part for rule in allow for part in ("--allow", rule))]
    ran = guest([compiled("outside/reach.c"), str(peer.port), *hosts], options=options)
    assert ran.code == 0, ran
    return ran.out.decode()


def denied(hosts: list[str]) -> str:
    return "".join(f"{host}: {', '.join(['Permission denied'] * 3)}\n" for host in hosts)


@pytest.mark.parametrize(
    "allow", [[], ["any"], ["0.0.0.0/0", "::/0"], ["example.com", "10.0.0.0/8"]]
)
def test_special_addresses_are_not_granted_by_the_way(
    guest: Guest, compiled: Toolchain, allow: list[str]
) -> None:
    with Peer() as peer:
        hosts = HOSTS_OWN + TRICKS + NOWHERE
        assert reach(guest, compiled, peer, hosts, *allow) == denied(hosts)
        assert peer.seen == []


def test_only_the_port_that_is_granted(guest: Guest, compiled: Toolchain) -> None:
    with Peer() as granted, Peer() as other:
        rule = f"127.0.0.1:{granted.port}"
        assert (
            reach(guest, compiled, granted, [HOST], rule) == f"{HOST}: connected, sent, connected\n"
        )
        assert reach(guest, compiled, other, HOSTS_OWN, rule) == denied(HOSTS_OWN)
        until(lambda: granted.seen, "the connection's arrival")
        assert (len(granted.seen), other.seen) == (1, [])


def test_the_guests_loopback_is_its_own(guest: Guest, compiled: Toolchain) -> None:
    """Whatever is granted: 127.0.0.1, ::1 and 0.0.0.0 are the guest, where nobody listens."""
    own = ["127.0.0.1", "::1", "0.0.0.0", "::", "::ffff:127.0.0.1", "10.0.2.15"]
    with Peer() as peer:
        said = reach(guest, compiled, peer, own, "any", "localhost")
        assert said == "".join(f"{host}: Connection refused, sent, connected\n" for host in own)
        assert peer.seen == []


def test_no_network_at_all(guest: Guest, compiled: Toolchain) -> None:
    ran = guest(
        [compiled("outside/reach.c"), "80", "127.0.0.1", "8.8.8.8"], options=["--net", "none"]
    )
    unreachable = ", ".join(["Network unreachable"] * 3)
    assert ran.out.decode() == f"127.0.0.1: {unreachable}\n8.8.8.8: {unreachable}\n"

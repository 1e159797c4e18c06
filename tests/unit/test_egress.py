"""The egress policy: what rules grant, and what no rule does."""

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nanvix.errors import UsageError
from nanvix.policy.egress import Egress


@pytest.mark.parametrize(
    ("rule", "granted", "denied"),
    [
        ("any", ["8.8.8.8:53", "10.1.2.3:1", "[2001:db8::1]:80"], ["127.0.0.1:80"]),
        ("any:443", ["8.8.8.8:443"], ["8.8.8.8:80"]),
        ("0.0.0.0/0", ["8.8.8.8:53"], ["[2001:db8::1]:80", "127.0.0.1:80", "169.254.1.1:80"]),
        ("::/0", ["[2001:db8::1]:80"], ["8.8.8.8:53", "[::1]:80", "[fe80::1]:80"]),
        ("192.0.2.7", ["192.0.2.7:1", "[::ffff:192.0.2.7]:9"], ["192.0.2.8:1"]),
        ("192.0.2.7:80", ["192.0.2.7:80"], ["192.0.2.7:81"]),
        ("192.0.2.7/24:80", ["192.0.2.200:80"], ["192.0.3.7:80"]),
        ("2001:db8::1", ["[2001:db8::1]:5"], ["[2001:db8::2]:5"]),
        ("[2001:db8::]/32:5", ["[2001:db8:1::1]:5"], ["[2001:db8:1::1]:6"]),
        ("localhost:8000", ["127.0.0.1:8000", "[::1]:8000"], ["127.0.0.1:8001", "127.0.0.2:8000"]),
        ("127.0.0.0/8", ["127.1.2.3:1"], ["128.0.0.1:1", "[::1]:1"]),
        ("126.0.0.0/7", ["126.0.0.1:1"], ["127.0.0.1:1"]),
        ("169.254.169.254:80", ["169.254.169.254:80"], ["169.254.169.253:80"]),
        ("example.com", [], ["93.184.216.34:80"]),
    ],
)
def test_rules(rule: str, granted: list[str], denied: list[str]) -> None:
    policy = Egress([rule])
    for text in granted + denied:
        host, _, port = text.rpartition(":")
        answer = policy.allows(ip_address(host.strip("[]")), int(port))
        assert answer == (text in granted), text


@pytest.mark.parametrize(
    "rule",
    [
        "", ":80", "a:b", "host:0", "host:65536", "host:-1", "host:", "1.2.3.4.5", "300.1.1.1",
        "10.0.0.0/33", "[::1", "[::1]x:5", "[::1]:", "a b", "-x.com", "http://x.com", "x..com",
        "*", "*.", "\u0661.com", "host:\u0661",
    ],
)  # fmt: skip
def test_rules_that_make_no_sense(rule: str) -> None:
    with pytest.raises(UsageError, match="--allow"):
        Egress([rule])


@given(st.ip_addresses(), st.integers(1, 65_535))
def test_nothing_is_granted_by_default(address, port: int) -> None:  # type: ignore[no-untyped-def]
    assert not Egress().allows(address, port)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.255.0.1", "::1", "::ffff:127.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1",
        "2002:7f00:1::", "169.254.169.254", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe",
        "fe80::1", "0.0.0.0", "::", "::ffff:0.0.0.0", "0.1.2.3", "224.0.0.1", "239.1.1.1",
        "64:ff9b:1::7f00:1", "::ffff:0:7f00:1", "2001:0:7f00:1::", "2001:0:1::80ff:fffe",
        "::ffff:224.0.0.1", "ff02::1", "240.0.0.1", "255.255.255.255", "::ffff:255.255.255.255",
    ],
)  # fmt: skip
def test_special_addresses_need_a_rule_of_their_own(address: str) -> None:
    everything = Egress(["any", "0.0.0.0/0", "::/0", "example.com", "0.0.0.0/1", "128.0.0.0/1"])
    everything.pin("example.com", [ip_address(address)])
    assert not everything.allows(ip_address(address), 80)


def test_a_name_grants_the_addresses_it_has_resolved_to() -> None:
    policy = Egress(["example.com:443", "*.example.org"])
    good, bad, metadata = map(ip_address, ("192.0.2.1", "127.0.0.1", "169.254.169.254"))
    assert policy.allows_name("Example.COM.")
    assert not policy.allows_name("www.example.com")
    assert not policy.allows_name("example.org")
    assert policy.allows_name("a.b.example.org")
    assert not policy.allows(good, 443)
    assert policy.pin("example.com", [good, bad, metadata]) == [good]
    assert policy.allows(good, 443)
    assert not policy.allows(good, 80)
    policy.pin("www.example.org", [good])
    assert policy.allows(good, 80)
    assert not policy.allows(bad, 443)


@pytest.mark.parametrize(
    "name",
    [
        "evil.net\0.example.org", "1.2.3.4 .example.org", "a\n.example.org", ".example.org", "",
        "-a.example.org", "a..example.org", "10.0.0.1", "a" * 64 + ".example.org",
    ],
)  # fmt: skip
def test_what_is_no_name_of_a_host_is_not_asked_for(name: str) -> None:
    """The host's resolver takes a string up to its first zero byte."""
    assert not Egress(["*.example.org", "any"]).allows_name(name)


def test_a_name_pins_nothing_that_was_not_asked_for() -> None:
    policy = Egress(["example.com", "10.0.0.0/8"])
    assert policy.pin("other.net", [ip_address("192.0.2.1"), ip_address("10.0.0.1")]) == [
        ip_address("10.0.0.1")
    ]
    assert not policy.allows(ip_address("192.0.2.1"), 80)

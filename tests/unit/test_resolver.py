"""The guest's name server: what of the host's resolver it lets through."""

from struct import pack
from threading import Barrier, Thread

import pytest

from nanvix.macro.net import dns, resolver
from nanvix.macro.net.resolver import Resolver
from nanvix.policy.egress import Egress


def question(*labels: bytes) -> bytes:
    name = b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
    return pack(">6H", 7, 0x0100, 1, 0, 0, 0) + name + pack(">2H", dns.A, 1)


def code_of(server: Resolver, *labels: bytes) -> int:
    answer = server.answer(question(*labels))
    assert answer is not None
    return answer[3] & 15


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the host's resolver is asked for; it answers with another address every time."""
    names: list[str] = []

    def getaddrinfo(name: str, *_: object, **__: object) -> list[tuple[object, ...]]:
        names.append(name)
        return [(None, None, None, "", (f"198.51.100.{len(names)}", 0))]

    monkeypatch.setattr(resolver.socket, "getaddrinfo", getaddrinfo)
    return names


@pytest.mark.parametrize(
    "labels", [(b"evil.net\0",), (b"evil\0", b"x"), (b"1 ",), (b"-a",), (b"a b",), (b"\n",)]
)
def test_only_names_of_hosts_are_asked_for(labels: tuple[bytes, ...], asked: list[str]) -> None:
    """getaddrinfo(3) reads up to a zero byte, and would find another name than the rule's."""
    server = Resolver(Egress(["*.example.org", "any"]))
    answer = server.answer(question(*labels, b"example", b"org"))
    assert answer is None or answer[3] & 15 == dns.NAME_ERROR
    assert asked == []
    assert code_of(server, b"good", b"example", b"org") == dns.NO_ERROR


def test_a_name_keeps_its_addresses(asked: list[str]) -> None:
    """Also where two workers ask for it at once, each with another answer of the host's."""
    policy = Egress(["*.example.org"])
    server, start = Resolver(policy), Barrier(4)

    def ask() -> None:
        start.wait()
        code_of(server, b"www", b"example", b"org")

    workers = [Thread(target=ask) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    code_of(server, b"www", b"example", b"org")
    assert len(policy._pinned) == 1


def test_more_names_than_are_remembered(asked: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that are not remembered would mean something else the next time: they fail."""
    monkeypatch.setattr(resolver, "_NAMES_MAX", 2)
    policy = Egress(["*.example.org"])
    server = Resolver(policy)
    codes = [code_of(server, label, b"example", b"org") for label in (b"a", b"b", b"c", b"c", b"a")]
    failed = dns.SERVER_FAILURE
    assert codes == [dns.NO_ERROR, dns.NO_ERROR, failed, failed, dns.NO_ERROR]
    assert len(policy._pinned) == 2

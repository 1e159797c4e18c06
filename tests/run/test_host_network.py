"""Sockets to the outside: what a guest reaches, what reaches it, and that nothing else does."""

from collections.abc import Iterator

import pytest
from support.guest import Guest, execute
from support.host import ENVIRONMENT
from support.peers import Peer, free_port
from support.toolchain import Toolchain

HOST = "10.0.2.2"
"""What a guest calls the host."""


@pytest.fixture
def peer() -> Iterator[Peer]:
    with Peer() as server:
        yield server


def test_a_peer_outside_is_as_natively(guest: Guest, compiled: Toolchain, peer: Peer) -> None:
    program, nobody = compiled("net/outside.c"), free_port()
    native = execute([program, "127.0.0.1", str(peer.port), str(nobody)], env=ENVIRONMENT)
    options = ["--allow", f"127.0.0.1:{peer.port}", "--allow", f"localhost:{nobody}"]
    ran = guest([program, HOST, str(peer.port), str(nobody)], options=options)
    assert ran == native, f"natively:\n{native}\nin the guest:\n{ran}"
    assert native.code == 0
    assert native.out.count(b"\n") > 80

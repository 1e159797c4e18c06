"""GDB's protocol on the wire: addresses, escapes, packets that make no sense."""

import os
import socket

import pytest
from debug.conftest import Start
from hypothesis import given, settings
from hypothesis import strategies as st
from support.toolchain import Toolchain

from nanvix.debug.gdb.listening import listen, parse_address
from nanvix.debug.gdb.packets import escape, unescape
from nanvix.debug.gdb.server import Server
from nanvix.debug.trapping import Trapping
from nanvix.errors import UsageError

WALK = "debug/walk.c"


# -- without gdb ---------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["nonsense", "1.2.3.4", "host:", ":99999", "[::1]:x"])
def test_bad_addresses(text: str) -> None:
    with pytest.raises(UsageError, match="HOST:PORT"):
        parse_address(text)


def test_only_loopback_unless_asked() -> None:
    with pytest.raises(UsageError, match="loopback"):
        listen("0.0.0.0", 0)
    listen("127.0.0.1", 0).close()


@given(st.binary(max_size=200))
def test_escaping(data: bytes) -> None:
    assert unescape(escape(data)) == data
    assert not {b"$"[0], b"#"[0]} & set(escape(data))


_STARTS = (
    b"g", b"G", b"p", b"P", b"m", b"M", b"X", b"Z0,", b"z2,", b"H", b"T", b"qXfer:", b"qRcmd,",
    b"qSupported:", b"vFile:", b"vFile:open:", b"vFile:pread:", b"QCatchSyscalls:",
    b"qThreadExtraInfo,",
    b"?", b"qC", b"qfThreadInfo", b"", b"vCont;z", b"Hg", b"qXfer:auxv:read::",
)  # fmt: skip


def test_malformed_packets_are_answered(debug: Start, compiled: Toolchain) -> None:
    """Whatever comes, there is a reply and the guest goes on to its end."""
    debugger = debug([compiled(WALK)])
    server = Server(debugger)

    @settings(max_examples=300, deadline=None, database=None)
    @given(
        st.sampled_from(_STARTS),
        st.one_of(st.binary(max_size=60), st.from_regex(rb"[0-9a-f,:;=.-]{0,40}", fullmatch=True)),
    )
    def fuzz(start: bytes, rest: bytes) -> None:
        assert isinstance(server.answer(start + rest), bytes)

    fuzz()
    for point in debugger.points:
        debugger.delete(point.number)
    debugger.go(debugger.frontier)
    assert debugger.run().ended


@pytest.mark.parametrize("backend", ["kvm"], indirect=True)
def test_malformed_packets_are_answered_on_kvm(backend: str, compiled: Toolchain) -> None:
    """The same; only what makes the guest run is left out, since there is no going back."""
    null = os.open(os.devnull, os.O_RDWR)
    with Trapping([str(compiled(WALK))], stdio=(null, null, null)) as guest:
        server = Server(guest)

        @settings(max_examples=150, deadline=None, database=None)
        @given(
            st.sampled_from([start for start in _STARTS if start not in (b"", b"vCont;z")]),
            st.one_of(
                st.binary(max_size=60), st.from_regex(rb"[0-9a-f,:;=.-]{0,40}", fullmatch=True)
            ),
        )
        def fuzz(start: bytes, rest: bytes) -> None:
            assert isinstance(server.answer(start + rest), bytes)

        fuzz()
        for point in guest.points:
            guest.delete(point.number)
        assert not guest.ended
    os.close(null)


def test_the_wire(debug: Start, compiled: Toolchain) -> None:
    """Damaged packets are asked for again, noise is skipped, a broken connection is no harm, and an
    interrupt stops a guest that computes."""
    debugger = debug([compiled("cpu.c")])
    server = Server(debugger)
    with listen("127.0.0.1", 0) as listener:
        from threading import Thread

        thread = Thread(target=server.serve, args=(listener,), daemon=True)
        thread.start()
        with socket.create_connection(listener.getsockname()) as client:
            client.sendall(b"noise+$qC#00")
            assert client.recv(100) == b"-"
            client.sendall(b"$qC#b4")
            assert _until(client, b"#").startswith(b"+$QCp1.1")
            client.sendall(b"$" + b"a" * 10)
        with socket.create_connection(listener.getsockname()) as client:
            client.sendall(b"$QStartNoAckMode#b0")
            assert b"OK" in _until(client, b"OK#9a")
            client.sendall(b"$vKill;1#6e")
            _until(client, b"OK#9a")
        thread.join(20)
        assert not thread.is_alive()


def _until(client: socket.socket, wanted: bytes) -> bytes:
    client.settimeout(20)
    data = b""
    while wanted not in data:
        piece = client.recv(1000)
        assert piece, data
        data += piece
    return data

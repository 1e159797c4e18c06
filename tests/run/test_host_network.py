"""Sockets to the outside: what a guest reaches, and what reaches it through published ports."""

import http.server
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.guest import Guest, execute, host_environment
from support.host import ENVIRONMENT
from support.patience import LIMIT_S, until
from support.peers import Echo, Peer, free_port, patient_connection
from support.toolchain import PROGRAMS, Toolchain

HOST = "10.0.2.2"
"""What a guest calls the host."""


@pytest.fixture
def peer() -> Iterator[Peer]:
    with Peer() as server:
        yield server


@pytest.fixture
def web(tmp_path: Path) -> Iterator[str]:
    """Host and port of a web server with one large file; what is posted to it comes back."""
    content = os.urandom(1 << 20)
    (tmp_path / "large").write_bytes(content)

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *rest: object) -> None:
            super().__init__(*rest, directory=str(tmp_path))  # type: ignore[arg-type]

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *rest: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"{HOST}:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@contextmanager
def running(command: list[object]) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [str(part) for part in command], env=host_environment(),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_a_peer_outside_is_as_natively(guest: Guest, compiled: Toolchain, peer: Peer) -> None:
    program, nobody = compiled("outside/peer.c"), free_port()
    native = execute([program, "127.0.0.1", str(peer.port), str(nobody)], env=ENVIRONMENT)
    options = ["--allow", f"127.0.0.1:{peer.port}", "--allow", f"localhost:{nobody}"]
    ran = guest([program, HOST, str(peer.port), str(nobody)], options=options)
    assert ran == native, f"natively:\n{native}\nin the guest:\n{ran}"
    assert native.code == 0
    assert native.out.count(b"\n") > 75


def test_datagrams_are_as_natively(guest: Guest, compiled: Toolchain) -> None:
    program, nobody = compiled("outside/datagrams.c"), str(free_port(socket.SOCK_DGRAM))
    with Echo() as echo:
        native = execute([program, "127.0.0.1", str(echo.port), nobody], env=ENVIRONMENT)
        options = ["--allow", f"localhost:{echo.port}", "--allow", f"localhost:{nobody}"]
        ran = guest([program, HOST, str(echo.port), nobody], options=options)
    assert ran == native, f"natively:\n{native}\nin the guest:\n{ran}"
    assert native.out.count(b"\n") > 40


def test_datagrams_through_a_published_port(guest: Guest) -> None:
    port = free_port(socket.SOCK_DGRAM)
    code = (
        "import socket\n"
        "server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
        "server.bind(('', 53))\n"
        "print('bound', flush=True)\n"
        "for _ in range(3):\n"
        "    data, sender = server.recvfrom(100)\n"
        "    server.sendto(data.upper(), sender)\n"
    )
    with running(guest.command([sys.executable, "-c", code], ["-p", f"{port}:53/udp"])) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"bound\n"
        for text in b"one", b"two", b"three":
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
                client.settimeout(LIMIT_S)
                client.connect(("127.0.0.1", port))
                client.send(text)
                assert client.recv(100) == text.upper()
        assert process.wait(LIMIT_S) == 0


def test_splice_and_sendfile(guest: Guest, tmp_path: Path) -> None:
    """A file to a socket of the host and back, by way of a pipe, without a copy in the program."""
    content = os.urandom(700_001)
    (tmp_path / "out").write_bytes(content)
    code = (
        "import os, socket, sys\n"
        f"peer = socket.create_connection(('{HOST}', int(sys.argv[1])))\n"
        "out, sent = os.open('/data/out', os.O_RDONLY), 0\n"
        "while n := os.sendfile(peer.fileno(), out, sent, 300_000 - sent):\n"
        "    sent += n\n"
        "ends = os.pipe()\n"
        "while n := os.splice(out, ends[1], 1 << 16, offset_src=sent):\n"
        "    sent += n\n"
        "    while n:\n"
        "        n -= os.splice(ends[0], peer.fileno(), n)\n"
        "peer.shutdown(socket.SHUT_WR)\n"
        "back, got = os.open('/data/back', os.O_WRONLY | os.O_CREAT), 0\n"
        "while n := os.splice(peer.fileno(), ends[1], 1 << 16):\n"
        "    got += n\n"
        "    while n:\n"
        "        n -= os.splice(ends[0], back, n)\n"
        "print(sent, got)\n"
    )

    def mirror() -> None:
        peer, _ = server.accept()
        with peer:
            data = b"".join(iter(lambda: peer.recv(65536), b""))
            peer.sendall(data[::-1])

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=mirror)
        thread.start()
        port = server.getsockname()[1]
        grant = ["--allow", f"127.0.0.1:{port}", "-v", f"{tmp_path}:/data"]
        ran = guest([sys.executable, "-c", code, str(port)], options=grant)
        thread.join()
    assert ran == (0, b"700001 700001\n", b"")
    assert (tmp_path / "back").read_bytes() == content[::-1]


@pytest.mark.requires("curl")
def test_curl(guest: Guest, web: str, tmp_path: Path) -> None:
    grant = ["--allow", f"127.0.0.1:{web.rpartition(':')[2]}", "-v", f"{tmp_path}:/data:ro"]
    ran = guest(["curl", "-sS", f"http://{web}/large"], options=grant)
    assert ran == (0, (tmp_path / "large").read_bytes(), b"")
    posted = ["curl", "-sS", "--data-binary", "@/data/large", f"http://{web}/"]
    assert guest(posted, options=grant) == (0, (tmp_path / "large").read_bytes(), b"")


def test_urllib(guest: Guest, web: str) -> None:
    code = (
        "import urllib.request\n"
        f"url = 'http://host.nanvix:{web.rpartition(':')[2]}/'\n"
        "large = urllib.request.urlopen(url + 'large').read()\n"
        "print(len(large), urllib.request.urlopen(url, large).read() == large)\n"
    )
    grant = ["--allow", f"127.0.0.1:{web.rpartition(':')[2]}"]
    assert guest([sys.executable, "-c", code], options=grant) == (0, b"1048576 True\n", b"")


def test_a_server_in_the_guest(guest: Guest) -> None:
    """Four clients at once, a megabyte each way, half-closed connections."""
    port = free_port()
    script = PROGRAMS / "outside/server.py"
    options = ["-p", f"{port}:80", "-v", f"{script}:/server.py:ro"]
    answers: list[bool] = []

    def client() -> None:
        data = os.urandom(1 << 20)
        with patient_connection(port) as sock:
            writer = threading.Thread(target=lambda: (sock.sendall(data), sock.shutdown(1)))
            writer.start()
            answers.append(sock.makefile("rb").read() == data[::-1])
            writer.join()

    with running(guest.command([sys.executable, "/server.py", "80"], options)) as process:
        clients = [threading.Thread(target=client) for _ in range(4)]
        for thread in clients:
            thread.start()
        for thread in clients:
            thread.join(LIMIT_S)
        assert answers == [True] * 4
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(4)]
    assert lines == [b"10.0.2.2 1048576\n"] * 4


def test_a_port_refuses_until_the_guest_listens(guest: Guest) -> None:
    """And again when it no longer does; meanwhile nobody else can have it."""
    port = free_port()
    code = (
        "import socket, sys\n"
        "for line in sys.stdin:\n"
        "    server = socket.create_server(('', 80))\n"
        "    print('listens', flush=True)\n"
        "    server.accept()[0].sendall(b'hello')\n"
        "    server.close()\n"
        "    print('closed', flush=True)\n"
    )
    command = guest.command([sys.executable, "-c", code], ["-p", f"{port}:80"])
    with subprocess.Popen(
        command, env=host_environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for _ in range(2):
            process.stdin.write(b"\n")
            process.stdin.flush()
            assert process.stdout.readline() == b"listens\n"
            with socket.create_connection(("127.0.0.1", port)) as sock:
                assert sock.recv(10) == b"hello"
            assert process.stdout.readline() == b"closed\n"
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", port))
            with pytest.raises(OSError, match="in use"):
                socket.create_server(("127.0.0.1", port))
        process.stdin.close()
    assert process.returncode == 0


def test_a_guest_that_is_ended_leaves_no_socket(
    guest: Guest, compiled: Toolchain, peer: Peer
) -> None:
    port = free_port()
    options = ["--allow", f"localhost:{peer.port}", "-p", f"{port}:80"]
    code = (
        "import socket, sys, time\n"
        "server = socket.create_server(('', 80))\n"
        f"client = socket.create_connection(('{HOST}', {peer.port}))\n"
        "client.sendall(b'hold\\n')\n"
        "incoming = server.accept()\n"
        "print('here', flush=True)\n"
        "time.sleep(100)\n"
    )
    with running(guest.command([sys.executable, "-c", code], options)) as process:
        assert process.stdout is not None
        with patient_connection(port) as sock:
            assert process.stdout.readline() == b"here\n"
            until(lambda: peer.connections == 1, "the connection's arrival")
            process.kill()
            assert sock.recv(1) == b""
    until(lambda: peer.connections == 0, "the connection's end")
    socket.create_server(("127.0.0.1", port)).close()


def test_host_sockets_are_bounded(guest: Guest, compiled: Toolchain) -> None:
    program = compiled("outside/hoard.c")
    with socket.create_server(("127.0.0.1", 0), backlog=4096) as server:
        port = str(server.getsockname()[1])
        ran = guest([program, HOST, port], options=["--allow", "localhost"])
    assert ran.out == b"600\n424, then Too many open files in system\nand one more\n", ran


def test_the_trace_shows_it(guest: Guest, compiled: Toolchain, peer: Peer, tmp_path: Path) -> None:
    options = ["--allow", "localhost", "--trace", tmp_path / "trace"]
    guest([compiled("outside/reach.c"), str(peer.port), HOST], options=options)
    trace = (tmp_path / "trace").read_text()
    assert '"op":"NET_CONNECT"' in trace
    assert '"op":"NET_CLOSE"' in trace

"""Sockets inside a guest: AF_UNIX, loopback TCP and UDP behave as on the host's kernel."""

import sys

import pytest
from support.guest import Guest, Same
from support.since import since
from support.toolchain import Toolchain

SHUT = {"shut datagrams": (rb"(send \d+/2): (?:Broken pipe|Socket not connected)", rb"\1")}


@pytest.mark.parametrize(
    "family",
    [
        "unix_streams",
        "tcp",
        "tcp_ends",
        "many",
        *(pytest.param(n, marks=since("SO_PASSCRED")) for n in ("unix_packets", "udp")),
    ],
)
def test_family(same: Same, compiled: Toolchain, family: str) -> None:
    same([compiled(f"net/{family}.c")])


@pytest.mark.parametrize("seed", range(1, 9))
def test_random_program(same: Same, compiled: Toolchain, seed: int) -> None:
    """Three thousand calls by chance, and after each the same answer."""
    same([compiled("net/dice.c"), str(seed)], blur=SHUT)


def test_memory_comes_back(guest: Guest, compiled: Toolchain) -> None:
    """Neither full queues nor sockets that only hold each other keep memory for ever."""
    ran = guest([compiled("net/many.c"), "memory"])
    assert ran.out.splitlines()[-1] == b"0 kB are missing", ran


def test_no_network(guest: Guest) -> None:
    """Other addresses than the guest's own lead nowhere, and say so at once."""
    code = (
        "import socket\n"
        "for where in '192.0.2.1', '8.8.8.8', '2001:db8::1', '10.0.0.1':\n"
        "    family = socket.AF_INET6 if ':' in where else socket.AF_INET\n"
        "    for kind in socket.SOCK_STREAM, socket.SOCK_DGRAM:\n"
        "        try:\n"
        "            socket.socket(family, kind).connect((where, 80))\n"
        "        except OSError as error:\n"
        "            print(error.strerror)\n"
    )
    assert guest([sys.executable, "-c", code]).out == b"Network is unreachable\n" * 8


WAITING = """
import errno, socket
def waiting():
    return sum(line.split()[3] == "06" for line in open("/proc/net/tcp").readlines()[1:])
server = socket.create_server(("127.0.0.1", 0), backlog=8)
port = server.getsockname()[1]
for turn in range(1200):
    client = socket.create_connection(("127.0.0.1", port))
    end, _ = server.accept()
    end.close()
    client.close()
print(waiting())
server.close()
again = socket.socket()
try:
    again.bind(("127.0.0.1", port))
except OSError as error:
    print(errno.errorcode[error.errno])
again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
again.bind(("127.0.0.1", port))
"""


def test_connections_that_are_over_are_bounded(guest: Guest) -> None:
    """Who makes and ends connections for ever fills no memory with what stays of them."""
    assert guest([sys.executable, "-c", WAITING]).out == b"1024\nEADDRINUSE\n"

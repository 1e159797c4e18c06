"""A network of its own, with names and addresses of our choice: ``python world.py COMMAND...``.

Runs in a fresh network and mount name space (``unshare -mn``). A TCP peer listens at 198.51.100.7
and, at the same port, on loopback; ``{port}`` in the command stands for it. Prints the command's
output and exit code, and which of the two were reached.
"""

import fcntl
import socket
import struct
import subprocess
import sys
import tempfile

HOSTS = """\
127.0.0.1 localhost
198.51.100.7 good.test other.test www.deep.test
198.51.100.8 unlisted.test
127.0.0.1 rebound.test
169.254.169.254 rebound.test
198.51.100.7 mixed.test
127.0.0.1 mixed.test
"""
PEER = "198.51.100.7"
_SIOCSIFADDR, _SIOCSIFFLAGS = 0x8916, 0x8914
_UP_RUNNING = 0x41


def configure() -> None:
    """Bring loopback up, give it the peer's address, and put our names in place."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        for name, address in ((b"lo", "127.0.0.1"), (b"lo:1", PEER)):
            to = struct.pack("HH4s8x", socket.AF_INET, 0, socket.inet_aton(address))
            fcntl.ioctl(control, _SIOCSIFADDR, struct.pack("16s16s", name, to))
            fcntl.ioctl(control, _SIOCSIFFLAGS, struct.pack("16sH14x", name, _UP_RUNNING))
    for path, text in (("/etc/hosts", HOSTS), ("/etc/resolv.conf", "nameserver 127.0.0.53\n")):
        with tempfile.NamedTemporaryFile("w") as file:
            file.write(text)
            file.flush()
            subprocess.run(["mount", "--bind", file.name, path], check=True)


def main() -> int:
    configure()
    peer = socket.create_server((PEER, 0), backlog=100)
    port = peer.getsockname()[1]
    own = socket.create_server(("127.0.0.1", port), backlog=100)
    command = [part.replace("{port}", str(port)) for part in sys.argv[1:]]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, timeout=100, check=False)
    for name, server in (("peer", peer), ("loopback", own)):
        server.setblocking(False)
        try:
            server.accept()
            print(f"{name} was reached", flush=True)
        except BlockingIOError:
            print(f"{name} was not reached", flush=True)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())

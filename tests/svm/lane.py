"""A machine with a standard ``/dev/kvm``, on any host: QEMU's software CPU with AMD's SVM.

    python tests/svm/lane.py COMMAND [ARGUMENT...]

boots the stock Debian kernel in it, with this host's files as its root, runs the command there and
ends with its exit code. Nothing the command writes reaches the host. See docs/svm.md.
"""

import select
import shlex
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Self

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support.guest import Ran, host_environment
from support.host import ROOT
from svm.initramfs import agent, archive
from svm.packages import QEMU, Kernel, Unavailable, kernel

MEMORY_MIB = 1024
BOOT_LIMIT_S = 120.0
COMMAND_LIMIT_S = 120.0
WHOLE_LIMIT_S = 7200.0
"""Of the one command of a machine of its own, which may be all of ``tests/run``."""
_LINE = "/dev/ttyS1"
# Time is the emulated HPET's: whether the emulated TSC can be trusted, the kernel must not find out
# by watching it on a busy host.
_KERNEL_OPTIONS = (
    "console=ttyS0 quiet panic=-1 nokaslr mitigations=off clocksource=hpet tsc=nowatchdog "
    "random.trust_cpu=on"
)


_VARIABLES = {"PYTHONDONTWRITEBYTECODE": "1", "NANVIX_TESTS_PATIENCE": "4"}


class Broken(AssertionError):
    """The machine did not start, or stopped answering; with the end of its console."""


class Lane:
    """The machine, running. A context manager: ``lane(["uname", "-r"])`` is a :class:`Ran`."""

    def __init__(self, stock: Kernel) -> None:
        self._unread = b""
        self._count = 0
        self._folder = tempfile.TemporaryDirectory(prefix="nanvix-svm-")
        here = Path(self._folder.name)
        self._share, self._console, self._complaints = (
            here / "share",
            here / "console",
            here / "qemu",
        )
        initramfs = here / "initramfs"
        initramfs.write_bytes(archive(stock.modules, stock.busybox))
        self._share.mkdir()
        (self._share / "agent").write_bytes(agent(_LINE))
        self._line, theirs = socket.socketpair()
        with theirs, open(self._complaints, "wb") as complaints:
            self._process = subprocess.Popen(
                self._command(stock, initramfs, theirs.fileno()), pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL, stdout=complaints, stderr=complaints,
            )  # fmt: skip
        try:
            self._expect("ready", BOOT_LIMIT_S)
        except BaseException:
            self.close()
            raise

    def _command(self, stock: Kernel, initramfs: Path, line: int) -> list[str]:
        root = "local,id=root,path=/,security_model=none,multidevs=remap,readonly=on"
        share = f"local,id=share,path={self._share},security_model=none"
        return [
            "setpriv", "--pdeathsig", "KILL",  # whatever becomes of us, it goes with us
            QEMU, "-accel", "tcg", "-cpu", "max", "-smp", "1", "-m", str(MEMORY_MIB),
            "-M", "q35", "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
            "-kernel", str(stock.vmlinux), "-initrd", str(initramfs), "-append", _KERNEL_OPTIONS,
            "-serial", f"file:{self._console}",
            "-chardev", f"socket,id=line,fd={line}", "-serial", "chardev:line",
            "-fsdev", root, "-device", "virtio-9p-pci,fsdev=root,mount_tag=root",
            "-fsdev", share, "-device", "virtio-9p-pci,fsdev=share,mount_tag=share",
        ]  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Pull the plug; idempotent."""
        self._line.close()
        self._process.kill()
        self._process.wait()
        self._folder.cleanup()

    def __call__(self, command: Sequence[str | Path], *, limit: float = COMMAND_LIMIT_S) -> Ran:
        """Run ``command`` as root in this repository, with the tests' environment, on no input."""
        self._count += 1
        name = str(self._count)
        variables = host_environment(_VARIABLES)
        words = ["env", "-i", *(f"{key}={value}" for key, value in variables.items()), *command]
        script = f"cd {shlex.quote(str(ROOT))} && exec {shlex.join(map(str, words))}\n"
        (self._share / f"{name}.command").write_text(script)
        try:
            self._line.sendall(f"{name}\n".encode())
        except OSError:
            raise Broken(f"the machine stopped\n{self._diary()}") from None
        code = int(self._expect(name, limit))
        out, err = ((self._share / f"{name}.{end}").read_bytes() for end in ("out", "err"))
        return Ran(code, out, err)

    def _expect(self, word: str, limit: float) -> str:
        """What follows ``word`` on the machine's next line; the machine is lost if none comes."""
        end = time.monotonic() + limit
        while b"\n" not in self._unread:
            left = max(end - time.monotonic(), 0)
            if not select.select([self._line], [], [], left)[0]:
                self._process.kill()
                raise Broken(f"the machine was silent for {limit:.0f} s\n{self._diary()}")
            more = self._line.recv(4096)
            if not more:
                raise Broken(f"the machine stopped\n{self._diary()}")
            self._unread += more
        line, _, self._unread = self._unread.partition(b"\n")
        first, _, rest = line.decode(errors="replace").strip().partition(" ")
        if first != word:
            raise Broken(f"the machine said {line!r}, not {word}\n{self._diary()}")
        return rest

    def _diary(self) -> str:
        """What QEMU, the console and the last command had to say, from their ends."""
        last = (self._share / f"{self._count}.{end}" for end in ("out", "err"))
        paths = (path for path in (self._complaints, self._console, *last) if path.exists())
        return "\n".join(path.read_bytes()[-8000:].decode(errors="replace") for path in paths)


def main(command: list[str]) -> int:
    """Run one command in a machine of its own; 125 where there can be none."""
    if not command:
        print(__doc__, file=sys.stderr)
        return 125
    try:
        with Lane(kernel()) as lane:
            ran = lane(command, limit=WHOLE_LIMIT_S)
    except (Unavailable, Broken) as error:
        print(f"svm: {error}", file=sys.stderr)
        return 125
    sys.stdout.buffer.write(ran.out)
    sys.stderr.buffer.write(ran.err)
    return ran.code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Few rights, little room: nanvix works with what there is, or says in one line what it lacks."""

import os
import sys
from pathlib import Path

import pytest
from security.conftest import Prefixed
from support.guest import Guest, Ran
from support.host import ROOT, cache_directory
from support.toolchain import Toolchain

pytestmark = pytest.mark.requires("setpriv")  # with prlimit in one package

USER, GROUP = 12345, 23456
HELLO = Ran(3, b"hello, world\n", b"to stderr\n")

# Somebody without a name who may use KVM by a group. What the tests need is shown to him, also
# where it lies in the home of another.
_AS_USER = f"""
mount -t tmpfs -o mode=755 own /mnt || exit 99
home=$1 n=0; shift
for path; do
    [ "$path" = -- ] && break
    n=$((n + 1)); mkdir -p /mnt/$n && mount --bind "$path" /mnt/$n || exit 99
done
mount -t tmpfs -o mode=755 home "$home" || exit 99
n=0
while [ "$1" != -- ]; do
    n=$((n + 1)); mkdir -p "$1" && mount --bind /mnt/$n "$1" || exit 99; shift
done
shift
if [ -e /dev/kvm ]; then
    mknod -m 660 /mnt/kvm c 10 232 && chgrp {GROUP} /mnt/kvm || exit 99
    mount --bind /mnt/kvm /dev/kvm || exit 99
fi
exec setpriv --reuid={USER} --regid={USER} --groups={GROUP} --inh-caps=-all --bounding-set=-all "$@"
"""


def limited(backend: str, limit: str) -> Prefixed:
    return Prefixed(backend, ["prlimit", f"--{limit}", "--"])


@pytest.fixture
def user(backend: str) -> Guest:
    """Guests of a user who is nobody else on this machine."""
    if os.getuid():
        return Guest(backend)
    home = os.path.expanduser("~")
    paths = sorted({str(ROOT), sys.prefix, sys.base_prefix, str(cache_directory())})
    return Prefixed(backend, ["unshare", "-m", "sh", "-c", _AS_USER, "sh", home, *paths, "--"])


@pytest.mark.parametrize("home", ["none", "read-only", "a file"])
def test_a_user_without_a_home(user: Guest, compiled: Toolchain, tmp_path: Path, home: str) -> None:
    """There is nothing to remember things in, and that is all."""
    (tmp_path / "file").touch()
    place = {"none": "/nonexistent", "read-only": "/proc", "a file": str(tmp_path / "file")}[home]
    environment = {"HOME": place, "XDG_CACHE_HOME": "" if home == "none" else place}
    assert user([compiled("hello.c")], env=environment) == HELLO
    ran = user(["id", "-u"], env=environment)
    assert (ran.code, ran.err) == (0, b"") and int(ran.out) == (os.getuid() or USER)


@pytest.mark.parametrize("limit", ["memlock=0", "nofile=64", "core=0"])
def test_room_enough(backend: str, compiled: Toolchain, limit: str) -> None:
    assert limited(backend, limit)([compiled("hello.c")]) == HELLO


@pytest.mark.parametrize(
    ("limit", "word"),
    [
        ("nofile=12", b"'ulimit -n'"),
        ("as=200000000", b"256 MiB of guest memory"),
        ("fsize=0", b"too large"),
    ],
)
def test_too_little_room(backend: str, limit: str, word: bytes) -> None:
    """The interpreter of a script sees enough of the host to need more files than that."""
    ran = limited(backend, limit)([sys.executable, "-c", "print(1)"])
    assert (ran.code, ran.out, ran.err.count(b"\n")) == (125, b"", 1), ran
    assert word in ran.err


def test_no_room_for_translated_code(compiled: Toolchain) -> None:
    """Asked before the emulator's library, which would end the process."""
    ran = limited("emu", "as=450000000")([compiled("hello.c")])
    assert (ran.code, ran.err.count(b"\n")) == (125, 1), ran
    assert b"the emulator needs 272 MiB" in ran.err


def test_no_timer_left(backend: str, compiled: Toolchain) -> None:
    """KVM needs one of the kernel's."""
    ran = limited(backend, "sigpending=0")([compiled("hello.c")])
    if backend == "emu":
        assert ran == HELLO
    else:
        assert (ran.code, ran.err.count(b"\n")) == (125, 1) and b"timer_create" in ran.err, ran


@pytest.mark.parametrize("option", ["--json", "--trace"])
def test_a_full_disk(guest: Guest, compiled: Toolchain, option: str) -> None:
    ran = guest([compiled("hello.c")], options=[option, "/dev/full"])
    assert ran.code == 125
    assert ran.err.endswith(b"nanvix: cannot write /dev/full: no space left on device\n"), ran

"""What this machine offers: KVM or the reason why not, and the programs guests are made of."""

import hashlib
import os
import shutil
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

TOOLS = (
    "bash", "bc", "busybox", "cc", "curl", "dash", "erl", "fio", "g++", "gcc", "gdb", "git", "go",
    "java", "javac", "lua5.4", "luajit", "make", "nginx", "node", "openssl", "perl", "php",
    "python3", "python-tests", "redis-server", "rsync", "ruby", "rustc", "setpriv", "sha256sum",
    "sqlite3", "ssh-keygen", "sshd", "strace", "tcc", "tclsh", "tmux", "unzip", "vim", "zip",
    "zsh",
)  # fmt: skip
"""Programs some tests need; where one is missing its tests are left out and the header says so."""

PATH = "/usr/local/bin:/usr/bin:/bin"
PATIENCE = int(os.environ.get("NANVIX_TESTS_PATIENCE", "1"))
"""By how much everything may take longer than on an ordinary machine; tests/svm sets it."""

ENVIRONMENT = {"PATH": PATH, "HOME": "/root", "TERM": "dumb", "LANG": "C.UTF-8", "TZ": "UTC"}
"""The environment of every program under test, natively and in the guest."""


@cache
def kvm_trouble() -> str | None:
    """Why ``/dev/kvm`` cannot be opened, or None where it can."""
    try:
        os.close(os.open("/dev/kvm", os.O_RDWR | os.O_CLOEXEC))
    except OSError as error:
        return f"/dev/kvm cannot be opened: {(error.strerror or str(error)).lower()}"
    return None


@cache
def linux() -> tuple[int, int]:
    """The version of the kernel here: what programs do natively is by it."""
    major, minor = os.uname().release.split(".")[:2]
    return int(major), int(minor.partition("-")[0])


@cache
def missing_tools() -> frozenset[str]:
    """Those of :data:`TOOLS` that are not installed."""
    return frozenset(tool for tool in TOOLS if tool_path(tool) is None)


def tool_path(tool: str) -> str | None:
    """Where ``tool`` is; rustc may be outside the tests' own short PATH, servers are too.

    ``python-tests`` is the regression suite of the interpreter that runs these tests.
    """
    if tool == "python-tests":
        suite = find_spec("test") and find_spec("test.test_select")
        return suite.origin if suite else None
    places = f"{PATH}:{os.environ['PATH']}" if tool == "rustc" else f"{PATH}:/usr/sbin"
    return shutil.which(tool, path=places)


def zig_cache() -> str:
    """Where zig keeps the C library it builds. Each virtual environment has its own: two of them
    would rebuild what they find of each other's, and wait for each other meanwhile."""
    environment = hashlib.sha256(sys.prefix.encode()).hexdigest()[:8]
    return str(cache_directory() / f"zig-{environment}")


def cache_directory() -> Path:
    """Where compiled programs are kept between sessions, outside the source tree."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    path = Path(base) / "nanvix-tests"
    path.mkdir(parents=True, exist_ok=True)
    return path

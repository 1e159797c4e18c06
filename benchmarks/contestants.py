"""Who is measured: nanvix on its backends, the plain process, and the neighbours installed here."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PROGRAMS = Path(__file__).resolve().parent / "programs"

Wrap = Callable[[list[str]], list[str]]

ENVIRONMENT = {
    **{name: os.environ[name] for name in ("PATH", "HOME", "XDG_CACHE_HOME") if name in os.environ},
    "LANG": "C.UTF-8",
}
NANVIX = (sys.executable, "-m", "nanvix")
"""Found in the current directory, which is ROOT while measuring."""

_NEIGHBOURS: dict[str, tuple[str, ...]] = {
    "bubblewrap": ("bwrap", "--unshare-all", "--die-with-parent", "--ro-bind", "/", "/",
                   "--dev", "/dev", "--proc", "/proc", "--"),
    "gVisor (ptrace)": ("runsc", "--platform=ptrace", "--network=none", "do"),
    "qemu-user": ("qemu-x86_64",),
}  # fmt: skip


def backends() -> list[str]:
    """The backends that work here."""
    from nanvix import kvm

    return ["kvm", "emu"] if kvm.probe().available else ["emu"]


def contestants() -> dict[str, Wrap]:
    """How each runs a command; a neighbour that is missing or does not work is left out."""

    def wrapped(prefix: tuple[str, ...]) -> Wrap:
        return lambda command: [*prefix, *command]

    found = {"native": wrapped(())}
    for name in backends():
        found[f"nanvix {name}"] = wrapped((*NANVIX, "run", "--backend", name))
    for name, prefix in _NEIGHBOURS.items():
        if shutil.which(prefix[0]) and _works([*prefix, "/bin/true"]):
            found[name] = wrapped(prefix)
    return found


def _works(command: list[str]) -> bool:
    done = subprocess.run(
        command, capture_output=True, stdin=subprocess.DEVNULL, check=False, timeout=60
    )
    return done.returncode == 0


def build(name: str) -> str:
    """Path of the static musl program ``programs/NAME.c``, compiled if it is new."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    cache = Path(base) / "nanvix-benchmarks"
    source, target = PROGRAMS / f"{name}.c", cache / name
    if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
        cache.mkdir(parents=True, exist_ok=True)
        zig = str(cache / "zig")
        subprocess.run(
            [sys.executable, "-m", "ziglang", "cc", "-target", "x86_64-linux-musl", "-static",
             "-O2", "-s", str(source), "-o", str(target)],
            check=True, env=os.environ | {"ZIG_GLOBAL_CACHE_DIR": zig, "ZIG_LOCAL_CACHE_DIR": zig},
        )  # fmt: skip
    return str(target)


def python() -> str:
    """The system's Python where there is one: what published numbers are about."""
    return os.path.realpath(shutil.which("python3", path="/usr/bin") or sys.executable)


def machine() -> dict[str, str]:
    """What the numbers were taken on."""
    model = "unknown CPU"
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as info:
        for line in info:
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    system = os.uname()
    return {
        "cpu": f"{model}, {os.cpu_count()} cores",
        "system": f"{system.sysname} {system.release}",
        "python": sys.version.split()[0],
        "load": f"{os.getloadavg()[0]:.2f}",
    }

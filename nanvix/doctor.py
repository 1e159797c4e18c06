"""Finds out what works on this machine, what it means, and how to mend what does not."""

import os
import sys
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from nanvix.abi.layout import MEMORY_DEFAULT

OK, WARNING, FAILURE = "ok", "warning", "failure"

_UNICORN = "unicorn==2.1.4"
_REBUILD = "build the kernel again: pip install -e . (or python kernel/build.py)"
_TRIAL = ["echo", "nanvix"]
_PATIENCE_S = 30.0


class Check(NamedTuple):
    """One finding. ``status``: ok, warning (nanvix works, but less well) or failure.

    ``remedy``: what to do about it, empty when nothing is wrong. ``facts``: plain values for
    machines.
    """

    name: str
    status: str
    summary: str
    remedy: str = ""
    facts: Mapping[str, Any] = MappingProxyType({})


def examine() -> list[Check]:
    """Run every check; none raises. Without a backend that works, nothing does."""
    checks = [_guarded(check) for check in (_system, _kernel, _memory, _files)]
    backends = [_guarded(check) for check in (_kvm, _emulator)]
    if all(check.status != OK for check in backends):
        backends = [check._replace(status=FAILURE) for check in backends]
    return checks + backends


def _guarded(check: Callable[[], Check]) -> Check:
    try:
        return check()
    except Exception as error:
        # A doctor that falls ill over the illness would be no help.
        return Check(check.__name__.strip("_"), FAILURE, f"{type(error).__name__}: {error}")


def _system() -> Check:
    system = os.uname()
    facts = {
        "system": system.sysname,
        "release": system.release,
        "machine": system.machine,
        "python": sys.version.split()[0],
    }
    summary = f"{system.sysname} {system.release} on {system.machine}, Python {facts['python']}"
    if system.sysname != "Linux":
        return Check("system", WARNING, summary, "host files and KVM need Linux", facts)
    return Check("system", OK, summary, facts=facts)


def _kernel() -> Check:
    from nanvix.abi.header import abi_version
    from nanvix.machine.image import ImageError, KernelImage, default_image_path

    path = default_image_path()
    try:
        image = KernelImage.load(path)
    except ImageError as error:
        return Check("kernel image", FAILURE, str(error), _REBUILD)
    size = image.end - image.segments[0].start
    facts = {"path": path, "size": size, "entry": image.entry, "abi_version": abi_version()}
    return Check("kernel image", OK, f"{path}, {size >> 10} KiB in memory", facts=facts)


def _memory() -> Check:
    available = _available_memory()
    try:
        os.close(os.memfd_create("nanvix-doctor"))
    except (AttributeError, OSError) as error:
        return Check(
            "memory", FAILURE, f"memfd_create: {error}", "guest memory needs Linux 3.17 or newer"
        )
    facts = {"available": available, "default": MEMORY_DEFAULT}
    summary = f"{available >> 20} MiB available, a guest gets {MEMORY_DEFAULT >> 20} MiB by default"
    if available < MEMORY_DEFAULT:
        return Check("memory", WARNING, summary, "give guests less with --memory", facts)
    return Check("memory", OK, summary, facts=facts)


def _files() -> Check:
    from nanvix.macro.fs.linux import require_openat2

    root = os.open("/", os.O_PATH | os.O_CLOEXEC)
    try:
        require_openat2(root)
    except OSError as error:
        return Check("host files", FAILURE, str(error.strerror), "use Linux 5.6 or newer")
    finally:
        os.close(root)
    return Check("host files", OK, "openat2 keeps guests inside their mounts")


def _kvm() -> Check:
    from nanvix import kvm

    facts = kvm.describe()
    if not facts["available"]:
        return Check("kvm", WARNING, facts["reason"], facts["remedy"], facts)
    present = [quirk["name"] for quirk in facts["quirks"] if quirk["present"]]
    quirks = f"quirks: {', '.join(present)}" if present else "no quirks"
    return _try_guest(Check("kvm", OK, f"{facts['reason']}; {quirks}", facts=facts))


def _emulator() -> Check:
    from importlib.metadata import PackageNotFoundError, version

    try:
        found = version("unicorn")
    except PackageNotFoundError:
        return Check("emu", WARNING, "Unicorn is missing", f"pip install {_UNICORN}")
    facts = {"unicorn": found}
    if f"unicorn=={found}" != _UNICORN:
        summary = f"Unicorn {found} is not the version this was made for"
        return Check("emu", WARNING, summary, f"pip install {_UNICORN}", facts)
    return _try_guest(Check("emu", OK, f"Unicorn {found}", facts=facts))


def _try_guest(backend: Check) -> Check:
    """The backend's check, after running a guest on it."""
    from nanvix.errors import NanvixError
    from nanvix.sandbox import Sandbox

    try:
        result = Sandbox(backend=backend.name, timeout=_PATIENCE_S).run(_TRIAL, capture=True)
    except NanvixError as error:
        return backend._replace(status=WARNING, summary=f"{backend.summary}, but: {error}")
    if (result.exit_code, result.stdout) != (0, b"nanvix\n"):
        detail = result.detail or f"exit code {result.exit_code}"
        summary = f"{backend.summary}, but a guest failed ({result.reason}: {detail})"
        return backend._replace(status=WARNING, summary=summary, remedy=_REBUILD)
    took = f"a guest took {result.wall_time * 1e3:.0f} ms"
    return backend._replace(summary=f"{backend.summary}; {took}")


def _available_memory() -> int:
    with open("/proc/meminfo", encoding="ascii") as file:
        for line in file:
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) << 10
    return 0

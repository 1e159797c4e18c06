"""Puts a guest together: program, environment and name space become exports and a manifest."""

from __future__ import annotations

import os

from nanvix.abi.channel import MAX_PATH
from nanvix.abi.manifest import Manifest
from nanvix.errors import UsageError
from nanvix.guest import etc
from nanvix.guest.namespace import Shown, default_view
from nanvix.guest.program import DEFAULT_PATH, resolve
from nanvix.named import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from nanvix.guest.mounts import Mount

INHERITED = ("PATH", "HOME", "TERM", "LANG", "TZ")
"""All that a guest inherits of the host's environment."""
CERTIFICATES = (
    "/etc/ssl/certs",
    "/etc/ssl/openssl.cnf",
    "/etc/pki/tls",
    "/usr/share/ca-certificates",
)
"""Whom programs trust when they talk to the network; shown to guests that may."""
_MAX_STRINGS = 2 << 20
"""Bytes of arguments and environment together, as Linux allows with its usual stack limit."""


class Launch(NamedTuple):
    """What the machine needs to start the program."""

    program: str
    """Absolute path of the program's file, the same on both sides."""
    manifest: bytes
    exports: list[Shown]
    """Export ``n`` of the manifest is ``exports[n - 1]``."""


def prepare(
    argv: Sequence[str],
    env: Mapping[str, str],
    directory: str | None = None,
    mounts: Iterable[Mount] = (),
    *,
    network: bool = False,
) -> Launch:
    """Prepare ``argv`` for a guest.

    ``env`` is added to what the guest inherits. ``directory`` is its working directory,
    made if it is not there; by default the host's own where the guest can see it, or ``/``.
    ``network``: it will have a name server and the host as a neighbour.
    Raises UsageError, ProgramNotFound, ProgramError.
    """
    if isinstance(argv, str) or not all(isinstance(word, str) for word in argv):
        raise UsageError("the program and its arguments are a list of str, such as ['ls', '-l']")
    if not argv:
        raise UsageError("no program given")
    variables = _environment(env)
    _check_strings(argv, variables)
    program = resolve(argv[0], list(argv[1:]), variables.get("PATH", DEFAULT_PATH))
    view = default_view(program)
    home = variables.get("HOME", "/")
    uid, gid = os.getuid(), os.getgid()
    for path, content in etc.files(uid, gid, home, variables.get("TZ"), network).items():
        view.files[path] = (content, 0o644)
    if home.startswith("/") and home != "/":
        view.directories[os.path.normpath(home)] = 0o700
    for path in CERTIFICATES if network else ():
        view.show(path)
    for mount in mounts:
        view.mount(mount)

    here = _current_directory()
    if directory is None:
        directory = here if here and view.is_directory(here) else "/"
    elif not directory.startswith("/"):
        raise UsageError(f"-w {directory}: the guest's working directory must be absolute")
    elif not view.enter(directory):
        raise UsageError(f"-w {directory}: the guest has no such directory")
    view.finish()
    path, arguments = program.command(same_directory=directory == here)
    manifest = Manifest()
    exports = view.write(manifest)
    manifest.exec(path).cwd(directory).hostname(etc.HOSTNAME)
    for argument in arguments:
        manifest.arg(argument)
    for name, value in variables.items():
        manifest.env(f"{name}={value}")
    return Launch(program.path, manifest.encode(), exports)


def _environment(extra: Mapping[str, str]) -> dict[str, str]:
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    return {"PATH": DEFAULT_PATH} | inherited | dict(extra)


def _check_strings(argv: Sequence[str], env: Mapping[str, str]) -> None:
    total = 0
    for text in (*argv, *(f"{name}={value}" for name, value in env.items())):
        if "\0" in text:
            raise UsageError("arguments and environment cannot contain NUL bytes")
        total += len(os.fsencode(text)) + 1
    if total > _MAX_STRINGS:
        raise UsageError(f"arguments and environment are longer than {_MAX_STRINGS >> 20} MiB")
    if len(os.fsencode(argv[0])) >= MAX_PATH:
        raise UsageError("the program's name is too long")


def _current_directory() -> str | None:
    try:
        return os.getcwd()
    except OSError:
        return None

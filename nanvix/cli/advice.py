"""A line for people at a terminal: on a file their program wanted, on the KVM they may not use."""

import os
import sys
from collections.abc import Sequence

from nanvix.assembly import launch
from nanvix.guest.launch import Launch
from nanvix.result import Result
from nanvix.settings import Settings

_KVM = "/dev/kvm"
_OWN = ("/dev", "/etc", "/proc", "/run", "/sys", "/tmp", "/var")
"""What is there on the host says nothing about the guest, which has its own."""


def advise(settings: Settings, argv: Sequence[str], result: Result) -> None:
    """Print it if it is due: the program's own messages are never mixed with it in a pipe."""
    if result.reason == "exit" and result.exit_code and sys.stderr.isatty():
        word = unseen(argv, launch(settings, argv))
        if word is not None:
            print(
                f"nanvix: the guest does not see {word}; -v {_holder(word)}:ro shows it",
                file=sys.stderr,
            )


def on_emulator(reason: str, *, always: bool) -> None:
    """Say why ``auto`` means the emulator; unless ``always``, only where there is something to
    mend: a KVM, which is not ours to use."""
    if always or (sys.stderr.isatty() and os.path.exists(_KVM)):
        print(f"nanvix: on the emulator: {reason}", file=sys.stderr)


def unseen(argv: Sequence[str], launched: Launch) -> str | None:
    """The first argument that names a file of the host's which the guest was not shown."""
    sources = [shown.source for shown in launched.exports]
    for word in argv[1:]:
        if word.startswith("-") or not os.path.exists(word):
            continue
        path = os.path.realpath(word)
        own = word.startswith("/") and any(_within(path, folder) for folder in _OWN)
        if not own and not any(_within(path, source) for source in sources):
            return word
    return None


def _holder(word: str) -> str:
    """What to show: for a relative name a directory that the working directory lies in."""
    if os.path.isabs(word):
        return word if os.path.isdir(word) else os.path.dirname(word)
    return "." if _within(os.path.abspath(word), os.getcwd()) else os.path.dirname(word)


def _within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder}/")

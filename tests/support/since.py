"""What Linux does since some version only. In one table: there alone tests compare a guest in it.

``@since("SO_PASSCRED")`` leaves a test out on an older kernel; ``same(..., blur={"shut datagrams":
...})`` leaves out what such lines say there and compares all the rest.
"""

import re
from collections.abc import Mapping

import pytest

from support.host import linux

SINCE = {
    "attributes of users": (6, 6),  # in a tmpfs
    "opens before truncations": (6, 13),  # as inotify tells of them
    "timers without old signals": (6, 13),  # those set anew
    "calls on files": (6, 13),  # and flags, which came one by one until then
    "shut datagrams": (6, 14),  # that a socket is shut comes before that it has no peer
    "SO_PASSCRED": (6, 16),  # of which sockets it may be asked, and which error comes first
}

Blur = Mapping[str, tuple[bytes, bytes]]
"""What a line may say either way, by what it depends on: a pattern and its replacement."""


def since(fact: str) -> pytest.MarkDecorator:
    """Marks a test that is about it."""
    return pytest.mark.linux(*SINCE[fact])


def blurred(text: bytes, blur: Blur) -> bytes:
    """``text`` without what only newer kernels say."""
    for fact, (pattern, replacement) in blur.items():
        if linux() < SINCE[fact]:
            text = re.sub(pattern, replacement, text)
    return text

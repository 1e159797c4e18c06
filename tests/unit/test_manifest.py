"""The boot manifest: what the kernel will read is what was asked for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nanvix.abi import channel
from nanvix.abi.manifest import Manifest

Row = tuple[int, int, int, bytes, bytes]


def decode(data: bytes) -> list[Row]:
    """Records up to the end mark, read the way the kernel does."""
    rows: list[Row] = []
    at = 0
    while True:
        kind, flags, mode, value, first, second = channel.MANIFEST.codec.unpack_from(data, at)
        assert flags == 0
        at += channel.MANIFEST.size
        if kind == channel.MANIFEST_END:
            assert at == len(data)
            return rows
        strings = data[at : at + first + second + 2]
        assert strings[first] == 0
        assert strings[-1] == 0
        rows.append((kind, mode, value, strings[:first], strings[first + 1 : -1]))
        at += -(-len(strings) // 8) * 8


def test_every_record() -> None:
    manifest = (
        Manifest()
        .dir("/etc", 0o755)
        .symlink("/lib", "usr/lib")
        .file("/etc/hosts", b"a\0b", 0o644)
        .mount("/usr/lib", 3, channel.MOUNT_READ_ONLY)
        .exec("/bin/ls")
        .arg("ls")
        .env("A=b")
        .cwd("/")
        .hostname("box")
    )
    assert decode(manifest.encode()) == [
        (channel.MANIFEST_DIR, 0o755, 0, b"/etc", b""),
        (channel.MANIFEST_SYMLINK, 0, 0, b"/lib", b"usr/lib"),
        (channel.MANIFEST_FILE, 0o644, 0, b"/etc/hosts", b"a\0b"),
        (channel.MANIFEST_MOUNT, channel.MOUNT_READ_ONLY, 3, b"/usr/lib", b""),
        (channel.MANIFEST_EXEC, 0, 0, b"/bin/ls", b""),
        (channel.MANIFEST_ARG, 0, 0, b"ls", b""),
        (channel.MANIFEST_ENV, 0, 0, b"A=b", b""),
        (channel.MANIFEST_CWD, 0, 0, b"/", b""),
        (channel.MANIFEST_HOSTNAME, 0, 0, b"box", b""),
    ]


@given(st.lists(st.binary(max_size=40).filter(lambda text: b"\0" not in text), max_size=6))
def test_any_bytes_travel_as_arguments(arguments: list[bytes]) -> None:
    manifest = Manifest()
    for argument in arguments:
        manifest.arg(argument.decode("utf-8", "surrogateescape"))
    assert [row[3] for row in decode(manifest.encode())] == arguments


@pytest.mark.parametrize("path", ["relative", "", "/with\0nul", "/" + "x" * 4096])
def test_refuses_paths_the_guest_cannot_hold(path: str) -> None:
    with pytest.raises(ValueError, match=r"NUL|path"):
        Manifest().dir(path)

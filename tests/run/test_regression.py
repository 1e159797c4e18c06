"""CPython's own regression suite: each of its tests ends in a guest as it ends natively."""

import os
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from support.guest import Guest, execute
from support.host import ENVIRONMENT

MODULES = {
    "emu": (
        "test_select", "test_poll", "test_epoll", "test_fcntl", "test_pty", "test_eintr",
        "test_resource", "test_fileio",
    ),
    "kvm": (
        "test_select", "test_poll", "test_epoll", "test_fcntl", "test_pty", "test_eintr",
        "test_resource", "test_fileio", "test_posix", "test_asyncore", "test_file",
        "test_genericpath", "test_getpass", "test_grp", "test_locale", "test_openpty",
        "test_posixpath", "test_pwd", "test_sched", "test_stat", "test_syslog", "test_telnetlib",
        "test_timeout", "test_tty", "test_wait3",
    ),
}  # fmt: skip
"""What is near the kernel, and quick there."""
SOCKETS = {
    "emu": ("*RFC3542AncillaryUDP6*",),
    "kvm": ("*RFC3542*", "*UDPLITE*", "*SendmsgUDP*", "*RecvmsgUDP*"),
}
"""Of the many tests of ``test_socket``, by name."""
LIMIT_S = 300.0

Outcomes = dict[str, str]


def outcomes(report: Path) -> Outcomes:
    """How each test ended, by its full name, from the suite's own report."""
    found = {}
    for test in ElementTree.parse(report).iter("testcase"):
        kinds = {child.tag for child in test} & {"skipped", "failure", "error"}
        found[test.attrib["name"]] = kinds.pop() if kinds else "passed"
    return found


def natively(suite: list[str], folder: Path) -> Outcomes:
    """Temporary files lie in memory, as they do in a guest."""
    memory = {"TMPDIR": "/dev/shm"} if os.path.isdir("/dev/shm") else {}
    report = folder / "natively.xml"
    ran = execute(
        [*suite, "--junit-xml", report], env=ENVIRONMENT | memory, cwd=folder, limit=LIMIT_S
    )
    assert report.exists(), f"natively:\n{ran}"
    return outcomes(report)


def compare(guest: Guest, folder: Path, modules: tuple[str, ...], only: tuple[str, ...]) -> None:
    """Run ``modules`` of the suite natively and in a guest; of them only what a pattern names.

    Some of its tests hang on the moment. A difference is what shows twice.
    """
    chosen = [part for pattern in only for part in ("-m", pattern)]
    suite = [sys.executable, "-m", "test", "-v", *chosen, *modules]
    differ = differences(guest, folder, suite)
    if differ:
        differ = {
            name: how for name, how in differences(guest, folder, suite).items() if name in differ
        }
    assert not differ, "\n".join(f"{name}: {how}" for name, how in sorted(differ.items()))


def differences(guest: Guest, folder: Path, suite: list[str]) -> Outcomes:
    """How tests ended that did not end the same way in both."""
    expected = natively(suite, folder)
    report = folder / "guest.xml"
    report.unlink(missing_ok=True)
    options = ["--memory", "512M", "-v", f"{folder}:{folder}", "-w", "/tmp"]
    ran = guest([*suite, "--junit-xml", report], options=options, limit=LIMIT_S)
    assert report.exists(), f"in the guest:\n{ran}"
    found = outcomes(report)
    assert "passed" in found.values()
    return {
        name: f"natively {expected.get(name)}, in the guest {found.get(name)}"
        for name in expected.keys() | found.keys()
        if expected.get(name) != found.get(name)
    }


@pytest.mark.timeout(5 * LIMIT_S)
@pytest.mark.requires("python-tests")
def test_near_the_kernel(guest: Guest, tmp_path: Path) -> None:
    compare(guest, tmp_path, MODULES[guest.backend], ())


@pytest.mark.timeout(5 * LIMIT_S)
@pytest.mark.requires("python-tests")
def test_sockets(guest: Guest, tmp_path: Path) -> None:
    compare(guest, tmp_path, ("test_socket",), SOCKETS[guest.backend])

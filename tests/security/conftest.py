"""What the security tests share: nanvix started by somebody without rights or without KVM."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from support.guest import Argument, Guest

NO_RIGHTS = ("setpriv", "--bounding-set=-all", "--inh-caps=-all", "--")
"""Root without capabilities is a user like any other."""


class Prefixed(Guest):
    """Runs nanvix under another command."""

    def __init__(self, backend: str, prefix: Sequence[Argument]) -> None:
        super().__init__(backend)
        self.prefix = prefix

    def command(self, argv: Sequence[Argument], options: Sequence[Argument] = ()) -> list[Argument]:
        return [*self.prefix, *super().command(argv, options)]


def covering(source: Path, target: str) -> list[Argument]:
    """A prefix for a command without rights that sees ``source`` at ``target``.

    Needs a mount namespace of its own, so the test is skipped where there is none.
    """
    script = 'mount --bind "$0" "$1" && shift && exec setpriv --bounding-set=-all "$@"'
    prefix = ["unshare", "-m", "sh", "-c", script, source, target, "--inh-caps=-all", "--"]
    if subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode:
        pytest.skip("mount namespaces need root")
    return prefix


@pytest.fixture
def no_rights() -> Guest:
    """Guests started by a user without any privilege."""
    return Prefixed("auto", NO_RIGHTS if os.getuid() == 0 else ())


@pytest.fixture(params=["absent", "not permitted"])
def no_kvm(request: pytest.FixtureRequest, tmp_path: Path) -> Prefixed:
    """Guests on a machine whose ``/dev/kvm`` is absent, or not permitted."""
    if request.param == "absent":
        empty = tmp_path / "dev"
        empty.mkdir()
        return Prefixed("kvm", covering(empty, "/dev"))
    device = tmp_path / "kvm"
    device.touch(mode=0)
    if not os.path.exists("/dev/kvm"):
        pytest.skip("there is no /dev/kvm to forbid")
    return Prefixed("kvm", covering(device, "/dev/kvm"))

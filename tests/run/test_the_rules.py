"""The rules of this suite itself: skips on KVM are failures, and the summary counts."""

import os
import subprocess
import sys
from pathlib import Path

from support.host import ROOT, kvm_trouble

SUITE = """
import pytest

def test_skips(backend):
    pytest.skip("no reason to speak of")

def test_passes(backend):
    pass

@pytest.mark.requires("python3")
def test_needs_a_tool():
    pass
"""


def test_a_skip_on_kvm_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "test_suite.py").write_text(SUITE)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "conftest", "-p", "no:cacheprovider", "."],
        cwd=tmp_path, env=os.environ | {"PYTHONPATH": f"{ROOT}/tests:{ROOT}"},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    if kvm_trouble():
        assert "2 skipped" in done.stdout
        assert f"0 tests ran on KVM ({kvm_trouble()})" in done.stdout
    else:
        assert "1 failed" in done.stdout
        assert "skipped on KVM although /dev/kvm can be opened" in done.stdout
        assert "2 tests ran on KVM, 1 on emu" in done.stdout

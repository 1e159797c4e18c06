"""``nanvix diff``: two backends, one behaviour."""

import re
import sys
from typing import TYPE_CHECKING

import pytest
from support.guest import execute, host_environment
from support.host import kvm_trouble
from support.toolchain import Toolchain

if TYPE_CHECKING:
    from conftest import Nanvix

BOTH = pytest.mark.skipif(kvm_trouble() is not None, reason=str(kvm_trouble()))


@BOTH
def test_equal(nanvix: "Nanvix", compiled: Toolchain) -> None:
    ran = nanvix("diff", compiled("hello.c"))
    assert (ran.code, ran.out) == (0, b"hello, world\n")
    assert b"no difference in" in ran.err


@BOTH
@pytest.mark.parametrize("family", ["memory", "files"])
def test_equal_families(nanvix: "Nanvix", compiled: Toolchain, family: str) -> None:
    ran = nanvix("diff", "-w", "/tmp", compiled(f"{family}.c"))
    assert ran.code == 0, ran


@BOTH
def test_equal_shell_pipeline(nanvix: "Nanvix") -> None:
    ran = nanvix("diff", "sh", "-c", "printf 'b\\na\\n' | sort; exit 3")
    assert ran.code == 0, ran


@BOTH
def test_equal_python(nanvix: "Nanvix") -> None:
    ran = nanvix("diff", sys.executable, "-c", "print(sum(range(100)))")
    assert ran.code == 0, ran


@BOTH
def test_different(nanvix: "Nanvix", compiled: Toolchain) -> None:
    """A program that shows the processor's clock: the write that differs is named."""
    ran = nanvix("diff", compiled("backend.c"))
    assert ran.code == 1
    assert b"stdout differs" in ran.out


@BOTH
def test_standard_input_goes_to_both() -> None:
    command = [sys.executable, "-m", "nanvix", "diff", "wc", "-c"]
    ran = execute(command, input=b"x" * 1000, env=host_environment())
    assert (ran.code, ran.out) == (0, b"1000\n")


@BOTH
def test_instructions_agree(nanvix: "Nanvix", compiled: Toolchain) -> None:
    """Calls, system calls and undefined flags included."""
    ran = nanvix("diff", "--instructions", compiled("hello.c"))
    assert (ran.code, ran.out) == (0, b"hello, world\n"), ran
    found = re.search(rb"no difference in (\d+) instructions", ran.err)
    assert found is not None and int(found[1]) > 500


@BOTH
def test_the_first_instruction_that_differs_is_named(nanvix: "Nanvix", compiled: Toolchain) -> None:
    ran = nanvix("diff", "--instructions", compiled("debug/clock.c"))
    assert ran.code == 1
    assert re.search(rb"0f 31 .* rdtsc\n", ran.out), ran
    assert re.search(rb"\n +rax .* <\n", ran.out), ran

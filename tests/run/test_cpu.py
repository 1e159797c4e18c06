"""One CPU model: what a program sees of the processor does not tell the backends apart."""

import pytest
from support.guest import Guest, execute
from support.host import ENVIRONMENT, kvm_trouble
from support.toolchain import Toolchain


def shows(backend: str, compiled: Toolchain) -> list[str]:
    ran = Guest(backend)([compiled("cpu.c")])
    assert ran.code == 0
    return ran.out.decode().splitlines()


@pytest.mark.skipif(kvm_trouble() is not None, reason=str(kvm_trouble()))
def test_backends_agree(compiled: Toolchain) -> None:
    """All of CPUID where it traps in ring 3; registers and segments on every host."""
    from nanvix.kvm import describe

    quirks = {quirk["name"] for quirk in describe()["quirks"] if quirk["present"]}
    kvm, emu = shows("kvm", compiled), shows("emu", compiled)
    if "host_cpuid" in quirks:
        assert kvm[-2:] == emu[-2:]
    else:
        assert kvm == emu


def test_model(compiled: Toolchain) -> None:
    """The emulator shows x86-64-v2 with the registers Linux starts programs with."""
    text = "\n".join(shows("emu", compiled))
    assert "segments 33 2b 0 0" in text
    assert "fcw 37f mxcsr 1f80 fs 0" in text


@pytest.mark.skipif(kvm_trouble() is not None, reason=str(kvm_trouble()))
def test_a_handler_hears_what_went_wrong(compiled: Toolchain) -> None:
    """Division, overflow and their kind, in x87 and vector registers; the emulator raises few."""
    program = compiled("unmasked.c")
    expected = execute([program], env=ENVIRONMENT)
    assert Guest("kvm")([program]) == expected
    assert expected.out.count(b"code") == 11

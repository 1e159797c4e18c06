"""Supervisor guests do the same on the emulator and on KVM: event by event, and step by step.

What a host's KVM or the emulator is known to do otherwise stands in one table
(differential.excuses), with the reason. tests/svm compares the same cases with a standard KVM.
"""

from fnmatch import fnmatchcase

import pytest
from differential.excuses import EXCUSES, SOFTWARE_CPU, STEPPING
from differential.report import difference
from differential.specimen import Case
from differential.suite import CASES, see
from support.host import kvm_trouble

from nanvix.emu.divergences import DIVERGENCES
from nanvix.kvm.findings import findings
from nanvix.kvm.quirks import QUIRKS

BOTH = pytest.mark.skipif(kvm_trouble() is not None, reason=str(kvm_trouble()))
NAMES = [case.name for case in CASES]


def quirks() -> list[str]:
    return [name for name, present in findings().items() if present]


def test_names_are_unique() -> None:
    assert len(set(NAMES)) == len(NAMES)


def test_excuses_speak_of_something() -> None:
    known = {"kvm", SOFTWARE_CPU, STEPPING} | {quirk.name for quirk in QUIRKS}
    known |= {f"emulator: {entry.topic}" for entry in DIVERGENCES}
    assert {excuse.who for excuse in EXCUSES} <= known
    patterns = [pattern for excuse in EXCUSES for pattern in excuse.cases]
    idle = [p for p in patterns if not any(fnmatchcase(name, p) for name in NAMES)]
    assert idle == []


@BOTH
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_events_agree(case: Case) -> None:
    kvm, emu = see("kvm", case, stepping=False), see("emu", case, stepping=False)
    assert difference(case.name, kvm, emu, quirks()) is None


@BOTH
def test_steps_agree() -> None:
    """Here where KVM can step; on a standard KVM in tests/svm."""
    blocking = {"no_kernel_step", "no_user_step"} & set(quirks())
    if blocking:
        pytest.skip(f"KVM cannot step here: {', '.join(sorted(blocking))}")
    for case in CASES:
        assert difference(case.name, see("kvm", case), see("emu", case), quirks()) is None

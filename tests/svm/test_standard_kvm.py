"""KVM as the manuals have it: backend and kernel on a machine with emulated AMD-V.

What runs here are other tests of this suite, inside that machine. See docs/svm.md.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest
from differential.excuses import SOFTWARE_CPU
from differential.report import difference
from differential.suite import CASES, load, see
from support.guest import NANVIX
from support.host import missing_tools
from support.toolchain import Toolchain
from svm.lane import Lane
from svm.packages import QEMU, Unavailable, kernel

from nanvix.conformance.kernel_table import implemented
from nanvix.conformance.runs import MISSING, NATIVE, parse, run
from nanvix.conformance.status import why_different
from nanvix.conformance.suite import build, cases

pytestmark = pytest.mark.timeout(540)

BACKEND = (
    "backends/test_backend_control.py",
    "backends/test_backend_exceptions.py",
    "backends/test_backend_state.py",
    "backends/test_kvm_backend.py",
    "backends/test_kvm_kicks.py",
    "backends/test_kvm_lifetime.py",
    "backends/test_kvm_quirks.py",
)
EMULATED_CPU = {
    "test_a_system_call_enters_ring_0[": "syscall drops the arithmetic flags",
    "test_instructions_the_table_does_not_offer_are_invalid[kvm-0f01f9]": "rdtscp works",
    "test_int_0x80_needs_an_open_gate[": "the fault's error code names another vector",
}
"""Where QEMU's software CPU departs from AMD's: the tests that may fail for it, and why."""

PROGRAMS = (
    "run/test_hello.py::test_musl",
    "run/test_hello.py::test_glibc",
    "run/test_kernel_abi.py::test_family[kvm-entry-musl]",
    "run/test_kernel_abi.py::test_family[kvm-processes-musl]",
    "run/test_kernel_abi.py::test_family[kvm-signals-musl]",
    "run/test_kernel_abi.py::test_family[kvm-threads-musl]",
    "run/test_kernel_abi.py::test_segments[kvm-bases]",
    "run/test_kernel_abi.py::test_segments[kvm-handler]",
    "run/test_kernel_abi.py::test_segments[kvm-beyond]",
    "run/test_kernel_abi.py::test_segments[kvm-stack]",
    "run/test_kernel_abi.py::test_system_calls_of_32_bit_code_are_invalid[kvm]",
    "run/test_sockets.py::test_random_program[kvm-1]",
    "run/test_shells.py::test_dash[kvm-long-pipeline]",
    "run/test_shells.py::test_dash[kvm-traps]",
    "run/test_shells.py::test_script_file",
    "run/test_coreutils.py::test_command[kvm-find]",
    "run/test_coreutils.py::test_command[kvm-ls of a tree]",
    "run/test_coreutils.py::test_command[kvm-sha256sum]",
    "run/test_coreutils.py::test_command[kvm-timeout]",
    "run/test_limits.py::test_timeout[kvm-spin]",
    "run/test_python.py::test_statement[kvm-print(1)]",
    "security/test_hostile_guest.py::test_signal_frames_with_garbage",
    "snapshot/test_move.py::test_programs[kvm-emu-registers]",
    "snapshot/test_move.py::test_programs[emu-kvm-registers]",
)
"""Most of these do in the guest what they do natively; ``entry`` is this lane's very subject."""

DEBUGGING = (
    "debug/test_gdb.py::test_a_variable_is_watched[kvm]",
    "debug/test_watching.py::test_two_pages_strings_and_the_kernel[kvm]",
    "tui/test_kvm.py::test_a_script[kvm]",
)
"""A gdb, and the debugger: the guest kernel stops itself, here from ring 0."""

SOURCES = (
    "die.c", "entry.c", "hello.c", "net/dice.c", "processes.c", "segments.c", "sigframe.c",
    "signals.c", "threads.c",
)  # fmt: skip

CONFORMANCE = (
    "changing_code", "cloning", "memory", "memory_changes", "memory_stacks", "processes",
    "secure_computing_strict", "sequences", "signals", "signals_frames", "trace_calls",
    "trace_state",
)  # fmt: skip
"""Families of tests/conformance about what this CPU does its own way: faults, traps, page rights,
ways into the kernel and out of it."""
TOO_SLOW = 8
"""How many of their cases may not be done in the time a case has."""


@pytest.fixture(scope="module")
def lane() -> Iterator[Lane]:
    """The machine."""
    try:
        stock = kernel()
    except Unavailable as error:
        pytest.skip(f"no machine with a standard KVM: {error}")
    with Lane(stock) as machine:
        yield machine


def run_inside(lane: Lane, tests: tuple[str, ...], limit: float) -> str:
    """Run tests of this suite on the machine's KVM; pytest's report if all is as expected."""
    options = ("-q", "-k", "kvm", "-n0", "-p", "no:cacheprovider", "--tb=short")
    paths = [f"tests/{test}" for test in tests]
    ran = lane([sys.executable, "-m", "pytest", *options, *paths], limit=limit)
    report = ran.out.decode(errors="replace")
    failed = re.findall(r"^(?:FAILED|ERROR) \S+::(\S+)", report, re.MULTILINE)
    wrong = [test for test in failed if not test.startswith(tuple(EMULATED_CPU))]
    assert ran.code in (0, 1) and not wrong, str(ran)
    return report


def test_there_are_no_quirks(lane: Lane) -> None:
    """Whatever the probes find here is either true of QEMU or a mistake in the probe."""
    code = "import json, nanvix.kvm; print(json.dumps(nanvix.kvm.describe()))"
    ran = lane([sys.executable, "-c", code])
    assert ran.code == 0, str(ran)
    answer = json.loads(ran.out)
    assert answer["available"] and answer["certain"]
    found = {quirk["name"] for quirk in answer["quirks"] if quirk["present"]}
    assert found <= (set() if _qemu_version() >= 10 else {"no_breakpoints"})


def _qemu_version() -> int:
    text = subprocess.run([QEMU, "--version"], check=True, capture_output=True, text=True).stdout
    found = re.search(r"version (\d+)", text)
    assert found, text
    return int(found[1])


def test_the_backend_keeps_its_promises(lane: Lane) -> None:
    report = run_inside(lane, BACKEND, 300)
    assert "skipped" not in report


def test_supervisor_guests_agree_step_by_step(lane: Lane) -> None:
    """Every second guest of tests/differential, with every instruction of both rings; the emulator
    runs out here."""
    names = [case.name for case in CASES[::2]]
    ran = lane([sys.executable, "tests/differential/suite.py", "kvm", *names], limit=390)
    assert ran.code == 0, str(ran)
    found = load(ran.out.decode())
    differences = [
        text
        for case in CASES[::2]
        if (text := difference(case.name, found[case.name], see("emu", case), [SOFTWARE_CPU]))
    ]
    assert not differences, "\n\n".join(differences)
    assert sum(len(seen.steps or ()) for seen in found.values()) > 2 * len(names)


def test_a_program_agrees_instruction_by_instruction(lane: Lane, compiled: Toolchain) -> None:
    """Stepped by the host, on this KVM and on the emulator in there."""
    command = (sys.executable, "-m", "nanvix", "diff", "--instructions", compiled("hello.c"))
    ran = lane(command, limit=300)
    assert (ran.code, ran.out) == (0, b"hello, world\n"), str(ran)
    found = re.search(rb"no difference in (\d+) instructions", ran.err)
    assert found is not None and int(found[1]) > 500


def test_cases_say_what_they_say_on_this_host(lane: Lane) -> None:
    """The guest's kernel on that KVM, compared with the host's own: newer than the machine's."""
    programs = [build(family) for family in CONFORMANCE]
    shown = [
        word for program in programs for word in ("-v", f"{program.parent}:{program.parent}:ro")
    ]
    script = 'for program; do echo "=== ${program##*/}"; "$program"; done'
    command = [*NANVIX, "run", "--backend", "kvm", "-w", "/tmp", *shown, "sh", "-c", script, "sh"]
    ran = lane([*command, *programs], limit=390)
    assert ran.code == 0, str(ran)
    texts = re.split(r"^=== .*\n", ran.out.decode(), flags=re.MULTILINE)[1:]
    late, differences = [], []
    for program, text in zip(programs, texts, strict=True):
        here, there = run(program, NATIVE), parse(text)
        for case in cases(program.name):
            native, guest = here[case.name], there.get(case.name, MISSING)
            if guest.end.startswith("took longer"):
                late.append(case.name)
            elif guest != native and why_different(case, implemented()) is None:
                differences.append(f"{case}\nhere:\n{native}\nthere:\n{guest}")
    assert not differences, "\n\n".join(differences)
    assert len(late) <= TOO_SLOW, late


def test_programs_run_as_natively(lane: Lane, compiled: Toolchain) -> None:
    """They are compiled out here, where it takes a second: the machine has the same cache."""
    for source in SOURCES:
        compiled(source)
    if "gcc" not in missing_tools():
        compiled("hello.c", "glibc")
        compiled("hello.c", "dynamic")
        compiled("moving.c", "glibc")
    run_inside(lane, PROGRAMS, 500)


def test_programs_are_debugged(lane: Lane, compiled: Toolchain) -> None:
    if "gcc" not in missing_tools():
        for more in ((), ("-fno-omit-frame-pointer",)):
            compiled("debug/watched.c", "glibc", ("-g", "-O1", *more))
    run_inside(lane, DEBUGGING, 400)

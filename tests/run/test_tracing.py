"""strace and gdb in a guest show of a program what they show of it natively."""

import re
import shutil
from pathlib import Path

import pytest
from support.guest import Guest, execute
from support.host import ENVIRONMENT
from support.toolchain import PROGRAMS, Toolchain

LIMIT_S = 240.0
pytestmark = pytest.mark.timeout(3 * LIMIT_S)


def run(guest: Guest | None, folder: Path, argv: list[str]) -> str:
    """What a program prints on both streams, natively or in a guest that sees its folder."""
    if guest is None:
        ran = execute(argv, env=ENVIRONMENT, cwd=folder, limit=LIMIT_S)
    else:
        ran = guest(argv, options=["-v", f"{folder}:{folder}:rw", "-w", folder], limit=LIMIT_S)
    return f"{ran.out.decode()}{ran.err.decode()}exit {ran.code}"


def both(
    guest: Guest, folder: Path, program: Path, argv: list[str], there: list[str] | None = None
) -> list[Path]:
    """The folders of two runs, one after the other at the same place; ``there``: what to run in
    the guest instead."""
    found = []
    for name, place in (("natively", None), ("in the guest", guest)):
        work = folder / "work"
        work.mkdir()
        shutil.copy(program, work / "program")
        for source in (PROGRAMS / "trace").iterdir():
            shutil.copy(source, work)
        (work / "said").write_text(run(place, work, (there if place else None) or argv))
        found.append(work.rename(folder / name))
    return found


# -- strace ----------------------------------------------------------------------------------------


_THREAD = re.compile(
    r"(si_pid=|\btkill\(|tid=\[|wait4\(|(?:fork|clone|wait4|set_tid_address)\(.*\) += )(\d+)"
)


def logs(folder: Path) -> list[str]:
    """The logs of all threads in the order of their numbers, without what differs in every run."""
    files = sorted(folder.glob("log.*"), key=lambda path: int(path.suffix[1:]))
    numbers = {path.suffix[1:]: f"T{i}" for i, path in enumerate(files)}
    texts = []
    for path in files:
        text = path.read_text()
        for _ in range(3):  # of a call its arguments and its result
            text = _THREAD.sub(lambda m: m[1] + numbers.get(m[2], m[2]), text)
        text = re.sub(r"0x[0-9a-f]{6,}", "ADDRESS", text)
        text = re.sub(r"/\* \d+ vars \*/", "VARIABLES", text)
        text = re.sub(r"si_([us])time=\d+( /\*.*?\*/)?", r"si_\1time=N", text)
        texts.append(re.sub(r" +", " ", text))
    return texts


@pytest.mark.requires("strace")
def test_strace_shows_what_it_shows_natively(
    guest: Guest, tmp_path: Path, compiled: Toolchain
) -> None:
    program = compiled("trace/watched.c")
    # Who waits for a futex, and whether at all, is a matter of time.
    argv = ["strace", "-ff", "-o", "log", "-e", "trace=!futex,brk,mmap", "./program"]
    natively, guests = both(guest, tmp_path, program, argv)
    assert (guests / "said").read_text() == (natively / "said").read_text()
    expected = logs(natively)
    assert logs(guests) == expected
    assert len(expected) == 4
    assert "+++ exited with 11 +++" in expected[0]
    assert "--- SIGUSR1 {si_signo=SIGUSR1, si_code=SI_TKILL, si_pid=T0" in expected[0]
    assert 'chdir("/nowhere")' in expected[1]
    assert expected[1].endswith("+++ exited with 0 +++\n")
    assert "+++ exited with 7 +++" in expected[2]
    assert "+++ killed by SIGSEGV +++" in expected[3]


@pytest.mark.requires("strace")
def test_strace_joins_a_program_that_runs(guest: Guest, tmp_path: Path) -> None:
    script = (
        "rm -f log; sleep 60 & child=$!; until grep -q 'S (sl' /proc/$child/status; do :; done;"
        " (until test -s log; do sleep 0.1; done; kill $child) &"
        " strace -o log -p $child 2>/dev/null; wait $child;"
        " echo ended with $?; cat log"
    )
    texts = [
        re.sub(
            r"si_pid=\d+|0x[0-9a-f]+|tv_n?sec=\d+", "N", run(place, tmp_path, ["sh", "-c", script])
        )
        for place in (None, guest)
    ]
    assert texts[0] == texts[1]
    assert "ended with 143" in texts[1]
    assert "+++ killed by SIGTERM +++" in texts[1]


# -- gdb -------------------------------------------------------------------------------------------

CALL = 'printf "called: %d\\n", weigh(&last)'
"""On processors with the largest registers gdb 13 cannot call functions natively."""
COMMANDS = (
    "set can-use-hw-watchpoints 0",
    "break weigh",
    "run",
    "backtrace",
    "print *node",
    "watch sum",
    "continue",
    "continue",
    "info locals",
    "delete",
    "x/2i $pc",
    "stepi",
    "finish",
    "print total",
    "set var total = 41",
    "tbreak count",
    "continue",
    "backtrace 1",
    "print $xmm0.v2_double[0] == 0",
    CALL,
    "continue",
    "backtrace",
    "print $_siginfo._sifields._sigfault.si_addr",
    "info signal SIGSEGV",
    "continue",
)


_VARIES = re.compile(r"^(\[.*\]|Python Exc.*|gdb: warning.*)\n|0x7[0-9a-f]{8,}", re.MULTILINE)


@pytest.mark.requires("gdb")
def test_gdb_shows_what_it_shows_natively(
    guest: Guest, tmp_path: Path, compiled: Toolchain
) -> None:
    program = compiled("trace/debugged.c", flags=["-g", "-O0", "-fno-omit-frame-pointer"])
    # Without its Python files gdb starts in half the time.
    argv = ["gdb", "-nx", "-batch", f"--data-directory={tmp_path}"]
    for command in COMMANDS:
        argv += ["-ex", command]
    plain = [r"echo called: 3\n" if word == CALL else word for word in argv]
    natively, guests = (
        _VARIES.sub("", (run / "said").read_text())
        for run in both(guest, tmp_path, program, [*plain, "./program"], [*argv, "./program"])
    )
    assert guests == natively
    for line in (
        "Breakpoint 1, weigh (node=",
        'name = "first", weight = 1',
        "Old value = 0",
        "New value = 1",
        "Value returned is $2 = 4",
        "called: 3",
        "5 2.5",
        "received signal SIGSEGV",
        "in crash (at=0x8",
        "Program terminated with signal SIGSEGV",
    ):
        assert line in re.sub(r'0x\w+ "', '"', natively), natively


# -- whatever they do ------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [3, 14, 159])
def test_no_tracer_and_no_tracee_harms_the_kernel(
    guest: Guest, compiled: Toolchain, seed: int
) -> None:
    ran = guest(
        [compiled("trace/fray.c"), str(seed), "12"], options=["--timeout", "100"], limit=120
    )
    assert ran.code == 0, ran
    assert ran.out.endswith(b"all have ended\n"), ran

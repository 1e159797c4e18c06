"""The command line: what it accepts, and one clear line for what it does not."""

import argparse
import signal
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nanvix import __version__
from nanvix.cli import main as cli
from nanvix.cli import run as run_verb
from nanvix.cli.options import PROGRAM, command, read_plain, sandbox_options, size
from nanvix.cli.parser import Parser
from nanvix.cli.signals import Relay
from nanvix.errors import UsageError
from nanvix.result import exit_code
from nanvix.sandbox import Sandbox


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["nanvix", *arguments])
    return cli.main()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("256M", 256 << 20), ("1G", 1 << 30), ("1GiB", 1 << 30), ("64k", 64 << 10),
        ("0.5G", 512 << 20), ("8388608", 8 << 20), ("16MB", 16 << 20),
    ],
)  # fmt: skip
def test_sizes(text: str, value: int) -> None:
    assert size(text) == value


@pytest.mark.parametrize("text", ["", "M", "-1M", "0", "12Q", "1e400", "nan", "inf", "M256"])
def test_refuses_sizes(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError):
        size(text)


def parse(*arguments: str) -> tuple[argparse.Namespace, list[str]]:
    parser = Parser(prog="test")
    parser.add(*PROGRAM)
    options = parser.parse_args(list(arguments))
    return options, command(options, "test")


@pytest.mark.parametrize(
    ("arguments", "argv"),
    [
        (["ls"], ["ls"]),
        (["ls", "-la", "--memory", "x"], ["ls", "-la", "--memory", "x"]),
        (["--timeout", "5", "grep", "--", "-x"], ["grep", "--", "-x"]),
        (["--", "-odd", "--", "-y"], ["-odd", "--", "-y"]),
        (["-e", "A=b", "--", "ls", "-e"], ["ls", "-e"]),
        (["sh", "-c", "echo $0 \n", ""], ["sh", "-c", "echo $0 \n", ""]),
    ],
)
def test_everything_behind_the_program_is_the_guests(arguments: list[str], argv: list[str]) -> None:
    assert parse(*arguments)[1] == argv


def test_options_become_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FROM_HOST", "yes")
    monkeypatch.delenv("NOT_THERE", raising=False)
    options, _ = parse(
        "--memory", "32M", "--timeout=2.5", "-e", "A=b=c", "-e", "FROM_HOST", "-e", "NOT_THERE",
        "-w", "/data", "-v", "/usr/lib:/data:ro", "--allow", "example.com:443",
        "-p", "8080:80", "--net", "host", "ls",
    )  # fmt: skip
    assert sandbox_options(options) == {
        "memory": 32 << 20,
        "timeout": 2.5,
        "env": {"A": "b=c", "FROM_HOST": "yes"},
        "directory": "/data",
        "mounts": [("/usr/lib", "/data", True)],
        "net": "host",
        "allow": ["example.com:443"],
        "ports": ["8080:80"],
    }


BAD = {
    ("run",): (125, "no PROGRAM"),
    ("run", "--"): (125, "no PROGRAM"),
    ("run", "--bogus", "ls"): (125, "--bogus"),
    ("run", "--memory", "lots", "ls"): (125, "not a size"),
    ("run", "--timeout", "-1", "ls"): (125, "seconds"),
    ("run", "--timeout", "nan", "ls"): (125, "seconds"),
    ("run", "--max-instructions", "0", "ls"): (125, "instructions"),
    ("run", "--max-instructions", "9", "--backend", "kvm", "ls"): (125, "emulator"),
    ("run", "--backend", "xen", "ls"): (125, "invalid choice: 'xen'"),
    ("run", "-e", "=x", "ls"): (125, "NAME=VALUE"),
    ("run", "-w", "relative", "ls"): (125, "absolute"),
    ("run", "-v", "/no/such:/x", "ls"): (125, "no such file"),
    ("run", "--trace", "/no/such/place", "ls"): (125, "/no/such/place"),
    ("run", "no-such-program"): (127, "command not found"),
    ("run", "/no/such/program"): (127, "no such file"),
    ("run", "/etc/passwd"): (126, "not executable"),
    ("diff", "no-such-program"): (127, "command not found"),
    ("launch",): (125, "unknown command 'launch'"),
}


@pytest.mark.parametrize("arguments", BAD, ids=" ".join)
def test_bad_input_is_one_line(
    arguments: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, fragment = BAD[arguments]
    monkeypatch.setattr("os.isatty", lambda fd: True)
    assert run(monkeypatch, *arguments) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert fragment in err
    assert err.startswith("nanvix: ")
    assert err.count("\n") == 1


def test_version_and_help(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "--version") == 0
    assert capsys.readouterr().out == f"nanvix {__version__}\n"
    assert run(monkeypatch, "--help") == 0
    assert "nanvix run" in capsys.readouterr().out
    assert run(monkeypatch) == 125


@pytest.mark.parametrize(
    ("reason", "status", "code"),
    [
        ("exit", 7 << 8, 7), ("signal", 11, 139), ("signal", 6 | 0x80, 134), ("timeout", 0, 124),
        ("budget", 0, 124), ("panic", 0, 125), ("error", 0, 125), ("shutdown", 0, 125),
        ("interrupt", 0, 130), ("terminate", 0, 143), ("hangup", 0, 129), ("closed", 0, 125),
    ],
)  # fmt: skip
def test_exit_codes(reason: str, status: int, code: int) -> None:
    assert exit_code(reason, status) == code


def test_limits_that_make_no_sense() -> None:
    for wrong in ({"timeout": 0.0}, {"max_instructions": -1}, {"backend": "qemu"}):
        with pytest.raises(UsageError):
            Sandbox(**wrong)  # type: ignore[arg-type]


class Recorder(Sandbox):
    """A sandbox whose guest only writes down what reaches it."""

    running = True  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[int | str] = []

    def signal(self, signo: int) -> None:
        self.heard.append(signo)

    def stop(self, reason: str, detail: str = "") -> None:
        self.heard.append(reason)


def test_interrupts_reach_the_guest_and_twice_end_it() -> None:
    sandbox = Recorder()
    before = signal.getsignal(signal.SIGINT)
    with Relay(sandbox):
        for signo in (signal.SIGINT, signal.SIGINT, signal.SIGWINCH, signal.SIGTERM):
            signal.raise_signal(signo)
    assert sandbox.heard == [signal.SIGINT, "interrupt", signal.SIGWINCH, "terminate"]
    assert signal.getsignal(signal.SIGINT) is before


def test_an_interrupt_before_the_guest_runs_is_an_ordinary_one() -> None:
    with pytest.raises(KeyboardInterrupt), Relay(Sandbox()):
        signal.raise_signal(signal.SIGINT)


def parsed(*words: str) -> dict[str, object]:
    parser = Parser(prog="test")
    parser.add(*run_verb._OPTIONS)
    return vars(parser.parse_args(list(words)))


NAMES = sorted({name for names, _ in run_verb._OPTIONS for name in names} - {"command"})
WORDS = st.one_of(
    st.sampled_from(NAMES),
    st.sampled_from(
        ("kvm", "emu", "5", "0x7", "256M", "A=b", "host", "ls", "-", "--", "-1", "", "-h")
    ),
    st.sampled_from(
        ("--memory=1G", "--backend=", "-p80:80", "--verbose=1", "--tim=5", "-x", "--json=-")
    ),
)


@given(st.lists(WORDS, max_size=7))
def test_what_is_read_plainly_is_what_the_parser_reads(words: list[str]) -> None:
    options = read_plain(run_verb._OPTIONS, words)
    if options is not None:
        assert vars(options) == parsed(*words)


@pytest.mark.parametrize(
    "line",
    [
        "ls -la --help", "--backend kvm --timeout 5 -e A=b -e C=d -v /tmp:/t:ro -w /t sh -c x",
        "--seed=7 --json result.json --verbose --portable --net host -p 80:80 --allow any ./a.out",
        "--memory 1G --save f --save-after 2 --record g --trace h --max-instructions 9 true",
    ],
)  # fmt: skip
def test_a_usual_line_needs_no_parser(line: str) -> None:
    words = line.split()
    options = read_plain(run_verb._OPTIONS, words)
    assert options is not None and vars(options) == parsed(*words)


@pytest.mark.parametrize("line", ["--help", "-p80:80 ls", "--memory no ls", "--net x ls", "--json"])
def test_the_rest_is_the_parsers(line: str) -> None:
    assert read_plain(run_verb._OPTIONS, line.split()) is None

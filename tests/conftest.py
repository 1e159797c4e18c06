"""Fixtures for tests that run guests: one test body, both backends.

A test that uses ``backend`` (or ``guest``, ``same``) runs on KVM and on the emulator. It skips on
KVM only where ``/dev/kvm`` cannot be opened; any other skip of a KVM test counts as a failure, and
the summary says how many tests ran on which backend. Tests marked ``requires("lua5.4")`` are left
out where the program is not installed, and ``linux(6, 13)`` where an older kernel does otherwise
what the guest is compared in.
"""

import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import settings
from support.guest import NANVIX, Guest, Ran, Same, execute, host_environment
from support.host import PATIENCE, TOOLS, kvm_trouble, linux, missing_tools
from support.toolchain import Toolchain

pytest.register_assert_rewrite("support.checks")

BACKENDS = ("kvm", "emu")

# How long an example takes says more of the machine's other work than of ours. The examples are
# the same every time, so that a verdict is about the tree; "random" and "long" look for new ones.
settings.register_profile("random", deadline=None, database=None)
settings.register_profile("nanvix", settings.get_profile("random"), derandomize=True)
settings.register_profile("long", settings.get_profile("random"), max_examples=2000)
settings.load_profile("nanvix")

# What a guest's command inherits; a background job of a shell would have them ignored.
for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, signal.SIG_DFL)


# -- fixtures ------------------------------------------------------------------------------------


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    """The name of a backend that works here."""
    trouble = kvm_trouble() if request.param == "kvm" else None
    if trouble is not None:
        pytest.skip(trouble)
    return str(request.param)


@pytest.fixture
def guest(backend: str) -> Guest:
    """Runs programs in guests: ``guest([program, ...], options=[...])``."""
    return Guest(backend)


@pytest.fixture
def same(guest: Guest, tmp_path: Path) -> Same:
    """Runs a program natively and in a guest and asserts that nobody could tell."""
    return Same(guest, tmp_path)


@pytest.fixture
def nanvix() -> "Nanvix":
    """The command line itself: ``nanvix("doctor", "--json")``."""
    return Nanvix()


@pytest.fixture(scope="session")
def compiled() -> Toolchain:
    """Compiles programs of ``tests/programs``: ``compiled("hello.c")`` is a path."""
    return Toolchain()


class Nanvix:
    """Runs ``nanvix ARGUMENTS`` in a process of its own."""

    def __call__(self, *arguments: str | Path, limit: float = 60.0) -> Ran:
        return execute([*NANVIX, *arguments], env=host_environment(), limit=limit)


# -- which tests run, and what they say ----------------------------------------------------------


def pytest_configure(config: pytest.Config) -> None:
    """The markers of this suite."""
    config.addinivalue_line("markers", "requires(tool, ...): needs these programs on the host")
    config.addinivalue_line("markers", "linux(major, minor): the guest is like Linux since then")


def pytest_report_header() -> list[str]:
    """What this machine cannot run."""
    missing = ", ".join(sorted(missing_tools()))
    return [
        f"KVM: {kvm_trouble() or 'works'}",
        *([f"not installed, so their tests are left out: {missing}"] if missing else []),
    ]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out tests whose programs are not installed, and note the backend of the others."""
    absent, present = [], []
    for item in items:
        wanted = {tool for mark in item.iter_markers("requires") for tool in mark.args}
        assert wanted <= set(TOOLS), f"{item.nodeid}: {wanted - set(TOOLS)} not in TOOLS"
        old = any(linux() < mark.args for mark in item.iter_markers("linux"))
        (absent if old or wanted & missing_tools() else present).append(item)
        name = _backend_of(item)
        if name is not None:
            item.user_properties.append(("backend", name))
    if absent:
        config.hook.pytest_deselected(items=absent)
    # The machine of tests/svm takes minutes: nobody shall wait for it at the end.
    for item in present if PATIENCE > 1 else ():
        limits = [
            *(mark.args[0] for mark in item.iter_markers("timeout")),
            config.getini("timeout"),
        ]
        item.add_marker(pytest.mark.timeout(float(limits[0]) * PATIENCE), append=False)
    items[:] = sorted(present, key=lambda item: "svm" not in item.path.parts)
    if any("compiled" in getattr(item, "fixturenames", ()) for item in items):
        # The first program builds the C library as well, which may take longer than a test may.
        with suppress(AssertionError):
            Toolchain()("hello.c")


def _backend_of(item: pytest.Item) -> str | None:
    callspec = getattr(item, "callspec", None)
    name = callspec.params.get("backend") if callspec is not None else None
    return name if name in BACKENDS else None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """A KVM test that skips although KVM can be opened has not been run: that is a failure."""
    report = yield
    unexpected = report.skipped and not hasattr(report, "wasxfail")
    if unexpected and _backend_of(item) == "kvm" and kvm_trouble() is None:
        report.outcome = "failed"
        report.longrepr = f"skipped on KVM although /dev/kvm can be opened: {report.longrepr}"
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """How many tests ran on which backend."""
    ran: Counter[str] = Counter()
    for outcome in ("passed", "failed"):
        for report in terminalreporter.stats.get(outcome, ()):
            if report.when == "call":
                ran.update(value for key, value in report.user_properties if key == "backend")
    if ran:
        trouble = kvm_trouble()
        note = f" ({trouble})" if trouble else ""
        terminalreporter.write_line(f"{ran['kvm']} tests ran on KVM{note}, {ran['emu']} on emu")

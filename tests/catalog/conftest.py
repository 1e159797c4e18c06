"""``--catalog FILE``: write docs/catalog.md from what the tests of the catalog found.

Every test reports its finding as a user property, which reaches this process from the workers of
pytest-xdist as well.
"""

from pathlib import Path

import pytest
from catalog.document import NOT_RUN, Finding, read, update, write
from catalog.table import GROUPS

OPTION = "--catalog"


def pytest_addoption(parser: pytest.Parser) -> None:
    """The option; it is known when this folder is named on the command line."""
    parser.addoption(OPTION, metavar="FILE", help="write the catalog of programs to FILE")


def pytest_configure(config: pytest.Config) -> None:
    """The process that hears of all tests collects what they find."""
    target = config.getoption(OPTION, None)
    if target and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Writer(Path(target)), "catalog")


class Writer:
    """Collects findings and writes the document at the end."""

    def __init__(self, document: Path) -> None:
        self.document = document
        self.findings: list[Finding] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A test that failed before it had a verdict has found that things are not equal."""
        if report.when != "call" and not report.skipped:
            return
        for key, value in report.user_properties:
            if key == "catalog":
                finding = Finding(*value)
                verdict = {"passed": finding.verdict, "failed": "differs"}
                self.findings.append(finding._replace(verdict=verdict.get(report.outcome, NOT_RUN)))

    def pytest_sessionfinish(self) -> None:
        """Lines of which nothing was found now keep what the document says."""
        if self.findings:
            write(self.document, update(read(self.document), GROUPS, self.findings))

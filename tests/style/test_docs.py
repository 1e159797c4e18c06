"""What the documents name exists, and what a user must know is in them."""

import re
import subprocess
import sys
from pathlib import Path
from pkgutil import resolve_name

import pytest

from nanvix.kvm.quirks import QUIRKS

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]


def test_the_readme_explains_every_quirk() -> None:
    text = (ROOT / "README.md").read_text()
    assert [quirk.name for quirk in QUIRKS if f"`{quirk.name}`" not in text] == []


def test_the_readme_has_the_two_lines() -> None:
    text = (ROOT / "README.md").read_text()
    start = "python3 -m venv .venv && .venv/bin/pip install -e"
    assert f"    {start} . && .venv/bin/nanvix run examples/hello.py" in text
    assert f"    {start} '.[test]' && .venv/bin/pytest" in text


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_paths_and_links_lead_somewhere(document: Path) -> None:
    text = document.read_text()
    links = re.findall(r"\]\((?!https?:)([^)#]+)", text)
    missing = [link for link in links if not (document.parent / link).exists()]
    paths = re.findall(r"`((?:nanvix|kernel|docs|tests|benchmarks|examples)/[\w./-]*)`", text)
    missing += [path for path in paths if not (ROOT / path).exists()]
    assert missing == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_names_of_ours_exist(document: Path) -> None:
    missing = []
    for name in set(re.findall(r"\bnanvix(?:\.[A-Za-z_]\w*)+", document.read_text())):
        try:
            resolve_name(name)
        except (AttributeError, ImportError):
            missing.append(name)
    assert missing == []


def test_the_example_of_the_readme_runs() -> None:
    """Its assertions are its own."""
    [example] = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    exec(compile(example, "README.md", "exec"), {})


def test_the_example_of_a_sandbox_runs() -> None:
    path = ROOT / "examples" / "sandbox.py"
    done = subprocess.run([sys.executable, path], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("cherry\nbanana\napple\nexit code 0 on ")

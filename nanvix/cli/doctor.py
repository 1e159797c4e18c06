"""``nanvix doctor``: what works here, what it means, and how to mend what does not."""

from typing import Any

from nanvix.cli.parser import Parser
from nanvix.doctor import FAILURE, OK, Check, examine

_MARKS = {OK: "ok", FAILURE: "FAIL"}


def main(arguments: list[str]) -> int:
    """Examine and report; 0 when guests can run here, 1 when they cannot."""
    parser = Parser(prog="nanvix doctor", description="Say what works on this machine.")
    parser.add_argument("--json", action="store_true", help="print plain facts for machines")
    options = parser.parse_args(arguments)
    checks = examine()
    broken = any(check.status == FAILURE for check in checks)
    if options.json:
        import json

        print(json.dumps({"works": not broken, "checks": [_plain(c) for c in checks]}, indent=2))
    else:
        for check in checks:
            print(_render(check))
    return 1 if broken else 0


def _render(check: Check) -> str:
    lines = [f"{_MARKS.get(check.status, 'warn'):>4}  {check.name}: {check.summary}"]
    lines += [
        f"        {quirk['name']}: {quirk['meaning']}; {quirk['consequence']}"
        for quirk in check.facts.get("quirks", ())
        if quirk["present"]
    ]
    if check.remedy:
        lines.append(f"      → {check.remedy}")
    return "\n".join(lines)


def _plain(check: Check) -> dict[str, Any]:
    return {**check._asdict(), "facts": dict(check.facts)}

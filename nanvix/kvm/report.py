"""What ``nanvix doctor`` says about KVM."""

from typing import Any

from nanvix.kvm.availability import probe
from nanvix.kvm.device.calls import CAPABILITIES, System
from nanvix.kvm.quirks import QUIRKS, probe_all


def describe() -> dict[str, Any]:
    """``available``, ``reason``, ``remedy``; where available also ``api_version``,
    ``capabilities`` (name → value), ``quirks`` (list of name, present, meaning, consequence) and
    ``certain`` (no probe timed out)."""
    found = probe()
    answer: dict[str, Any] = found._asdict()
    if not found.available:
        return answer
    with System() as system:
        answer["api_version"] = system.api_version()
        answer["capabilities"] = {
            name: system.capability(number) for name, number in CAPABILITIES.items()
        }
    quirks, answer["certain"] = probe_all()
    answer["quirks"] = [
        {
            "name": quirk.name,
            "present": quirks[quirk.name],
            "meaning": quirk.meaning,
            "consequence": quirk.consequence,
        }
        for quirk in QUIRKS
    ]
    return answer

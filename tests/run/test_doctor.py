"""``nanvix doctor`` on this machine."""

import json
from typing import TYPE_CHECKING

from support.host import kvm_trouble

if TYPE_CHECKING:
    from conftest import Nanvix


def test_text(nanvix: "Nanvix") -> None:
    ran = nanvix("doctor")
    assert (ran.code, ran.err) == (0, b"")
    for name in ("kernel image", "memory", "kvm", "emu"):
        assert name in ran.out.decode()


def test_json(nanvix: "Nanvix") -> None:
    ran = nanvix("doctor", "--json")
    data = json.loads(ran.out)
    assert (ran.code, data["works"]) == (0, True)
    checks = {check["name"]: check for check in data["checks"]}
    assert checks["emu"]["status"] == "ok"
    assert checks["kvm"]["status"] == ("warning" if kvm_trouble() else "ok")
    if kvm_trouble():
        assert checks["kvm"]["remedy"]

"""Availability, the quirk table and its cache."""

import errno
import os
from pathlib import Path

import capstone
import pytest

from nanvix.errors import BackendUnavailable
from nanvix.kvm import availability, cache, create, describe, findings, probe, quirks
from nanvix.kvm.device import calls
from nanvix.kvm.probe_guest import Inconclusive
from nanvix.machine.memory import GuestMemory

NAMES = [quirk.name for quirk in quirks.QUIRKS]
FOUND = dict.fromkeys(NAMES, False) | {"slow_ring0": True}


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path


# -- availability --------------------------------------------------------------------------------


def failing_open(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def refuse(*_: object) -> int:
        raise OSError(number, os.strerror(number), calls.DEVICE)

    monkeypatch.setattr(calls.os, "open", refuse)


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (errno.ENOENT, "there is no /dev/kvm"),
        (errno.EACCES, "no permission to open /dev/kvm"),
        (errno.EBUSY, "/dev/kvm: Device or resource busy"),
    ],
)
def test_what_is_wrong_comes_with_what_to_do(
    number: int, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing_open(monkeypatch, number)
    found = probe()
    assert (found.available, found.reason) == (False, reason)
    assert found.remedy
    assert "\n" not in found.reason + found.remedy
    assert describe() == found._asdict()
    memory = GuestMemory(2 << 20)
    with pytest.raises(BackendUnavailable, match=reason):
        create(memory)
    memory.close()


def test_an_old_kernel_is_told_apart(kvm: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls.System, "capability", lambda self, number: number != 74)
    assert "sync_regs" in probe().reason
    monkeypatch.setattr(calls.System, "api_version", lambda self: 11)
    assert "version 11" in probe().reason


def test_another_architecture_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    system = os.uname()
    other = type(system)((*system[:4], "riscv64"))
    monkeypatch.setattr(availability.os, "uname", lambda: other)
    assert "riscv64" in probe().reason


# -- the cache -----------------------------------------------------------------------------------


def test_what_is_stored_is_loaded_under_its_key_only() -> None:
    cache.store("a host", FOUND)
    assert cache.load("a host", NAMES) == FOUND
    assert cache.load("another host", NAMES) is None
    assert cache.load("a host", [*NAMES, "new_quirk"]) is None


def test_rows_of_cpuid_are_kept_beside_them(own_cache: Path) -> None:
    rows = [(1, 0, 0x206C2, 1 << 31, 0xFFFF_FFFF, 0), (0xD, 1, 7, 0, 0, 0)]
    assert cache.load_cpuid("a host") is None
    cache.store("a host", FOUND)
    cache.store_cpuid("a host", rows)
    assert cache.load_cpuid("a host") == rows
    assert cache.load("a host", NAMES) == FOUND
    assert cache.load_cpuid("another host") is None
    (file,) = (own_cache / "nanvix").glob("*-cpuid")
    whole = file.read_text()
    for damaged in (whole[:-3], whole.replace("206c2", "-1"), whole.replace(" 0 ", " "), ""):
        file.write_text(damaged)
        assert cache.load_cpuid("a host") is None


def test_a_damaged_cache_is_no_cache(own_cache: Path) -> None:
    cache.store("a host", FOUND)
    (file,) = (own_cache / "nanvix").iterdir()
    good = file.read_bytes()
    for bad in (b"", b"\xff\xfe\0", good[:-3], good + b"x", good.replace(b"=1", b"=2"), good * 9):
        file.write_bytes(bad)
        assert cache.load("a host", NAMES) is None


def test_a_cache_that_cannot_be_written_does_no_harm(
    own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (own_cache / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(own_cache / "file"))
    cache.store("a host", FOUND)
    assert cache.load("a host", NAMES) is None


def test_a_relative_cache_home_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setenv("HOME", "/somewhere")
    assert cache._path("a host").startswith("/somewhere/.cache/nanvix/")


def test_the_key_is_one_line_about_this_host() -> None:
    key = cache.host_key()
    assert os.uname().release in key
    assert "\n" not in key


# -- probing -------------------------------------------------------------------------------------


def test_answers_are_cached(kvm: None, monkeypatch: pytest.MonkeyPatch) -> None:
    first = findings.findings()
    monkeypatch.setattr(quirks, "QUIRKS", tuple(q._replace(probe=None) for q in quirks.QUIRKS))
    assert findings.findings() == first


def test_a_probe_that_timed_out_is_not_remembered(
    monkeypatch: pytest.MonkeyPatch, own_cache: Path
) -> None:
    def too_slow() -> bool:
        raise Inconclusive

    table = tuple(quirk._replace(probe=too_slow) for quirk in quirks.QUIRKS)
    monkeypatch.setattr(quirks, "QUIRKS", table)
    assert all(findings.findings().values())
    assert not (own_cache / "nanvix").exists()


def test_every_name_has_its_probe() -> None:
    assert list(findings.BITS) == NAMES


def test_probes_agree_with_each_other(kvm: None) -> None:
    found, certain = quirks.probe_all()
    assert list(found) == NAMES
    assert certain
    assert quirks.probe_all()[0] == found


def test_the_backend_says_what_was_found(kvm: None) -> None:
    found = findings.findings()
    memory = GuestMemory(2 << 20)
    backend = create(memory)
    assert backend.quirks == found.bits()
    assert backend.capabilities == found.capabilities()
    assert backend.capabilities.single_step_kernel is not found["no_kernel_step"]
    backend.close()
    memory.close()


def test_doctor_learns_everything(kvm: None) -> None:
    answer = describe()
    assert answer["available"]
    assert answer["api_version"] == 12
    assert answer["capabilities"]["sync_regs"] == 7
    assert [quirk["name"] for quirk in answer["quirks"]] == NAMES


def test_the_probes_code_is_what_its_names_say() -> None:
    decoder = capstone.Cs(capstone.CS_ARCH_X86, capstone.CS_MODE_64)

    def listing(code: bytes) -> list[str]:
        return [f"{i.mnemonic} {i.op_str}".strip() for i in decoder.disasm(code, 0)]

    assert listing(quirks._UD2 + quirks._SYSCALL + quirks._SYSRETQ) == ["ud2", "syscall", "sysretq"]
    assert listing(quirks._RING_DOORBELL_0X100) == ["mov eax, 0x100", "out 0xe0, eax", "jmp 7"]
    assert listing(quirks._ZERO_YMM0) == ["vxorps ymm0, ymm0, ymm0"]
    assert listing(quirks._CPUID + quirks._RCX_TO_RAX) == ["cpuid", "mov rax, rcx"]
    assert listing(quirks._TIMED_LOOP + quirks._STORE_RAX) == [
        "rdtsc", "shl rdx, 0x20", "or rax, rdx", "mov r8, rax",
        "mov ecx, 0x3e8", "dec ecx", "jne 0x11",
        "rdtsc", "shl rdx, 0x20", "or rax, rdx", "sub rax, r8",
        "mov qword ptr [0xe000], rax",
    ]  # fmt: skip

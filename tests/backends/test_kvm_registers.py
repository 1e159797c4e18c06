"""The KVM backend without KVM: register layouts, the generated module, the wall."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import nanvix.kvm
from nanvix.kvm import registers
from nanvix.kvm.device.vcpu import REGS_SIZE, SREGS_SIZE
from nanvix.machine.state import GPRS, SEGMENTS, Segment, VcpuState

PACKAGE = Path(nanvix.kvm.__file__).parent

U16, U32, U64 = (st.integers(0, (1 << bits) - 1) for bits in (16, 32, 64))
# A segment that is not present is one KVM calls unusable; bits 8-11 belong to the limit.
ATTRIBUTES = st.integers(0, 0xFFFF).map(lambda bits: bits & 0xF0FF | registers.PRESENT)
SEGMENT = st.builds(Segment, U16, U64, U32, ATTRIBUTES)


@st.composite
def states(draw: st.DrawFn) -> VcpuState:
    names = ("rip", "rflags", "gdt_base", "idt_base", "cr0", "cr2", "cr3", "cr4", "efer")
    state = VcpuState(**{name: draw(U64) for name in names})
    state.gdt_limit, state.idt_limit = draw(U16), draw(U16)
    state.gpr = {name: draw(U64) for name in GPRS}
    state.segments = {name: draw(SEGMENT) for name in SEGMENTS}
    return state


@given(states())
def test_registers_survive_a_round_trip(state: VcpuState) -> None:
    regs, sregs = registers.encode_regs(state), registers.encode_sregs(state)
    assert (len(regs), len(sregs)) == (REGS_SIZE, SREGS_SIZE)
    again = VcpuState()
    registers.decode(again, regs, sregs)
    assert again == state
    assert list(again.gpr) == list(GPRS)
    assert registers.cr3_of(sregs) == state.cr3


@given(st.binary(min_size=REGS_SIZE, max_size=REGS_SIZE), st.binary(min_size=312, max_size=312))
def test_any_answer_of_kvm_can_be_decoded(regs: bytes, sregs: bytes) -> None:
    registers.decode(VcpuState(), regs, sregs)


def test_registers_are_where_the_kernel_header_says() -> None:
    state = VcpuState(rip=0x10, rflags=0x11, cr0=0x20, cr3=0x23, efer=0x25)
    for index, name in enumerate(GPRS):
        state.gpr[name] = index
    regs = memoryview(registers.encode_regs(state)).cast("Q").tolist()
    assert regs == [0, 1, 2, 3, 4, 5, 7, 6, *range(8, 16), 0x10, 0x11]
    control = memoryview(registers.encode_sregs(state)[224:280]).cast("Q").tolist()
    assert control == [0x20, 0, 0x23, 0, 0, 0x25, 0]


def test_a_missing_task_register_is_replaced_by_the_reset_one() -> None:
    state = VcpuState()
    registers.decode(state, registers.encode_regs(state), registers.encode_sregs(state))
    assert state.segments["tr"] == registers.RESET_TR


def test_interrupts_kvm_holds_are_pending() -> None:
    state = VcpuState()
    sregs = bytearray(registers.encode_sregs(state))
    sregs[280 + 33 // 8] |= 1 << 33 % 8
    registers.decode(state, registers.encode_regs(state), bytes(sregs))
    assert state.pending == {33}


def test_fxsave_says_nothing_about_the_host() -> None:
    image = registers.neutral_fxsave(b"\xaa" * 512)
    assert len(image) == 512
    assert image[24:32] == b"\xaa\xaa\xaa\xaa\xff\xff\0\0"
    assert image[416:] == bytes(96)


def test_the_generated_module_is_up_to_date(tmp_path: Path) -> None:
    fresh = tmp_path / "_kvm_abi.py"
    command = [sys.executable, str(PACKAGE / "build_ffi.py"), "--output", str(fresh)]
    subprocess.run(command, check=True, capture_output=True)
    assert fresh.read_text() == (PACKAGE / "_kvm_abi.py").read_text()


def test_running_needs_no_c_parser() -> None:
    code = (
        "import sys, nanvix.kvm.backend, nanvix.kvm.quirks, nanvix.kvm.availability;"
        "slow = {'cffi', 'pycparser', 'dataclasses', 'inspect', 'json', 'logging', 'asyncio',"
        " 'subprocess', 'pathlib'};"
        "print(*slow & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.split() == []


def test_importing_the_package_imports_none_of_it() -> None:
    code = "import sys, nanvix.kvm; print(*(m for m in sys.modules if m.startswith('nanvix.kvm.')))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.split() == []


def test_only_one_folder_touches_pointers() -> None:
    users = set()
    for path in PACKAGE.rglob("*.py"):
        if path.name in ("_kvm_abi.py", "build_ffi.py"):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module == "nanvix.kvm._kvm_abi":
                users.add(path.parent.name)
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = [alias.name for alias in node.names]
                assert not {"ctypes", "fcntl", "cffi"} & {*names, getattr(node, "module", "")}
    assert users == {"device"}


def test_request_numbers_are_the_header_s() -> None:
    header = Path("/usr/include/linux/kvm.h")
    if not header.exists():
        pytest.skip("no kernel headers here")
    sizes = {"kvm_enable_cap": 104, "kvm_xsave": 4096, "kvm_guest_debug": 72}
    text = header.read_text().replace("\\\n", " ")
    ours = dict(re.findall(r"#define (KVM_\w+) (0x\w+)", (PACKAGE / "build_ffi.py").read_text()))
    plain = dict(re.findall(r"#define (KVM_\w+)\s+_IO\(KVMIO,\s*(0x\w+)\)", text))
    coded = {
        name: (kind, number, struct)
        for name, kind, number, struct in re.findall(
            r"#define (KVM_\w+)\s+_IO([RW]+)\(KVMIO,\s*(0x\w+),\s+(?:struct )?(\w+)\)", text
        )
    }
    assert ours.keys() <= plain.keys() | coded.keys()
    for name, value in ours.items():
        if name in plain:
            assert int(value, 16) == 0xAE00 | int(plain[name], 16)
            continue
        kind, number, struct = coded[name]
        direction = {"W": 1, "R": 2, "WR": 3}[kind]
        assert int(value, 16) >> 30 == direction
        assert int(value, 16) & 0xFFFF == 0xAE00 | int(number, 16)
        if struct in sizes:
            assert int(value, 16) >> 16 & 0x3FFF == sizes[struct]

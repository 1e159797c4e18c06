"""The kernel's image: no vector registers, the same bytes every time, one contract."""

import ast
import importlib.util
import re
import subprocess
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from types import ModuleType

import pytest
from capstone import CS_ARCH_X86, CS_MODE_64, Cs
from elftools.elf.elffile import ELFFile
from support.host import ROOT

from nanvix.abi import channel, layout
from nanvix.abi.header import abi_version, render
from nanvix.abi.record import Record, split_type
from nanvix.abi.syscalls import SYSCALLS
from nanvix.machine.image import default_image_path

FORBIDDEN = re.compile(r"\b[xyz]mm\d|\bst\(\d\)|\bmm\d\b|\bk[0-7]\b")
STATE = re.compile(r"^(fxsave|fxrstor|fninit|xsave|xrstor)")
"""Saving a program's vector state is the one thing the kernel does with it."""
TOO_NEW = {
    "popcnt", "lzcnt", "movbe", "andn", "bextr", "blsi", "blsr", "blsmsk", "bzhi", "mulx",
    "pdep", "pext", "rorx", "sarx", "shlx", "shrx", "adcx", "adox", "rdtscp", "cmpxchg16b", "crc32",
}  # fmt: skip
"""What an interpreted ring 0 does not know. (tzcnt is an old bsf with a prefix that is ignored.)"""


def kernel_build() -> ModuleType:
    spec = importlib.util.spec_from_file_location("kernel_build", ROOT / "kernel" / "build.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The image from a build that starts with nothing."""
    folder = tmp_path_factory.mktemp("fresh")
    return Path(kernel_build().build(folder / "kernel.elf", folder / "build")).read_bytes()


def instructions(image: bytes) -> Iterator[tuple[int, str, str]]:
    """Address, mnemonic and operands of everything in executable sections."""
    decoder = Cs(CS_ARCH_X86, CS_MODE_64)
    decoder.skipdata = True
    for section in ELFFile(BytesIO(image)).iter_sections():
        if section["sh_flags"] & 4 and section["sh_type"] == "SHT_PROGBITS":
            for item in decoder.disasm_lite(section.data(), section["sh_addr"]):
                yield item[0], item[2], item[3]


def test_no_vector_registers(fresh: bytes) -> None:
    count = 0
    for address, mnemonic, operands in instructions(fresh):
        count += 1
        assert not FORBIDDEN.search(operands), f"{address:#x}: {mnemonic} {operands}"
        if mnemonic.startswith("f") and not STATE.match(mnemonic):
            raise AssertionError(f"{address:#x}: {mnemonic} {operands}")
    assert count > 10_000


def test_basic_instructions_only(fresh: bytes) -> None:
    used = {mnemonic for _, mnemonic, _ in instructions(fresh)}
    assert used & TOO_NEW == set()


def test_two_builds_are_identical(fresh: bytes, tmp_path: Path) -> None:
    """Another folder, another time, another process: the same bytes."""
    output = tmp_path / "deeper" / "down" / "kernel.elf"
    subprocess.run(
        [sys.executable, ROOT / "kernel" / "build.py", "--output", output,
         "--build-dir", tmp_path / "elsewhere"],
        check=True, cwd=tmp_path, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    assert output.read_bytes() == fresh


def test_installed_image_is_this_source(fresh: bytes) -> None:
    """What the tests run is what the tree says."""
    same = Path(default_image_path()).read_bytes() == fresh
    assert same, "the image is stale: python kernel/build.py"


def test_no_path_of_the_build_machine(fresh: bytes) -> None:
    assert str(ROOT).encode() not in fresh
    assert b"/tmp/" not in fresh.replace(b"/tmp/\0", b"")


def test_segments_are_write_xor_execute(fresh: bytes) -> None:
    for segment in ELFFile(BytesIO(fresh)).iter_segments("PT_LOAD"):
        assert segment["p_flags"] & 3 != 3


# -- one contract --------------------------------------------------------------------------------


def c_values(expressions: list[str], tmp_path: Path) -> list[int]:
    """What the C compiler makes of constant expressions over the generated header."""
    (tmp_path / "abi.h").write_text(render())
    lines = ['#include "abi.h"']
    lines += [f"unsigned long long value_{n} = {text};" for n, text in enumerate(expressions)]
    (tmp_path / "values.c").write_text("\n".join(lines) + "\n")
    build = kernel_build()
    compiler = build.Compiler(tmp_path)
    compiler.run(
        "cc", *build.COMMON_FLAGS, *build.KERNEL_FLAGS, "-I", str(tmp_path),
        "-I", str(ROOT / "kernel" / "include"), "-c", str(tmp_path / "values.c"),
        "-o", str(tmp_path / "values.o"),
    )  # fmt: skip
    elf = ELFFile(BytesIO((tmp_path / "values.o").read_bytes()))
    values = []
    for n in range(len(expressions)):
        (symbol,) = elf.get_section_by_name(".symtab").get_symbol_by_name(f"value_{n}")
        section = elf.get_section(symbol["st_shndx"])
        data = bytes(8)
        if section["sh_type"] != "SHT_NOBITS":
            data = section.data()[symbol["st_value"] :][:8]
        values.append(int.from_bytes(data, "little"))
    return values


def test_constants_agree(tmp_path: Path) -> None:
    """Every constant of the contract, as Python and as C see it."""
    expected: dict[str, int] = {"NV_ABI_VERSION": abi_version()}
    for module in (layout, channel):
        for name, value in vars(module).items():
            if name.isupper() and isinstance(value, int):
                expected[f"NV_{name}"] = value
    expected |= {f"NV_OP_{name}": number for name, (number, _) in channel.OPS.items()}
    expected |= {f"SYS_{name}": number for number, name in SYSCALLS.items()}
    assert dict(zip(expected, c_values(list(expected), tmp_path), strict=True)) == expected


def test_records_agree(tmp_path: Path) -> None:
    """Sizes and offsets of every record, as the compiler lays them out."""
    records = [
        value
        for module in (layout, channel)
        for value in vars(module).values()
        if isinstance(value, Record)
    ]
    expected: dict[str, int] = {}
    for record in records:
        expected[f"sizeof(struct {record.name})"] = record.size
        for field, kind in record.fields:
            at = f"struct {record.name}, {field}"
            expected[f"__builtin_offsetof({at})"] = record.offsets[field]
            base, count = split_type(kind)
            size = f"sizeof(((struct {record.name} *)0)->{field})"
            expected[size] = int(base[1:]) // 8 * count
    assert len(records) >= 8
    assert dict(zip(expected, c_values(list(expected), tmp_path), strict=True)) == expected


def test_system_call_numbers_are_the_hosts(tmp_path: Path) -> None:
    """Our table against the compiler's own Linux headers."""
    source = tmp_path / "numbers.c"
    source.write_text("#include <sys/syscall.h>\n")
    done = subprocess.run(
        [sys.executable, "-m", "ziglang", "cc", "-target", "x86_64-linux-musl",
         "-E", "-dM", source],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    theirs = dict(re.findall(r"#define __NR_(\w+) (\d+)$", done.stdout, re.MULTILINE))
    wrong = {
        name: number
        for number, name in SYSCALLS.items()
        if name in theirs and int(theirs[name]) != number
    }
    assert wrong == {}
    assert len(theirs.keys() & set(SYSCALLS.values())) > 250


def test_contract_imports_nothing() -> None:
    """The contract is plain data: only the standard library and itself."""
    for path in (ROOT / "nanvix" / "abi").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module]
            for name in names:
                top = name.split(".")[0]
                assert top in sys.stdlib_module_names or name.startswith("nanvix.abi"), path

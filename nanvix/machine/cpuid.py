"""The guest's CPU: one CPUID table that both backends present, bit for bit.

The model is x86-64-v2 plus AES: no XSAVE and so no AVX, no FSGSBASE, RDTSCP, RDRAND or PCID.
With one table libc picks the same code on both backends, and traces can be compared.

CPUID leaves the guest on every host and is slow, so the table is built to be asked little:
the vendor is one whose cache sizes glibc reads from leaf 2 alone (an unknown vendor would give
it a non-temporal threshold of zero), one thread per package spares its topology loops, and
no leaf beyond 5 exists. Leaf 5 is all zeros on purpose: an Intel CPU answers an out-of-range
leaf with its highest basic one (SDM vol. 2, CPUID), so those read as zero on both backends.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Registers = tuple[int, int, int, int]
"""eax, ebx, ecx, edx."""
Row = tuple[int, int, int, int, int, int]
"""Leaf, subleaf, and the registers."""

ZERO: Registers = (0, 0, 0, 0)

BASIC_MAX = 5
FEATURES_LEAF = 1
EXTENDED_MAX = 0x8000_0008
HYPERVISOR_BASE = 0x4000_0000

VENDOR = b"GenuineIntel"
HYPERVISOR = b"NanvixNanvix"
BRAND = b"Nanvix virtual CPU, x86-64-v2"

SIGNATURE = 0x0002_06C2
"""Family 6, model 0x2C, stepping 2: the first x86-64-v2 CPUs with AES."""

PHYSICAL_BITS = 36
"""64 GiB, the most a guest can have; no host has fewer."""
LINEAR_BITS = 48

# Bit numbers, SDM vol. 2, CPUID.
FEATURES_1_EDX = {
    "fpu": 0, "de": 2, "pse": 3, "tsc": 4, "msr": 5, "pae": 6, "cx8": 8, "pge": 13, "cmov": 15,
    "pat": 16, "clflush": 19, "mmx": 23, "fxsr": 24, "sse": 25, "sse2": 26,
}  # fmt: skip
FEATURES_1_ECX = {
    "sse3": 0, "pclmulqdq": 1, "ssse3": 9, "cx16": 13, "sse4_1": 19, "sse4_2": 20, "popcnt": 23,
    "aes": 25, "hypervisor": 31,
}  # fmt: skip
FEATURES_81_EDX = {"syscall": 11, "nx": 20, "lm": 29}
FEATURES_81_ECX = {"lahf_lm": 0}
FEATURES_87_EDX = {"invariant_tsc": 8}


def _bits(features: dict[str, int]) -> int:
    return sum(1 << bit for bit in features.values())


def _words(text: bytes, size: int) -> list[int]:
    padded = text.ljust(size, b"\0")
    return [int.from_bytes(padded[i : i + 4], "little") for i in range(0, size, 4)]


def _cache(kind: int, level: int, ways: int, sets: int) -> Registers:
    """Leaf 4: ``kind`` 1 data, 2 code, 3 both; 64-byte lines, used by one thread."""
    return (kind | level << 5 | 1 << 8, (ways - 1) << 22 | 63, sets - 1, 0)


def _brand() -> dict[tuple[int, int | None], Registers]:
    w = _words(BRAND, 48)
    return {(0x8000_0002 + i // 4, None): (w[i], w[i + 1], w[i + 2], w[i + 3]) for i in (0, 4, 8)}


def _table() -> dict[tuple[int, int | None], Registers]:
    vendor = _words(VENDOR, 12)
    hypervisor = _words(HYPERVISOR, 12)
    return {
        (0, None): (BASIC_MAX, vendor[0], vendor[2], vendor[1]),
        (FEATURES_LEAF, None): (
            SIGNATURE,
            1 << 16 | 8 << 8,  # one logical CPU, CLFLUSH of 8 * 8 bytes
            _bits(FEATURES_1_ECX),
            _bits(FEATURES_1_EDX),
        ),
        # Descriptors: L1d 32K (2C), L1i 32K (30), L2 256K (21), L3 8M (E4), prefetch 64 (F0),
        # and the TLBs of the model (5A, 03, 55, B2, CA).
        (2, None): (0x5503_5A01, 0x00E4_B2F0, 0, 0x30CA_212C),
        (3, None): ZERO,
        (4, 0): _cache(1, 1, 8, 64),
        (4, 1): _cache(2, 1, 8, 64),
        (4, 2): _cache(3, 2, 8, 512),
        (4, 3): _cache(3, 3, 16, 8192),
        (BASIC_MAX, None): ZERO,
        (HYPERVISOR_BASE, None): (HYPERVISOR_BASE, hypervisor[0], hypervisor[1], hypervisor[2]),
        (0x8000_0000, None): (EXTENDED_MAX, 0, 0, 0),
        (0x8000_0001, None): (0, 0, _bits(FEATURES_81_ECX), _bits(FEATURES_81_EDX)),
        **_brand(),
        (0x8000_0006, None): (0, 0, 256 << 16 | 6 << 12 | 64, 0),  # L2: 256K, 8 ways, 64 B
        (0x8000_0007, None): (0, 0, 0, _bits(FEATURES_87_EDX)),
        (0x8000_0008, None): (LINEAR_BITS << 8 | PHYSICAL_BITS, 0, 0, 0),
    }


Table = dict[tuple[int, int | None], Registers]
"""(leaf, subleaf or None where the subleaf does not matter) → registers."""

CPU_MODEL: Table = _table()
"""What is absent is zero."""


def cpuid(leaf: int, subleaf: int) -> Registers:
    """What CPUID returns for eax = ``leaf``, ecx = ``subleaf``."""
    return CPU_MODEL.get((leaf, None)) or CPU_MODEL.get((leaf, subleaf), ZERO)


_VECTOR_INSTRUCTIONS = {"fma": 12, "osxsave": 27, "avx": 28, "f16c": 29}
_OF_INSTRUCTIONS = frozenset((7, 0xD, 0x14, 0x19, 0x1D, 0x1E, 0x8000_0001))


def alike(rows: Iterable[Row]) -> Table:
    """Our CPU with what another one says of itself, but for instructions it has and we do not:
    some programs use AVX without asking whether the system has enabled it."""
    table = dict(CPU_MODEL)
    for leaf, subleaf, eax, ebx, ecx, edx in rows:
        if leaf in _OF_INSTRUCTIONS:
            continue
        if leaf == FEATURES_LEAF:
            ecx &= ~_bits(_VECTOR_INSTRUCTIONS)  # noqa: PLW2901
        table[leaf, None if (leaf, None) in CPU_MODEL else subleaf] = (eax, ebx, ecx, edx)
    return table


def entries() -> Iterator[tuple[int, int | None, int, int, int, int]]:
    """The table as rows of (leaf, subleaf or None, eax, ebx, ecx, edx)."""
    for (leaf, subleaf), registers in CPU_MODEL.items():
        yield leaf, subleaf, *registers

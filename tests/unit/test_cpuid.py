"""CPUID tables: ours, and ours with what another CPU says of itself."""

from nanvix.machine.cpuid import CPU_MODEL, ZERO, alike, cpuid, entries

RDRAND, AVX = 1 << 30, 1 << 28


def test_ours_knows_leaves_with_and_without_subleaves() -> None:
    assert cpuid(0, 7) == cpuid(0, 0) != ZERO
    assert cpuid(4, 0) != cpuid(4, 1) != ZERO
    assert cpuid(4, 9) == cpuid(7, 0) == cpuid(0xFFFF_FFFF, 0) == ZERO
    assert len(list(entries())) == len(CPU_MODEL)


def test_another_cpu_shows_but_for_the_instructions_we_lack() -> None:
    eax, ebx, ecx, edx = cpuid(1, 0)
    table = alike([(1, 0, 5, 6, ecx | RDRAND | AVX, 8), (4, 3, 1, 2, 3, 4), (7, 0, 0, 9, 9, 9),
                   (6, 2, 1, 1, 1, 1)])  # fmt: skip
    assert table[1, None] == (5, 6, ecx | RDRAND, 8)
    assert (table[4, 3], table[6, 2]) == ((1, 2, 3, 4), (1, 1, 1, 1))
    assert (7, 0) not in table and (7, None) not in table
    assert {key: table[key] for key in CPU_MODEL if key not in ((1, None), (4, 3))} == {
        key: row for key, row in CPU_MODEL.items() if key not in ((1, None), (4, 3))
    }
    assert alike([]) == CPU_MODEL and eax and ebx and edx

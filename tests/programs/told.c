/* What the processor says of itself, but for the vector instructions it has. */
#include <cpuid.h>
#include <stdio.h>
#include <sys/auxv.h>

#define VECTORS (bit_AVX | bit_FMA | bit_F16C | bit_OSXSAVE)

int main(void)
{
    static const unsigned leaves[] = {0, 1, 2, 4, 5, 0x40000000, 0x80000000, 0x80000002, 0x80000006, 0x80000008};
    unsigned a, b, c, d;

    for (unsigned i = 0; i < sizeof leaves / sizeof *leaves; i++) {
        __cpuid_count(leaves[i], i, a, b, c, d);
        printf("%08x: %08x %08x %08x %08x\n", leaves[i], a, b, leaves[i] == 1 ? c & ~VECTORS : c, d);
    }
    printf("hwcap %lx\n", getauxval(AT_HWCAP));
    return 0;
}

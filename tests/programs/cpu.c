/* The processor as programs see it: CPUID and the capability words of the auxiliary vector. */
#include <cpuid.h>
#include <stdio.h>
#include <sys/auxv.h>

int main(void)
{
    static const unsigned leaves[] = {0, 1, 2, 4, 5, 6, 7, 0xa, 0xb, 0xd, 0x14, 0x15, 0x16, 0x19, 0x1f,
                                      0x40000000, 0x40000001, 0x80000000, 0x80000001, 0x80000002,
                                      0x80000006, 0x80000007, 0x80000008, 0xffffffff};
    unsigned a, b, c, d;

    for (unsigned i = 0; i < sizeof leaves / sizeof *leaves; i++)
        for (unsigned sub = 0; sub < 4; sub++) {
            __cpuid_count(leaves[i], sub, a, b, c, d);
            printf("%08x %u: %08x %08x %08x %08x\n", leaves[i], sub, a, b, c, d);
        }
    printf("hwcap %lx %lx minsigstksz %lu\n", getauxval(AT_HWCAP), getauxval(AT_HWCAP2),
           getauxval(51));
    __asm__("mov %%cs, %0; mov %%ss, %1; mov %%ds, %2; mov %%es, %3" : "=r"(a), "=r"(b), "=r"(c), "=r"(d));
    printf("segments %x %x %x %x\n", a & 0xffff, b & 0xffff, c & 0xffff, d & 0xffff);
    unsigned short control, segment;
    unsigned vector;
    __asm__("fnstcw %0; stmxcsr %1; mov %%fs, %2" : "=m"(control), "=m"(vector), "=r"(segment));
    printf("fcw %x mxcsr %x fs %x\n", control, vector, segment);
    return 0;
}

/* Privileged instructions and the registers they touch (Intel SDM vol. 3). */
#pragma once
#include "types.h"

#define MSR_STAR 0xc0000081
#define MSR_LSTAR 0xc0000082
#define MSR_CSTAR 0xc0000083
#define MSR_SFMASK 0xc0000084
#define MSR_FS_BASE 0xc0000100
#define MSR_GS_BASE 0xc0000101

#define FLAG_TF (1UL << 8)
#define FLAG_IF (1UL << 9)
#define FLAG_DF (1UL << 10)
#define FLAG_NT (1UL << 14)
#define FLAG_AC (1UL << 18)
/* CF PF AF ZF SF TF DF OF AC ID: what user code may choose. */
#define FLAGS_USER 0x240dd5UL

#define PF_PRESENT 1
#define PF_WRITE 2
#define PF_USER 4
#define PF_FETCH 16

static inline void wrmsr(u32 msr, u64 value) {
    __asm__ volatile("wrmsr" ::"c"(msr), "a"((u32)value), "d"((u32)(value >> 32)) : "memory");
}
static inline u64 read_cr2(void) {
    u64 value;
    __asm__ volatile("mov %%cr2, %0" : "=r"(value));
    return value;
}
static inline u64 rdtsc(void) {
    u32 low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (u64)high << 32 | low;
}

void descriptors_init(void); /* boot/descriptors.c: GDT, IDT, TSS, syscall MSRs */

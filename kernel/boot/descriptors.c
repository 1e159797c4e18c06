/* GDT, IDT, TSS and the system-call MSRs: once at boot, then only the stack pointer changes. */
#include "abi.h"
#include "cpu.h"
#include "privilege.h"

struct tss {
    u32 reserved0;
    u64 rsp[3];
    u64 reserved1;
    u64 ist[7];
    u64 reserved2;
    u16 reserved3;
    u16 iomap_base;
    u8 iomap[8192 + 1];
} packed;

struct gate {
    u16 offset_low, selector;
    u8 ist, type;
    u16 offset_mid;
    u32 offset_high, reserved;
};

struct table_pointer {
    u16 limit;
    u64 base;
} packed;

#define GATE_INTERRUPT 0x8e
#define GATE_USER 0x60 /* DPL 3 */
#define VECTORS 34

/* An all-ones bitmap is written down rather than implied by the limit: a hypervisor that ignores
   IOPL still honours it, and no port is open to ring 3. */
struct tss tss = {
    .iomap_base = offsetof(struct tss, iomap),
    .iomap = { [0 ... 8192] = 0xff },
};

static u64 gdt[10] = {
    [NV_SEL_KERNEL_CODE / 8] = 0x00af9b000000ffff,
    [NV_SEL_KERNEL_DATA / 8] = 0x00cf93000000ffff,
    [NV_SEL_USER_CODE32 / 8] = 0x00cffb000000ffff,
    [NV_SEL_USER_DATA / 8] = 0x00cff3000000ffff,
    [NV_SEL_USER_CODE / 8] = 0x00affb000000ffff,
};

static struct gate idt[VECTORS];

extern const u64 vector_table[VECTORS];      /* boot/entry.S */
extern const u64 sink_vector_table[VECTORS]; /* boot/sink.S */
extern char syscall_entry[], narrow_entry[], fault_stack_top[];
extern u64 kernel_stack_top; /* boot/privilege.c */

static void idt_init(void) {
    const u64 *handlers = privilege_must_sink() ? sink_vector_table : vector_table;
    for (int i = 0; i < VECTORS; i++) {
        u64 handler = handlers[i];
        idt[i] = (struct gate){
            .offset_low = (u16)handler,
            .selector = NV_SEL_KERNEL_CODE,
            .type = GATE_INTERRUPT,
            .offset_mid = (u16)(handler >> 16),
            .offset_high = (u32)(handler >> 32),
        };
    }
    idt[3].type |= GATE_USER; /* int3 is the one software interrupt programs may raise */
    idt[8].ist = 1;           /* a double fault is most likely a kernel stack overflow */
}

static void tss_init(void) {
    u64 base = (u64)&tss, limit = sizeof(tss) - 1;
    tss.ist[0] = (u64)fault_stack_top;
    gdt[NV_SEL_TSS / 8] = (limit & 0xffff) | (base & 0xffffff) << 16 | 0x89UL << 40 |
                          (limit >> 16 & 0xf) << 48 | (base >> 24 & 0xff) << 56;
    gdt[NV_SEL_TSS / 8 + 1] = base >> 32;
}

/* A kernel that sinks takes all traps on the monitor's stack and goes to this one by itself. */
void user_stack_load(u64 top) {
    kernel_stack_top = top;
    if (!privilege_must_sink())
        tss.rsp[0] = top;
}

void descriptors_init(void) {
    struct table_pointer gdtr = { sizeof(gdt) - 1, (u64)gdt };
    struct table_pointer idtr = { sizeof(idt) - 1, (u64)idt };
    idt_init();
    tss_init();
    /* CS and SS already hold these selectors: the host loaded the same descriptors. */
    __asm__ volatile("lgdt %0; lidt %1; ltr %w2" ::"m"(gdtr), "m"(idtr), "r"((u16)NV_SEL_TSS) : "memory");
    /* With its RPL: sysret makes SS of it, and AMD's CPUs set the ring in that of CS alone (APM vol. 3). */
    wrmsr(MSR_STAR, (u64)NV_SEL_KERNEL_CODE << 32 | (u64)NV_SEL_USER_CODE32 << 48);
    wrmsr(MSR_LSTAR, (u64)syscall_entry);
    wrmsr(MSR_CSTAR, (u64)narrow_entry);
    wrmsr(MSR_SFMASK, FLAG_TF | FLAG_IF | FLAG_DF | FLAG_NT | FLAG_AC);
}

/* Saving and loading vector state (Intel SDM vol. 1, 10.5 FXSAVE, 13.4 XSAVE area).

   The CPU model has SSE only, so FXSAVE is all there is to save. Under QUIRK_OPEN_AVX the host lets
   ring 3 use the wider registers all the same; there the sunk kernel, being in ring 3, saves them with
   XSAVE. */
#include "fpu.h"
#include "lib.h"
#include "privilege.h"

#define FXSAVE_SIZE 512
#define FPU_IMAGE_ROOM 4096 /* more than any CPU's image of the components below */
#define COMPONENTS 0x2e7UL /* x87, SSE, AVX, AVX-512 (3), PKRU */
#define FCW_DEFAULT 0x37f
#define MXCSR_DEFAULT 0x1f80
#define MXCSR_KNOWN 0xffff /* every CPU of the model knows DAZ, the youngest of these bits */

struct image {
    u16 fcw, fsw;
    u8 tag, reserved0;
    u16 opcode;
    u64 rip, rdp;
    u32 mxcsr, mxcsr_mask;
    u8 registers[480];
    u64 present, compacted, reserved1[6]; /* the XSAVE header */
};
_Static_assert(offsetof(struct image, present) == FXSAVE_SIZE, "FXSAVE image");

static u64 components; /* 0: FXSAVE */
static u32 size = FXSAVE_SIZE;

static u64 enabled_components(void) {
    u32 low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (u64)high << 32 | low;
}

/* Where the last component ends differs between vendors, and CPUID, which would tell, is not always the
   host's: the image is as long as what XSAVE changes, whatever was there before. */
static u32 measured_size(void) {
    static u8 over_zeros[FPU_IMAGE_ROOM] __attribute__((aligned(64)));
    static u8 over_ones[FPU_IMAGE_ROOM] __attribute__((aligned(64)));
    u32 end = FPU_IMAGE_ROOM;
    memset(over_ones, 0xff, FPU_IMAGE_ROOM);
    memset(over_ones + FXSAVE_SIZE, 0, sizeof(struct image) - FXSAVE_SIZE);
    fpu_save(over_zeros);
    fpu_save(over_ones);
    while (end > sizeof(struct image) && over_zeros[end - 1] != over_ones[end - 1])
        end--;
    return ROUND_UP(end, 64);
}

void fpu_init(void) {
    if (!quirk(NV_QUIRK_OPEN_AVX) || !sunk)
        return;
    components = enabled_components() & COMPONENTS;
    size = measured_size();
    if (size > FPU_IMAGE_MAX)
        panic("vector state of an unknown size");
}

u32 fpu_size(void) { return size; }
u32 fpu_frame_size(void) { return boot.flags & NV_BOOT_STEADY ? FPU_IMAGE_MAX : size; }

void fpu_save(void *image) {
    if (components)
        __asm__ volatile("xsave64 (%0)" ::"r"(image), "a"((u32)components), "d"(0) : "memory");
    else
        __asm__ volatile("fxsave64 (%0)" ::"r"(image) : "memory");
}

void fpu_restore(const void *image) {
    if (components)
        __asm__ volatile("xrstor64 (%0)" ::"r"(image), "a"((u32)components), "d"(0) : "memory");
    else
        __asm__ volatile("fxrstor64 (%0)" ::"r"(image) : "memory");
}

void fpu_reset(void *at) {
    struct image *image = at;
    memset(image, 0, size);
    image->fcw = FCW_DEFAULT;
    image->mxcsr = MXCSR_DEFAULT;
}

void fpu_sanitise(void *at) {
    struct image *image = at;
    image->mxcsr &= MXCSR_KNOWN;
    if (!components)
        return;
    image->present &= components;
    image->compacted = 0;
    memset(image->reserved1, 0, sizeof(image->reserved1));
}

/* Saving and loading vector state (Intel SDM vol. 1, 10.5 FXSAVE, 13.4 XSAVE area).

   The CPU model has SSE only, so FXSAVE is all there is to save. Under QUIRK_OPEN_AVX the host lets
   ring 3 use the wider registers all the same; there the sunk kernel, being in ring 3, saves them with
   XSAVE. */
#include "fpu.h"
#include "frame.h"
#include "lib.h"
#include "privilege.h"
#include "task.h"

#define FPU_IMAGE_ROOM 4096 /* more than any CPU's image of the components below */
#define COMPONENTS 0x2e7UL /* x87, SSE, AVX, AVX-512 (3), PKRU */
#define LEGACY 0x3UL       /* x87, SSE: what FXSAVE holds */
#define WIDE 0xe4UL        /* AVX, AVX-512 */
#define PKRU 0x200UL
#define PKRU_ROOM 64       /* it is the last component, and small */
#define FRAME_MAGIC1 0x46505853U
#define FRAME_MAGIC2 0x46505845U
#define FCW_DEFAULT 0x37f
#define MXCSR_DEFAULT 0x1f80
#define MXCSR_KNOWN 0xffff /* every CPU of the model knows DAZ, the youngest of these bits */

struct image {
    u16 fcw, fsw;
    u8 tag, reserved0;
    u16 opcode;
    u64 rip, rdp;
    u32 mxcsr, mxcsr_mask;
    u8 registers[432];
    struct { /* in a signal frame: what else it holds (asm/sigcontext.h, struct _fpx_sw_bytes) */
        u32 magic1, extended_size;
        u64 components;
        u32 size, unused[7];
    } frame;
    u64 present, compacted, reserved1[6]; /* the XSAVE header */
};
_Static_assert(offsetof(struct image, present) == FXSAVE_SIZE, "FXSAVE image");

static u64 components; /* 0: FXSAVE */
static u32 size = FXSAVE_SIZE;
static u32 state_size; /* of that what the components reach, 0 where there is no XSAVE */

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
    memset(over_zeros, 0, FPU_IMAGE_ROOM);
    memset(over_ones, 0xff, FPU_IMAGE_ROOM);
    memset(over_ones + FXSAVE_SIZE, 0, sizeof(struct image) - FXSAVE_SIZE);
    fpu_save(over_zeros);
    fpu_save(over_ones);
    while (end > sizeof(struct image) && over_zeros[end - 1] != over_ones[end - 1])
        end--;
    return end;
}

void fpu_init(void) {
    if (!quirk(NV_QUIRK_OPEN_AVX) || !sunk)
        return;
    components = enabled_components() & COMPONENTS;
    u32 end = measured_size();
    state_size = ROUND_UP(end, sizeof(u64));
    size = ROUND_UP(end, 64);
    if (size > FPU_IMAGE_MAX)
        panic("vector state of an unknown size");
}

u32 fpu_size(void) { return size; }
u32 fpu_state_size(void) { return boot.flags & NV_BOOT_STEADY ? 0 : state_size; }

/* Behind the image of XSAVE stands FRAME_MAGIC2. */
u32 fpu_frame_size(void) {
    u32 wide = boot.flags & NV_BOOT_STEADY ? FPU_IMAGE_MAX : size;
    return wide > FXSAVE_SIZE ? wide + 64 : FXSAVE_SIZE;
}

void fpu_save(void *image) {
    if (components)
        __asm__ volatile("xsave64 (%0)" ::"r"(image), "a"((u32)components), "d"(0) : "memory");
    else
        __asm__ volatile("fxsave64 (%0)" ::"r"(image) : "memory");
}

/* The flag of an exception that is not masked (Intel SDM vol. 1, 8.1.3 and 10.2.3); several count in this order. */
i32 fpu_error_code(bool vector) {
    static const struct {
        u32 flags;
        i32 code;
    } kinds[] = {
        { 0x01, FPE_FLTINV }, { 0x04, FPE_FLTDIV }, { 0x08, FPE_FLTOVF },
        { 0x12, FPE_FLTUND }, /* underflow, and operands too small to be normal */
        { 0x20, FPE_FLTRES },
    };
    static struct image now __attribute__((aligned(64)));
    __asm__ volatile("fxsave64 %0" : "=m"(now));
    u32 raised = vector ? now.mxcsr & ~(now.mxcsr >> 7) : now.fsw & ~(u32)now.fcw;
    for (u32 i = 0; i < ARRAY_LEN(kinds); i++)
        if (raised & kinds[i].flags)
            return kinds[i].code;
    return 0;
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

/* Does an image of that layout hold more than x87 and SSE? Values of zero are where these registers
   start. PKRU does not count: no page has another key than 0, whose rights no running program lacks. */
static bool is_wide(const struct image *image, u64 its_components, u32 its_size) {
    const u64 *at = (const u64 *)(image + 1), *end = (const u64 *)((const u8 *)image + its_size);
    if (!(image->present & its_components & WIDE))
        return false;
    if (its_components & PKRU)
        end -= PKRU_ROOM / sizeof(*end);
    while (at < end && !*at)
        at++;
    return at < end;
}

/* An image of which only the FXSAVE area is known. */
static void complete(struct image *image) {
    if (!components)
        return;
    memset(&image->present, 0, size - FXSAVE_SIZE);
    image->present = LEGACY;
}

u32 fpu_frame_save(void *at) {
    struct image *image = at;
    fpu_save(image);
    memset(&image->frame, 0, sizeof(image->frame));
    if (!components)
        return FXSAVE_SIZE;
    image->frame.magic1 = FRAME_MAGIC1;
    image->frame.components = components;
    image->frame.size = size;
    image->frame.extended_size = size + sizeof(u32);
    *(u32 *)((u8 *)at + size) = FRAME_MAGIC2;
    return size + sizeof(u32);
}

u32 fpu_frame_extent(const void *at) {
    const struct image *image = at;
    u32 its_size = image->frame.size;
    bool sane = its_size >= sizeof(*image) && its_size <= FPU_IMAGE_MAX && its_size % sizeof(u64) == 0;
    return image->frame.magic1 == FRAME_MAGIC1 && sane ? its_size : FXSAVE_SIZE;
}

bool fpu_frame_load(void *at) {
    struct image *image = at;
    u32 its_size = fpu_frame_extent(at);
    image->mxcsr &= MXCSR_KNOWN;
    if (its_size == FXSAVE_SIZE) {
        complete(image);
    } else if (its_size != size || image->frame.components != components) {
        /* Made on the CPU this machine was on before it was saved. */
        if (is_wide(image, image->frame.components, its_size))
            return false;
        complete(image);
    } else {
        image->present &= components;
        image->compacted = 0;
        memset(image->reserved1, 0, sizeof(image->reserved1));
    }
    fpu_restore(image);
    return true;
}

/* Which components there are stands where FXSAVE leaves room for software. */
void fpu_show(void *to, const void *from) {
    struct image *image = to;
    memcpy(image, from, state_size);
    memset(&image->frame, 0, sizeof(image->frame));
    memcpy(&image->frame, &components, sizeof(components));
}

bool fpu_change(void *at, const void *from) {
    struct image *image = at;
    if (((const struct image *)from)->mxcsr & ~MXCSR_KNOWN)
        return false;
    memcpy(image, from, FXSAVE_SIZE);
    if (components)
        image->present |= LEGACY;
    return true;
}

bool fpu_change_all(void *at, const void *from) {
    const struct image *image = from;
    u64 reserved = image->compacted;
    for (u32 i = 0; i < ARRAY_LEN(image->reserved1); i++)
        reserved |= image->reserved1[i];
    if (reserved || (image->present & ~components) || (image->mxcsr & ~MXCSR_KNOWN))
        return false;
    memcpy(at, from, state_size);
    return true;
}

u32 fpu_adapt(bool wide) {
    const u64 old_components = components;
    const u32 old_size = size;
    const struct process *process;
    struct task *task;
    components = 0;
    size = FXSAVE_SIZE;
    state_size = 0;
    fpu_init();
    if (components == old_components && size == old_size)
        return NV_MOVED;
    if (wide)
        return NV_MOVED_WIDE;
    list_for_each(process, &all_processes, all) {
        list_for_each(task, &process->threads, thread_link) {
            struct image *image = kzalloc(MAX(size, (u32)sizeof(*image)));
            if (!image)
                return NV_MOVED_MEMORY;
            if (old_components && is_wide(task->fpu, old_components, old_size))
                return NV_MOVED_WIDE;
            memcpy(image, task->fpu, FXSAVE_SIZE);
            complete(image);
            kfree(task->fpu);
            task->fpu = image;
        }
    }
    return NV_MOVED;
}

/* The vDSO: the clock page and, right above it, an ELF image with clock_gettime and its kin. A clock
   whose readings are noted has the tape page below. */
#include "errno.h"
#include "exec.h"
#include "hypercall.h"
#include "lib.h"
#include "mm.h"

extern const char vdso_start[], vdso_end[]; /* mm/vdso_image.S */

static i64 map_frames(struct mm *mm, u64 addr, paddr from, u64 size, u32 prot, u32 kind, const char *name) {
    i64 at = mm_map(mm, addr, size, prot, kind | AREA_FIXED_FRAMES, NULL, 0);
    if (at < 0)
        return at;
    area_find(mm, addr)->name = name;
    for (u64 offset = 0; offset < size; offset += PAGE_SIZE) {
        paddr frame = from + offset;
        if (!frame_refs(frame))
            frame_get(frame); /* the kernel's own reference: the image is never freed */
        frame_get(frame);
        i64 err = mm_install(mm, addr + offset, frame, prot);
        if (err)
            return err;
    }
    return 0;
}

i64 vdso_map(struct mm *mm) {
    u64 size = ROUND_UP((u64)(vdso_end - vdso_start), PAGE_SIZE);
    bool tape = (boot.flags & NV_BOOT_TAPE) && !(boot.flags & NV_BOOT_NO_VDSO_TSC);
    u64 below = tape ? 2 * PAGE_SIZE : PAGE_SIZE;
    u64 base = mm_find_room(mm, size + below);
    if (!base)
        return -ENOMEM;
    mm->vdso = base + below;
    i64 err = map_frames(mm, mm->vdso, virt_to_phys(vdso_start), size, PROT_READ | PROT_EXEC, MAP_PRIVATE, "[vdso]");
    if (!err)
        err = map_frames(mm, mm->vdso - PAGE_SIZE, NV_CLOCK_PHYS, PAGE_SIZE, PROT_READ, MAP_PRIVATE, "[vvar]");
    if (!err && tape)
        err = map_frames(mm, base, NV_TAPE_PHYS, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, "[vvar_tape]");
    return err;
}

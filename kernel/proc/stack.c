/* The stack a program starts on (System V ABI, x86-64 supplement, 3.4.1): from the top the strings,
   then the random bytes and names auxv points to, auxv, envp, argv, argc. */
#include "errno.h"
#include "exec.h"
#include "fpu.h"
#include "hypercall.h"
#include "lib.h"
#include "rseq.h"

#define AT_NULL 0
#define AT_PHDR 3
#define AT_PHENT 4
#define AT_PHNUM 5
#define AT_PAGESZ 6
#define AT_BASE 7
#define AT_FLAGS 8
#define AT_ENTRY 9
#define AT_UID 11
#define AT_EUID 12
#define AT_GID 13
#define AT_EGID 14
#define AT_PLATFORM 15
#define AT_HWCAP 16
#define AT_CLKTCK 17
#define AT_SECURE 23
#define AT_RANDOM 25
#define AT_HWCAP2 26
#define AT_RSEQ_FEATURE_SIZE 27
#define AT_RSEQ_ALIGN 28
#define AT_EXECFN 31
#define AT_SYSINFO_EHDR 33
#define AT_MINSIGSTKSZ 51

#define SIGNAL_FRAME_REST 1024 /* of a signal frame, beside the vector state */
#define STACK_LIMIT_INDEX 3

/* Writes u64s downwards-allocated but upwards-filled user memory through a small buffer. */
struct writer {
    struct mm *mm;
    u64 at;
    u32 used;
    i64 error;
    u64 buffer[32];
};

static void flush(struct writer *w) {
    if (!w->error)
        w->error = mm_copy_out(w->mm, w->at, w->buffer, w->used * sizeof(u64));
    w->at += w->used * sizeof(u64);
    w->used = 0;
}

static void put(struct writer *w, u64 value) {
    w->buffer[w->used++] = value;
    if (w->used == ARRAY_LEN(w->buffer))
        flush(w);
}

static void put_strings(struct writer *w, const struct exec_strings *s, u32 first, u32 count, u64 *at) {
    for (u32 i = first; i < first + count; i++) {
        put(w, *at);
        *at += strings_length(s, i);
    }
    put(w, 0);
}

static u32 cpu_features(void) {
    static u32 edx;
    if (boot.flags & NV_BOOT_STEP)
        return NV_COMMON_FEATURES;
    if (!edx) {
        u32 eax = 1, ebx, ecx = 0;
        __asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
    }
    return edx;
}

static u64 signal_stack_size(void) {
    return (boot.flags & NV_BOOT_STEP ? 512 : fpu_frame_size()) + SIGNAL_FRAME_REST;
}

static void make_auxv(struct mm *mm, const struct elf_image *image, u64 random, u64 platform, u64 path,
                      const struct cred *cred) {
    const u64 auxv[] = {
        AT_SYSINFO_EHDR, mm->vdso,
        AT_HWCAP, cpu_features(),
        AT_PAGESZ, PAGE_SIZE,
        AT_CLKTCK, 100,
        AT_PHDR, image->phdr,
        AT_PHENT, 56,
        AT_PHNUM, image->phnum,
        AT_BASE, image->base,
        AT_FLAGS, 0,
        AT_ENTRY, image->program_entry,
        AT_UID, cred->ruid,
        AT_EUID, cred->euid,
        AT_GID, cred->rgid,
        AT_EGID, cred->egid,
        AT_SECURE, cred_is_secure(cred),
        AT_RANDOM, random,
        AT_HWCAP2, 0,
        AT_EXECFN, path,
        AT_PLATFORM, platform,
        AT_RSEQ_FEATURE_SIZE, RSEQ_FEATURE_SIZE,
        AT_RSEQ_ALIGN, RSEQ_ALIGN,
        AT_MINSIGSTKSZ, signal_stack_size(),
        AT_NULL, 0,
    };
    _Static_assert(sizeof(auxv) <= sizeof(mm->auxv), "auxv");
    memcpy(mm->auxv, auxv, sizeof(auxv));
    mm->auxv_len = ARRAY_LEN(auxv);
}

/* The string frames become the pages just below the top. */
static i64 install_strings(struct mm *mm, struct exec_strings *s, u64 base) {
    for (u32 i = 0; i < s->page_count; i++) {
        i64 err = mm_install(mm, base + (u64)i * PAGE_SIZE, s->pages[i], PROT_READ | PROT_WRITE);
        if (err)
            return err;
        frame_get(s->pages[i]); /* strings_free drops the gatherer's own reference */
    }
    return 0;
}

static i64 map_stack(struct mm *mm) {
    u64 size = ROUND_DOWN(MIN(current->process->limits[STACK_LIMIT_INDEX].cur, 64UL << 20), PAGE_SIZE);
    size = MAX(size, ((u64)STRING_PAGES + 32) * PAGE_SIZE);
    i64 at = mm_map(mm, MM_STACK_TOP - size, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_GROWSDOWN, NULL, 0);
    if (at < 0)
        return at;
    area_find(mm, (u64)at)->name = "[stack]";
    mm->stack_top = MM_STACK_TOP;
    return 0;
}

i64 stack_build(struct mm *mm, struct exec_strings *s, const struct elf_image *image, const char *path,
                const struct cred *cred) {
    static const char platform[] = "x86_64";
    u64 random[2] = { random_u64(), random_u64() };
    u64 base = MM_STACK_TOP - (u64)s->page_count * PAGE_SIZE;
    i64 err = map_stack(mm);
    if (!err)
        err = install_strings(mm, s, base);
    if (err)
        return err;
    u64 path_size = strlen(path) + 1;
    u64 path_at = base - path_size, platform_at = path_at - sizeof(platform);
    u64 random_at = ROUND_DOWN(platform_at - sizeof(random), 16);
    make_auxv(mm, image, random_at, platform_at, path_at, cred);
    u64 words = 1 + s->argc + 1 + s->envc + 1 + mm->auxv_len;
    struct writer w = { .mm = mm, .at = ROUND_DOWN(random_at - words * sizeof(u64), 16) };
    u64 sp = w.at, string_at = base;
    put(&w, s->argc);
    mm->arg_start = base;
    put_strings(&w, s, 0, s->argc, &string_at);
    mm->arg_end = mm->env_start = string_at;
    put_strings(&w, s, s->argc, s->envc, &string_at);
    mm->env_end = string_at;
    for (u32 i = 0; i < mm->auxv_len; i++)
        put(&w, mm->auxv[i]);
    flush(&w);
    if (!w.error)
        w.error = mm_copy_out(mm, path_at, path, path_size);
    if (!w.error)
        w.error = mm_copy_out(mm, platform_at, platform, sizeof(platform));
    if (!w.error)
        w.error = mm_copy_out(mm, random_at, random, sizeof(random));
    return w.error ? w.error : (i64)sp;
}

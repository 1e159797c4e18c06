/* Loading ELF64 programs and their interpreters (System V gABI, chapters 4 and 5). Every field of
   the headers is a program's word against ours: all sums are checked before they are used. */
#include "errno.h"
#include "exec.h"
#include "file.h"
#include "lib.h"
#include "linux/fcntl.h"

struct elf_header {
    u8 ident[16];
    u16 type, machine;
    u32 version;
    u64 entry, phoff, shoff;
    u32 flags;
    u16 ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};

struct program_header {
    u32 type, flags;
    u64 offset, vaddr, paddr, filesz, memsz, align;
};

#define ET_EXEC 2
#define ET_DYN 3
#define EM_X86_64 62
#define PT_LOAD 1
#define PT_INTERP 3
#define PF_X 1
#define PF_W 2
#define PF_R 4
#define PHNUM_MAX (PAGE_SIZE / sizeof(struct program_header))

struct elf_file {
    struct file *file;
    struct elf_header header;
    struct program_header *segments; /* one heap page */
    u64 low, high;                   /* page-aligned extent of the PT_LOADs */
};

static i64 check_header(const struct elf_header *h) {
    static const u8 ident[6] = { 0x7f, 'E', 'L', 'F', 2 /* 64-bit */, 1 /* little-endian */ };
    if (memcmp(h->ident, ident, sizeof(ident)) || h->machine != EM_X86_64 ||
        (h->type != ET_EXEC && h->type != ET_DYN) || h->phentsize != sizeof(struct program_header) ||
        !h->phnum || h->phnum > PHNUM_MAX)
        return -ENOEXEC;
    return 0;
}

static i64 check_segment(const struct program_header *ph) {
    if (ph->memsz > NV_USER_END || ph->vaddr > NV_USER_END - ph->memsz || ph->filesz > ph->memsz ||
        ph->offset + ph->filesz < ph->offset || ((ph->vaddr ^ ph->offset) & PAGE_MASK))
        return -ENOEXEC;
    return 0;
}

static i64 elf_open(struct elf_file *elf, struct file *file) {
    elf->file = file;
    elf->segments = NULL;
    i64 got = file_read_kernel(file, 0, &elf->header, sizeof(elf->header));
    if (got < 0)
        return got;
    if (got != sizeof(elf->header) || check_header(&elf->header))
        return -ENOEXEC;
    u64 size = elf->header.phnum * sizeof(struct program_header);
    elf->segments = kmalloc(PAGE_SIZE);
    if (!elf->segments)
        return -ENOMEM;
    got = file_read_kernel(file, elf->header.phoff, elf->segments, size);
    if (got < 0)
        return got;
    if ((u64)got != size)
        return -ENOEXEC;
    elf->low = NV_USER_END;
    elf->high = 0;
    for (u32 i = 0; i < elf->header.phnum; i++) {
        const struct program_header *ph = &elf->segments[i];
        if (ph->type != PT_LOAD || !ph->memsz)
            continue;
        i64 err = check_segment(ph);
        if (err)
            return err;
        elf->low = MIN(elf->low, ROUND_DOWN(ph->vaddr, PAGE_SIZE));
        elf->high = MAX(elf->high, ROUND_UP(ph->vaddr + ph->memsz, PAGE_SIZE));
    }
    return elf->low < elf->high ? 0 : -ENOEXEC;
}

static u32 rights(u32 flags) {
    return (flags & PF_R ? PROT_READ : 0) | (flags & PF_W ? PROT_WRITE : 0) | (flags & PF_X ? PROT_EXEC : 0);
}

static i64 map_segment(struct mm *mm, struct file *file, const struct program_header *ph, u64 bias) {
    u64 start = ROUND_DOWN(ph->vaddr, PAGE_SIZE) + bias, end = ROUND_UP(ph->vaddr + ph->memsz, PAGE_SIZE) + bias;
    u64 data_end = ph->vaddr + ph->filesz + bias, file_end = ph->filesz ? ROUND_UP(data_end, PAGE_SIZE) : start;
    u32 prot = rights(ph->flags);
    i64 at;
    if (file_end > start) {
        at = mm_map(mm, start, file_end - start, prot, MAP_PRIVATE, file, ROUND_DOWN(ph->offset, PAGE_SIZE));
        if (at < 0)
            return at;
    }
    if (end > file_end) {
        at = mm_map(mm, file_end, end - file_end, prot, MAP_PRIVATE, NULL, 0);
        if (at < 0)
            return at;
    }
    /* The bss begins in the middle of the last file page. */
    if (ph->memsz > ph->filesz && data_end < file_end && (prot & PROT_WRITE))
        return mm_zero_out(mm, data_end, file_end - data_end);
    return 0;
}

/* Map all segments; *bias is what was added to their addresses. */
static i64 map_all(struct mm *mm, struct elf_file *elf, u64 dyn_base, u64 *bias) {
    *bias = elf->header.type == ET_DYN ? dyn_base - elf->low : 0;
    if (elf->low + *bias < MM_MIN_ADDRESS || elf->high + *bias > MM_STACK_TOP - (64UL << 20))
        return -ENOEXEC;
    for (u32 i = 0; i < elf->header.phnum; i++) {
        const struct program_header *ph = &elf->segments[i];
        i64 err = ph->type == PT_LOAD && ph->memsz ? map_segment(mm, elf->file, ph, *bias) : 0;
        if (err)
            return err;
    }
    return 0;
}

/* The program headers as the program sees them in memory, for AT_PHDR. */
static u64 phdr_address(const struct elf_file *elf, u64 bias) {
    for (u32 i = 0; i < elf->header.phnum; i++) {
        const struct program_header *ph = &elf->segments[i];
        if (ph->type == PT_LOAD && elf->header.phoff >= ph->offset &&
            elf->header.phoff - ph->offset < ph->filesz)
            return elf->header.phoff - ph->offset + ph->vaddr + bias;
    }
    return 0;
}

/* The interpreter's file, NULL when there is none, ERR_PTR. */
static struct file *open_interpreter(const struct elf_file *elf) {
    for (u32 i = 0; i < elf->header.phnum; i++) {
        const struct program_header *ph = &elf->segments[i];
        if (ph->type != PT_INTERP)
            continue;
        if (ph->filesz < 2 || ph->filesz > NV_MAX_PATH)
            return ERR_PTR(-ENOEXEC);
        char *path = kmalloc(PAGE_SIZE);
        if (!path)
            return ERR_PTR(-ENOMEM);
        i64 got = file_read_kernel(elf->file, ph->offset, path, ph->filesz);
        struct file *file = ERR_PTR(got < 0 ? got : -ENOEXEC);
        if (got == (i64)ph->filesz && !path[got - 1])
            file = file_open_exec(AT_FDCWD, path, 0);
        kfree(path);
        return file;
    }
    return NULL;
}

static i64 load_interpreter(struct mm *mm, struct file *file, struct elf_image *out) {
    struct elf_file elf;
    i64 err = elf_open(&elf, file);
    if (err == -ENOEXEC)
        err = -80; /* ELIBBAD, as Linux says of a broken interpreter */
    if (!err) {
        u64 room = mm_find_room(mm, elf.high - elf.low);
        err = room ? map_all(mm, &elf, room, &out->base) : -ENOMEM;
        out->entry = elf.header.entry + out->base;
    }
    kfree(elf.segments);
    return err;
}

i64 elf_load(struct mm *mm, struct file *file, struct elf_image *out) {
    struct elf_file elf;
    u64 bias = 0;
    i64 err = elf_open(&elf, file);
    struct file *interpreter = err ? NULL : open_interpreter(&elf);
    if (IS_ERR(interpreter)) {
        err = PTR_ERR(interpreter);
        interpreter = NULL;
    }
    if (!err)
        err = map_all(mm, &elf, MM_PIE_BASE, &bias);
    if (!err) {
        out->program_entry = out->entry = elf.header.entry + bias;
        out->phdr = phdr_address(&elf, bias);
        out->phnum = elf.header.phnum;
        out->base = 0;
        mm->brk_start = mm->brk = elf.high + bias;
        if (interpreter)
            err = load_interpreter(mm, interpreter, out);
    }
    if (!err && out->entry >= NV_USER_END)
        err = -ENOEXEC;
    if (interpreter) {
        file_release_hold(interpreter);
        file_put(interpreter);
    }
    kfree(elf.segments);
    return err;
}

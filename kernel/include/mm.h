/* Address spaces: areas, page tables, faults. */
#pragma once
#include "frame.h"
#include "list.h"
#include "numa.h"
#include "tree.h"

struct file;
struct task;

#define PROT_READ 1
#define PROT_WRITE 2
#define PROT_EXEC 4
#define MAP_SHARED 0x01
#define MAP_PRIVATE 0x02
#define MAP_SHARED_VALIDATE 0x03
#define MAP_FIXED 0x10
#define MAP_ANONYMOUS 0x20
#define MAP_GROWSDOWN 0x100
#define MAP_LOCKED 0x2000
#define MAP_NORESERVE 0x4000
#define MAP_POPULATE 0x8000
#define MAP_STACK 0x20000
#define MAP_FIXED_NOREPLACE 0x100000

/* One mapping: [node.key, end) with the same rights and backing. */
struct area {
    struct tree_node node; /* key = first address */
    u64 end;
    u32 prot;
    u32 flags;             /* MAP_SHARED | MAP_PRIVATE | MAP_GROWSDOWN | AREA_* */
    struct file *file;     /* NULL: anonymous */
    u64 offset;            /* into the file, of the first address */
    struct memory_policy policy;
    const char *name;      /* "[heap]", "[stack]", "[vdso]", "[vvar]" or NULL */
};
#define AREA_LOCKED MAP_LOCKED
#define AREA_DONT_FORK 0x08000000 /* MADV_DONTFORK */
#define AREA_CHARGED 0x01000000 /* private memory that may be, or could once be, written: mm/commit.c */
#define AREA_SEALED 0x02000000 /* mseal(2) */
#define AREA_WIPE_ON_FORK 0x04000000
#define AREA_FIXED_FRAMES 0x40000000 /* vDSO and clock page: frames are mapped at creation */

struct mm {
    u32 refs;
    u64 serial; /* no other ever has the same */
    paddr root; /* PML4 */
    u32 tables; /* frame number of the newest page table; chained by their tags */
    u32 table_count;
    struct list all;
    u64 map_top;  /* mappings go below, as long as there is room: the stack may grow down to here */
    u64 map_hint; /* where the next mapping is tried, downwards */
    struct tree areas;
    u32 area_count;
    u64 brk_start, brk;
    u64 stack_top;
    u64 arg_start, arg_end, env_start, env_end;
    u64 vdso;
    struct file *program; /* nobody may write to it while it runs */
    u64 resident; /* 4 KiB pages mapped, without those of zeros that all share */
    struct {
        u64 pages, end; /* what the last fault on fresh memory mapped */
    } strides[2];       /* by reading, by writing */
    u64 reserved; /* bytes in areas */
    bool lock_future; /* mlockall(MCL_FUTURE) */
    struct list aio;  /* contexts of asynchronous input and output (fs/aio.h); heads nothing until the first */
    u64 auxv[48];
    u32 auxv_len; /* u64s */
};

struct mm *mm_new(void);              /* ERR_PTR(-ENOMEM) */
struct mm *mm_fork(struct mm *from);  /* copy on write; ERR_PTR */
void mm_get(struct mm *mm);
void mm_put(struct mm *mm);
extern struct list all_mms;           /* mm.all */

/* Where things go without randomisation (the layout gdb users know). */
#define MM_PIE_BASE NV_PIE_BASE
#define MM_MAP_TOP 0x7ffff7fff000UL
#define MM_STACK_TOP 0x7fffffffe000UL
#define MM_MIN_ADDRESS 0x10000UL
#define MM_MAX_AREAS 65530

/* Areas (mm/area.c). */
struct area *area_find(struct mm *mm, u64 addr);       /* the area holding addr, or NULL */
struct area *area_first_from(struct mm *mm, u64 addr); /* the first that ends above addr */
struct area *area_next(struct area *area);
/* Map a range; takes its own reference of file. Address or negative errno. */
i64 mm_map(struct mm *mm, u64 addr, u64 size, u32 prot, u32 flags, struct file *file, u64 offset);
i64 mm_map_named(struct mm *mm, u64 addr, u64 size, u32 prot, u32 flags, struct file *file, u64 offset,
                 const char *name);
/* The same with all that another area is, but for its place; `offset` is that of addr. */
i64 mm_map_like(struct mm *mm, u64 addr, u64 size, const struct area *like, u64 offset);
/* The same for the current process, within its limits, where mmap(2) would put it. */
i64 mm_map_checked(u64 addr, u64 size, u32 prot, u32 flags, struct file *file, u64 offset);
/* May the current process's space grow by so many bytes (RLIMIT_AS; for private writable memory
   RLIMIT_DATA too)? */
bool mm_within_limits(struct mm *mm, u64 more, bool data);
/* May so many bytes be promised at once? (mm/commit.c) */
bool mm_may_commit(u64 bytes);
/* Is memory with these rights and flags of the kind that is asked for? */
bool mm_is_charged(u32 prot, u32 flags);
u64 mm_committed(void); /* bytes, of everybody */
u64 mm_tables(void);    /* frames of everybody's page tables */
/* Fault the pages of a range in: 0 or what the first fault that fails says. */
i64 mm_populate(struct mm *mm, u64 addr, u64 size, bool write);
/* May so many bytes more be locked? 0, -EPERM (none at all), -ENOMEM (too many). */
i64 mm_may_lock(struct mm *mm, u64 more);
i64 mm_unmap(struct mm *mm, u64 addr, u64 size);
i64 mm_protect(struct mm *mm, u64 addr, u64 size, u32 prot);
/* Leave room for a stack of this limit above the mappings of a new space. */
void mm_leave_stack_room(struct mm *mm, u64 limit);
/* Room for size bytes below MM_MAP_TOP, if possible below map_top, or 0. */
u64 mm_find_room(struct mm *mm, u64 size);
/* Is nothing mapped in [addr, addr+size)? */
bool mm_is_free(struct mm *mm, u64 addr, u64 size);
/* Drop the pages of a range; the areas stay (madvise, truncation). */
void mm_discard(struct mm *mm, u64 addr, u64 end);
/* Is any mapping in [from, end) sealed? (mm/seal.c) */
bool mm_is_sealed(struct mm *mm, u64 from, u64 end);
/* Is anything in [from, end) not mapped? */
bool mm_has_hole(struct mm *mm, u64 from, u64 end);
/* Cut areas so that none crosses either end of a range; -ENOMEM. */
i64 area_split(struct mm *mm, u64 from, u64 end);
/* Let a MAP_GROWSDOWN area begin at addr; -EFAULT where limits or neighbours forbid it. */
i64 area_grow_down(struct mm *mm, struct area *area, u64 addr);
void area_insert(struct mm *mm, struct area *area);
/* Join an area with its neighbours where they continue each other; the survivor. */
struct area *area_merge(struct mm *mm, struct area *area);
/* uaccess on another address space (exec). */
i64 mm_copy_out(struct mm *mm, u64 dst, const void *src, u64 n);
i64 mm_zero_out(struct mm *mm, u64 dst, u64 n);
/* Put a frame at a user address of an area, taking over its reference; -ENOMEM. */
i64 mm_install(struct mm *mm, u64 addr, paddr frame, u32 prot);

/* Is the page of an address in this area there for a program, as mincore(2) tells it? (mm/resident.c) */
bool mm_is_resident(struct mm *mm, const struct area *area, u64 addr);

/* A user access at addr: map what it needs (mm/fault.c). 0, -EFAULT (SIGSEGV: MAPERR), -EACCES
   (SIGSEGV: ACCERR), -ENXIO (SIGBUS: behind the end of the file), -ENOMEM. */
#define FAULT_WRITE 1
#define FAULT_EXEC 2
i64 mm_fault(struct mm *mm, u64 addr, u32 access);
/* Physical address of a user address with the rights asked for, faulting in; 0 when impossible. */
paddr mm_resolve(struct mm *mm, u64 addr, u32 access);
/* The same for a debugger: private memory also where its process may not read or write it. */
paddr mm_resolve_forced(struct mm *mm, u64 addr, bool write);
/* A file has been cut to `pages` pages: shared and clean private mappings of it must fault again. */
void mm_truncated(void *inode, u64 pages);
/* How many areas map a file, in all processes. */
u64 mm_count_areas(void *inode);
/* Is a file mapped shared by somebody who may write to it? */
bool mm_shares_writable(void *inode);
/* Unmap every page of a file that is a page of its cache; private copies stay. Only where no kernel
   code holds a physical address it got from user_segments. */
void mm_forget_pages(void *inode);

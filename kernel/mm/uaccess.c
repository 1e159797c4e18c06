/* User memory, page by page through the direct map (uaccess.h says why). */
#include "uaccess.h"
#include "errno.h"
#include "lib.h"
#include "mm.h"
#include "task.h"

/* The direct-map address of a user byte, or NULL. */
static void *reach(struct mm *mm, u64 addr, bool write) {
    paddr at = mm_resolve(mm, addr, write ? FAULT_WRITE : 0);
    return at ? phys_to_virt(at) : NULL;
}

static u64 to_page_end(u64 addr, u64 n) { return MIN(n, PAGE_SIZE - (addr & PAGE_MASK)); }

u64 copy_some_from_user(void *dst, u64 src, u64 n) {
    u64 done = 0;
    if (!in_user_space(src, n))
        return 0;
    for (u64 part; done < n; done += part) {
        void *from = reach(current->mm, src + done, false);
        if (!from)
            break;
        part = to_page_end(src + done, n - done);
        memcpy((char *)dst + done, from, part);
    }
    return done;
}

static u64 copy_out(struct mm *mm, u64 dst, const void *src, u64 n) {
    u64 done = 0;
    if (!in_user_space(dst, n))
        return 0;
    for (u64 part; done < n; done += part) {
        void *to = reach(mm, dst + done, true);
        if (!to)
            break;
        part = to_page_end(dst + done, n - done);
        memcpy(to, (const char *)src + done, part);
    }
    return done;
}

u64 copy_some_to_user(u64 dst, const void *src, u64 n) { return copy_out(current->mm, dst, src, n); }

i64 copy_from_user(void *dst, u64 src, u64 n) { return copy_some_from_user(dst, src, n) == n ? 0 : -EFAULT; }
i64 copy_to_user(u64 dst, const void *src, u64 n) { return copy_some_to_user(dst, src, n) == n ? 0 : -EFAULT; }
i64 mm_copy_out(struct mm *mm, u64 dst, const void *src, u64 n) { return copy_out(mm, dst, src, n) == n ? 0 : -EFAULT; }

i64 mm_zero_out(struct mm *mm, u64 dst, u64 n) {
    if (!in_user_space(dst, n))
        return -EFAULT;
    for (u64 part; n; n -= part, dst += part) {
        void *to = reach(mm, dst, true);
        if (!to)
            return -EFAULT;
        part = to_page_end(dst, n);
        memset(to, 0, part);
    }
    return 0;
}

i64 zero_user(u64 dst, u64 n) { return mm_zero_out(current->mm, dst, n); }

/* Copy up to the NUL; a word at a time where both sides have one (Mycroft's test for a zero byte). */
static u64 copy_until_nul(char *dst, const char *src, u64 n, bool *found) {
    typedef u64 __attribute__((may_alias, aligned(1))) word;
    u64 done = 0;
    for (; n - done >= 8; done += 8) {
        u64 w = *(const word *)(src + done);
        if ((w - 0x0101010101010101UL) & ~w & 0x8080808080808080UL)
            break;
        *(word *)(dst + done) = w;
    }
    for (; done < n; done++) {
        dst[done] = src[done];
        if (!src[done]) {
            *found = true;
            break;
        }
    }
    return done;
}

i64 copy_string_from_user(char *dst, u64 src, u64 max) {
    u64 length = 0;
    bool found = false;
    while (length < max) {
        if (!in_user_space(src + length, 1))
            return -EFAULT;
        const char *from = reach(current->mm, src + length, false);
        if (!from)
            return -EFAULT;
        length += copy_until_nul(dst + length, from, to_page_end(src + length, max - length), &found);
        if (found)
            return (i64)length;
    }
    return -ENAMETOOLONG;
}

u64 user_reach(u64 addr, u64 n, bool write) {
    u64 reached = 0;
    while (reached < n && in_user_space(addr + reached, 1) && reach(current->mm, addr + reached, write))
        reached += to_page_end(addr + reached, n - reached);
    return reached;
}

i64 user_segments(struct segments *out, u64 addr, u64 n, bool write) {
    u64 covered = 0;
    if (!n)
        return 0;
    if (!in_user_space(addr, n)) {
        if (addr >= NV_USER_END)
            return -EFAULT;
        n = NV_USER_END - addr;
    }
    while (covered < n) {
        paddr at = mm_resolve(current->mm, addr + covered, write ? FAULT_WRITE : 0);
        u64 part = to_page_end(addr + covered, n - covered);
        if (!at || !segments_add(out, at, part))
            break;
        covered += part;
    }
    return covered ? (i64)covered : -EFAULT;
}

/* select(2) and pselect6(2). */
#include "errno.h"
#include "fs/pollset.h"
#include "lib.h"
#include "syscall.h"
#include "task.h"
#include "uaccess.h"

/* What each of the three sets asks for, and what counts as an answer. */
static const u16 wanted[3] = {POLLIN, POLLOUT, POLLPRI};
static const u16 answers[3] = {
    POLLIN | POLLRDNORM | POLLRDBAND | POLLHUP | POLLERR,
    POLLOUT | POLLWRNORM | POLLWRBAND | POLLERR,
    POLLPRI,
};

static i64 read_sets(struct poll_set *set, const u64 *sets, u32 count) {
    for (u32 base = 0; base < count; base += 64) {
        u64 bits[3] = {0, 0, 0};
        u64 valid = count - base >= 64 ? ~0UL : (1UL << (count - base)) - 1;
        for (int i = 0; i < 3; i++)
            if (sets[i] && get_user(bits[i], sets[i] + base / 8))
                return -EFAULT;
        for (u64 any = (bits[0] | bits[1] | bits[2]) & valid; any; any &= any - 1) {
            u32 bit = __builtin_ctzl(any), events = 0;
            for (int i = 0; i < 3; i++)
                events |= bits[i] >> bit & 1 ? wanted[i] : 0;
            struct poll_entry *e = poll_set_add(set, base + bit, events);
            if (!e)
                return -ENOMEM;
            if (!e->file)
                return -EBADF;
        }
    }
    return 0;
}

/* Write the answers, sets in full; how many bits are set. */
static i64 write_sets(struct poll_set *set, const u64 *sets, u32 count) {
    i64 total = 0;
    struct poll_page *page = set->first;
    u64 index = 0;
    for (u32 base = 0; base < count; base += 64) {
        u64 bits[3] = {0, 0, 0};
        while (page && (u32)page->entry[index].fd < base + 64) {
            struct poll_entry *e = &page->entry[index];
            for (int i = 0; i < 3; i++)
                if ((e->events & wanted[i]) && (e->revents & answers[i])) {
                    bits[i] |= 1UL << (e->fd - base);
                    total++;
                }
            if (++index == page->count) {
                page = page->next;
                index = 0;
            }
        }
        for (int i = 0; i < 3; i++)
            if (sets[i] && put_user(bits[i], sets[i] + base / 8))
                return -EFAULT;
    }
    return total;
}

static i64 do_select(i32 count, const u64 *sets, u64 deadline) {
    struct poll_set set;
    if (count < 0)
        return -EINVAL;
    count = MIN(count, fd_table_reach(current->files));
    poll_set_init(&set);
    i64 ready = read_sets(&set, sets, count);
    if (!ready)
        ready = poll_set_wait(&set, deadline);
    if (ready >= 0)
        ready = write_sets(&set, sets, count);
    poll_set_free(&set);
    return ready;
}

i64 sys_select(const u64 *a) {
    u64 deadline = NEVER;
    i64 time[2];
    if (a[4]) {
        if (copy_from_user(time, a[4], sizeof(time)))
            return -EFAULT;
        if (time[0] < 0 || time[1] < 0)
            return -EINVAL;
        u64 seconds = MIN((u64)time[0], 1UL << 33);
        u64 ns = seconds * 1000000000 + MIN((u64)time[1], 1UL << 50) * 1000;
        deadline = ns ? deadline_after(ns) : 0;
    }
    deadline = restart_deadline(deadline);
    i64 ready = do_select(a[0], a + 1, deadline);
    if (ready == -EINTR)
        return restart_at(deadline);
    timeout_write(deadline, a[4], 1000);
    return ready;
}

i64 sys_pselect6(const u64 *a) {
    u64 deadline = NEVER, ns, mask[2] = {0, 0};
    if (a[4]) {
        i64 error = get_timespec(&ns, a[4]);
        if (error)
            return error;
        deadline = ns ? deadline_after(ns) : 0;
    }
    deadline = restart_deadline(deadline);
    if (a[5] && copy_from_user(mask, a[5], sizeof(mask)))
        return -EFAULT;
    i64 error = mask[0] ? set_temporary_mask(mask[0], mask[1]) : 0;
    if (error)
        return error;
    i64 ready = do_select(a[0], a + 1, deadline);
    if (ready == -EINTR)
        return restart_at(deadline);
    timeout_write(deadline, a[4], 1);
    return ready;
}

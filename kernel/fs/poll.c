/* poll(2) and ppoll(2). */
#include "errno.h"
#include "fs/pollset.h"
#include "hypercall.h"
#include "lib.h"
#include "linux/resource.h"
#include "syscall.h"
#include "task.h"
#include "uaccess.h"

#define BATCH 32

static i64 read_fds(struct poll_set *set, u64 fds, u64 count) {
    struct pollfd batch[BATCH];
    for (u64 done = 0; done < count; done += BATCH) {
        u64 n = MIN(count - done, (u64)BATCH);
        if (copy_from_user(batch, fds + done * sizeof(struct pollfd), n * sizeof(struct pollfd)))
            return -EFAULT;
        for (u64 i = 0; i < n; i++) {
            struct poll_entry *e = poll_set_add(set, batch[i].fd, (u16)batch[i].events);
            if (!e)
                return -ENOMEM;
            e->revents = batch[i].fd >= 0 && !e->file ? POLLNVAL : 0;
        }
    }
    return 0;
}

static i64 write_results(struct poll_set *set, u64 fds) {
    u64 at = fds + offsetof(struct pollfd, revents);
    poll_set_each(e, page, set) {
        if (put_user(e->revents, at))
            return -EFAULT;
        at += sizeof(struct pollfd);
    }
    return 0;
}

static i64 do_poll(u64 fds, u32 count, u64 deadline) {
    struct poll_set set;
    if (count > current->process->limits[RLIMIT_NOFILE].cur)
        return -EINVAL;
    if (!in_user_space(fds, count * sizeof(struct pollfd)))
        return -EFAULT;
    poll_set_init(&set);
    i64 ready = read_fds(&set, fds, count);
    if (!ready)
        ready = poll_set_wait(&set, deadline);
    if (ready >= 0 && write_results(&set, fds))
        ready = -EFAULT;
    poll_set_free(&set);
    return ready;
}

i64 sys_poll(const u64 *a) {
    i32 ms = a[2];
    u64 deadline = restart_deadline(ms < 0 ? NEVER : ms == 0 ? 0 : deadline_after((u64)ms * 1000000));
    i64 ready = do_poll(a[0], a[1], deadline);
    return ready == -EINTR ? restart_later(deadline, sys_poll) : ready;
}

i64 timeout_write(u64 deadline, u64 to, u64 unit) {
    u64 now = clock_monotonic(), left = deadline > now ? deadline - now : 0;
    u64 pair[2] = {left / 1000000000, left % 1000000000 / unit};
    return to && deadline != NEVER ? copy_to_user(to, pair, sizeof(pair)) : 0;
}

i64 sys_ppoll(const u64 *a) {
    u64 ns, deadline = NEVER;
    if (a[2]) {
        i64 error = get_timespec(&ns, a[2]);
        if (error)
            return error;
        deadline = ns ? deadline_after(ns) : 0;
    }
    deadline = restart_deadline(deadline);
    i64 error = a[3] ? set_temporary_mask(a[3], a[4]) : 0;
    if (error)
        return error;
    i64 ready = do_poll(a[0], a[1], deadline);
    if (ready == -EINTR)
        return restart_at(deadline);
    timeout_write(deadline, a[2], 1);
    return ready;
}

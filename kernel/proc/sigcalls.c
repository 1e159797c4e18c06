/* Masks, alternate stacks and waiting for signals. */
#include "errno.h"
#include "linux/sigframe.h"
#include "linux/time.h"
#include "proc.h"
#include "syscall.h"
#include "uaccess.h"

#define SIGSET_SIZE 8

/* Signals of the group that only this thread would have taken go to another one. */
static void set_mask(u64 mask) {
    struct task *task;
    u64 handed_on = current->process->pending.bits & mask & ~current->blocked;
    current->blocked = mask & ~SIG_UNBLOCKABLE;
    if (handed_on && current->process->thread_count > 1)
        list_for_each(task, &current->process->threads, thread_link)
            if (task != current && signal_interrupts(task))
                wake_task(task);
}

i64 sys_rt_sigprocmask(const u64 *a) {
    u64 set, old = current->blocked;
    if (a[3] != SIGSET_SIZE)
        return -EINVAL;
    if (a[1]) {
        if (get_user(set, a[1]))
            return -EFAULT;
        switch ((i32)a[0]) {
        case SIG_BLOCK:
            set |= old;
            break;
        case SIG_UNBLOCK:
            set = old & ~set;
            break;
        case SIG_SETMASK:
            break;
        default:
            return -EINVAL;
        }
        set_mask(set);
    }
    return a[2] ? put_user(old, a[2]) : 0;
}

i64 sys_rt_sigpending(const u64 *a) {
    u64 set = (current->pending.bits | current->process->pending.bits) & current->blocked;
    if (a[1] > SIGSET_SIZE)
        return -EINVAL;
    return copy_to_user(a[0], &set, a[1]);
}

i64 set_temporary_mask(u64 mask_addr, u64 size) {
    u64 mask;
    if (!mask_addr)
        return 0;
    if (size != SIGSET_SIZE)
        return -EINVAL;
    if (get_user(mask, mask_addr))
        return -EFAULT;
    current->saved_blocked = current->blocked;
    current->restore_blocked = true;
    current->blocked = mask & ~SIG_UNBLOCKABLE;
    return 0;
}

/* Until a signal is acted on; one that turns out to be ignored leads back here. */
static i64 sleep_for_signal(void) {
    while (!sleep_until(NEVER)) {
    }
    return -ERESTARTNOHAND;
}

i64 sys_pause(const u64 *a) { return sleep_for_signal(); }

i64 sys_rt_sigsuspend(const u64 *a) {
    i64 err = a[0] ? set_temporary_mask(a[0], a[1]) : a[1] == SIGSET_SIZE ? -EFAULT : -EINVAL;
    return err ? err : sleep_for_signal();
}

i64 sys_rt_sigtimedwait(const u64 *a) {
    u64 set, timeout, deadline = NEVER;
    struct siginfo info;
    if (a[3] != SIGSET_SIZE)
        return -EINVAL;
    if (get_user(set, a[0]))
        return -EFAULT;
    if (a[2]) {
        i64 err = get_timespec(&timeout, a[2]);
        if (err)
            return err;
        deadline = deadline_after(timeout);
    }
    set &= ~SIG_UNBLOCKABLE;
    i32 sig = signal_take(current, set, &info);
    i64 why = 0;
    while (!sig && !why && (!a[2] || timeout)) {
        current->wait_set = set;
        why = sleep_until(deadline);
        current->wait_set = 0;
        sig = signal_take(current, set, &info);
    }
    if (!sig)
        return why == -EINTR ? -EINTR : -EAGAIN;
    if (a[1] && copy_to_user(a[1], &info, sizeof(info)))
        return -EFAULT;
    return sig;
}

static bool on_stack(u64 sp) {
    return current->altstack_size && sp > current->altstack_sp && sp - current->altstack_sp <= current->altstack_size;
}

i64 altstack_set(const struct stack *stack, u64 sp) {
    u32 mode = stack->flags & ~SS_AUTODISARM;
    if (on_stack(sp) && !(current->altstack_flags & SS_AUTODISARM))
        return -EPERM;
    if (mode & ~(u32)(SS_DISABLE | SS_ONSTACK) || mode == (SS_DISABLE | SS_ONSTACK))
        return -EINVAL;
    if (stack->sp == current->altstack_sp && stack->size == current->altstack_size && stack->flags == current->altstack_flags)
        return 0; /* nothing changes, so nothing is wrong */
    if (mode == SS_DISABLE) {
        current->altstack_sp = current->altstack_size = 0;
        current->altstack_flags = stack->flags;
        return 0;
    }
    if (stack->size < MINSIGSTKSZ)
        return -ENOMEM;
    current->altstack_sp = stack->sp;
    current->altstack_size = stack->size;
    current->altstack_flags = stack->flags;
    return 0;
}

i64 sys_sigaltstack(const u64 *a) {
    u64 sp = current->frame->rsp;
    u32 autodisarm = current->altstack_flags & SS_AUTODISARM;
    struct stack new, old = {
        current->altstack_sp,
        autodisarm | (!current->altstack_size ? SS_DISABLE : on_stack(sp) && !autodisarm ? SS_ONSTACK : 0),
        0, current->altstack_size,
    };
    if (a[0]) {
        if (get_user(new, a[0]))
            return -EFAULT;
        i64 err = altstack_set(&new, sp);
        if (err)
            return err;
    }
    return a[1] ? put_user(old, a[1]) : 0;
}

/* Tables of signal actions: shared by threads, copied by fork, reset by exec; and sigaction(2). */
#include "errno.h"
#include "frame.h"
#include "lib.h"
#include "linux/sigframe.h"
#include "proc.h"
#include "syscall.h"
#include "uaccess.h"

#define SIGSET_SIZE 8
#define FLAGS_KNOWN (SA_NOCLDSTOP | SA_NOCLDWAIT | SA_SIGINFO | SA_RESTORER | SA_ONSTACK | SA_RESTART | \
                     SA_NODEFER | SA_RESETHAND)

struct sighand *sighand_new(void) {
    struct sighand *sighand = kzalloc(sizeof(*sighand));
    if (sighand) {
        sighand->refs = 1;
        poll_head_init(&sighand->arrivals);
    }
    return sighand;
}

struct sighand *sighand_dup(const struct sighand *from) {
    struct sighand *sighand = kmalloc(sizeof(*sighand));
    if (sighand) {
        *sighand = *from;
        sighand->refs = 1;
        poll_head_init(&sighand->arrivals);
    }
    return sighand;
}

void sighand_put(struct sighand *sighand) {
    if (--sighand->refs)
        return;
    poll_head_detach(&sighand->arrivals);
    kfree(sighand);
}

void sighand_reset(struct sighand *sighand) {
    for (u32 i = 0; i < NSIG; i++) {
        struct sigaction *action = &sighand->action[i];
        bool ignored = action->handler == SIG_IGN;
        *action = (struct sigaction){ .handler = ignored ? SIG_IGN : SIG_DFL };
    }
}

i64 sys_rt_sigaction(const u64 *a) {
    i32 sig = (i32)a[0];
    struct sigaction new;
    if (a[3] != SIGSET_SIZE)
        return -EINVAL;
    if (a[1] && copy_from_user(&new, a[1], sizeof(new)))
        return -EFAULT;
    if (sig < 1 || sig > NSIG)
        return -EINVAL;
    struct sigaction *action = &current->sighand->action[sig - 1], old = *action;
    if (a[1]) {
        if (SIG_BIT(sig) & SIG_UNBLOCKABLE)
            return -EINVAL;
        /* What is not understood is cleared, so that programs can probe for it. */
        new.flags &= FLAGS_KNOWN;
        new.mask &= ~SIG_UNBLOCKABLE;
        *action = new;
        if (action_ignores(action, sig))
            signal_discard(current->process, SIG_BIT(sig));
    }
    return a[2] && copy_to_user(a[2], &old, sizeof(old)) ? -EFAULT : 0;
}

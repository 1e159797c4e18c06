/* Signals from their senders to the pending sets, and who must wake up for them. */
#include "errno.h"
#include "frame.h"
#include "linux/resource.h"
#include "linux/sigframe.h"
#include "proc.h"
#include "ptrace.h"
#include "uaccess.h"
#include "user.h"

/* A queued siginfo. Standard signals have at most one each; real-time ones as many as the limit. */
struct sig_entry {
    struct list link;
    struct user *user; /* whose limit it counts for; NULL: in the room of a timer */
    struct siginfo info;
};

#define IGNORED_BY_DEFAULT (SIG_BIT(SIGCHLD) | SIG_BIT(SIGURG) | SIG_BIT(SIGWINCH) | SIG_BIT(SIGCONT))
/* Faults come before everything else: their handlers must see the registers of the fault. */
#define SYNCHRONOUS (SIG_BIT(SIGSEGV) | SIG_BIT(SIGBUS) | SIG_BIT(SIGILL) | SIG_BIT(SIGTRAP) | \
                     SIG_BIT(SIGFPE) | SIG_BIT(SIGSYS))

void sig_pending_init(struct sig_pending *pending) {
    pending->bits = 0;
    list_init(&pending->queue);
}

static void entry_free(struct sig_entry *entry) {
    list_remove(&entry->link);
    user_signal_taken(entry->user);
    kfree(entry);
}

static void pending_discard(struct sig_pending *pending, u64 set) {
    struct sig_entry *entry, *next;
    if (!(pending->bits & set))
        return;
    pending->bits &= ~set;
    list_for_each_safe(entry, next, &pending->queue, link)
        if (SIG_BIT(entry->info.signo) & set)
            entry_free(entry);
}

void sig_pending_flush(struct sig_pending *pending) { pending_discard(pending, ~0UL); }

void signal_discard(struct process *process, u64 set) {
    struct task *task;
    pending_discard(&process->pending, set);
    list_for_each(task, &process->threads, thread_link)
        pending_discard(&task->pending, set);
}

bool action_ignores(const struct sigaction *action, i32 sig) {
    return action->handler == SIG_IGN || (action->handler == SIG_DFL && (IGNORED_BY_DEFAULT & SIG_BIT(sig)));
}

/* Set the bit, and keep the siginfo where there is room for it: its own if it is `reserved`, else of the
   thread's user. */
static i64 enqueue(struct sig_pending *pending, const struct task *judge, i32 sig, const struct siginfo *info,
                   u64 limit, bool reserved) {
    if (sig < SIGRTMIN && (pending->bits & SIG_BIT(sig)))
        return 0;
    struct user *user = reserved ? NULL : user_queue_signal(judge->cred->ruid, limit);
    struct sig_entry *entry = reserved || user ? kmalloc(sizeof(*entry)) : NULL;
    if (!entry)
        user_signal_taken(user);
    if (entry) {
        entry->info = *info;
        entry->info.signo = sig;
        entry->user = user;
        list_append(&pending->queue, &entry->link);
    } else if (sig >= SIGRTMIN && info->code < 0) {
        return -EAGAIN;
    }
    pending->bits |= SIG_BIT(sig);
    return 0;
}

static void dequeue(struct sig_pending *pending, i32 sig, struct siginfo *info) {
    struct sig_entry *entry, *found = NULL;
    bool more = false;
    list_for_each(entry, &pending->queue, link) {
        if (entry->info.signo != sig)
            continue;
        if (found) {
            more = true;
            break;
        }
        found = entry;
    }
    if (!more)
        pending->bits &= ~SIG_BIT(sig);
    if (!found) {
        *info = (struct siginfo){ .signo = sig }; /* there was no room for the rest */
        return;
    }
    *info = found->info;
    entry_free(found);
}

static struct sig_entry *of_timer(struct sig_pending *pending, i32 sig, i32 timer_id) {
    struct sig_entry *entry;
    if (pending->bits & SIG_BIT(sig))
        list_for_each(entry, &pending->queue, link)
            if (entry->info.signo == sig && entry->info.code == SI_TIMER && entry->info.timer_id == timer_id)
                return entry;
    return NULL;
}

bool signal_timer_again(struct process *process, struct task *task, i32 sig, i32 timer_id, u64 more) {
    struct sig_entry *entry = of_timer(task ? &task->pending : &process->pending, sig, timer_id);
    if (entry)
        entry->info.overrun = (i32)MIN((u64)entry->info.overrun + more, 0x7fffffffUL);
    return entry;
}

void signal_timer_void(struct process *process, struct task *task, i32 sig, i32 timer_id) {
    struct sig_pending *pending = task ? &task->pending : &process->pending;
    struct sig_entry *entry = of_timer(pending, sig, timer_id), *other;
    if (!entry)
        return;
    entry_free(entry);
    list_for_each(other, &pending->queue, link)
        if (other->info.signo == sig)
            return;
    pending->bits &= ~SIG_BIT(sig);
}

i64 signal_show(const struct sig_pending *pending, u64 skip, u32 count, u64 to) {
    const struct sig_entry *entry;
    u32 shown = 0;
    list_for_each(entry, &pending->queue, link) {
        if (skip) {
            skip--;
            continue;
        }
        if (shown == count)
            break;
        if (copy_to_user(to + shown * sizeof(entry->info), &entry->info, sizeof(entry->info)))
            return shown ? (i64)shown : -EFAULT;
        shown++;
    }
    return shown;
}

i32 signal_take(struct task *task, u64 set, struct siginfo *info) {
    struct sig_pending *from = &task->pending;
    u64 bits = from->bits & set;
    if (!bits) {
        from = &task->process->pending;
        bits = from->bits & set;
    }
    if (!bits)
        return 0;
    if (bits & SYNCHRONOUS)
        bits &= SYNCHRONOUS;
    i32 sig = __builtin_ctzl(bits) + 1;
    dequeue(from, sig, info);
    if (info->code == SI_TIMER)
        posix_timer_taken(info->timer_id, info->overrun);
    return sig;
}

bool signal_interrupts(const struct task *task) {
    if (task->kill_pending)
        return true;
    if (task->killable_sleep)
        return false;
    if (unlikely(task->trace) && ptrace_is_due(task->trace))
        return true;
    return (task->pending.bits | task->process->pending.bits) & (~task->blocked | task->wait_set);
}

static bool wants(const struct task *task, i32 sig) {
    return !(task->blocked & ~task->wait_set & SIG_BIT(sig)) && !task->kill_pending;
}

/* One thread that does not block it acts on a signal of the group: the leader if it can. */
static void wake_one_of(struct process *process, i32 sig) {
    struct task *task;
    if (wants(process->leader, sig)) {
        if (signal_interrupts(process->leader))
            wake_task(process->leader);
        return;
    }
    list_for_each(task, &process->threads, thread_link) {
        if (wants(task, sig)) {
            if (signal_interrupts(task))
                wake_task(task);
            return;
        }
    }
}

/* What sending does before anything is pending: stop and continue cancel each other. */
static void cancel_opposites(struct process *process, i32 sig) {
    if (sig == SIGCONT) {
        signal_discard(process, SIG_STOPS);
        ptrace_group_continues(process);
        process_continue(process);
    } else if (SIG_BIT(sig) & SIG_STOPS) {
        signal_discard(process, SIG_BIT(SIGCONT));
    }
}

/* `task` NULL: to the whole group. */
static i64 send(struct process *process, struct task *task, i32 sig, const struct siginfo *info, bool reserved) {
    struct siginfo own;
    if (process->zombie || !process->leader || (process->exiting && sig != SIGKILL))
        return 0;
    if (sig == SIGKILL) {
        process_kill(process, SIGKILL);
        return 0;
    }
    if (!info) {
        own = (struct siginfo){ .pid = current->process->pid, .uid = current->cred->ruid };
        info = &own;
    }
    cancel_opposites(process, sig);
    const struct task *judge = task ? task : process->leader;
    if (!((judge->blocked | judge->wait_set) & SIG_BIT(sig)) && !judge->trace &&
        action_ignores(&judge->sighand->action[sig - 1], sig))
        return 0;
    i64 err = enqueue(task ? &task->pending : &process->pending, judge, sig, info,
                      process->limits[RLIMIT_SIGPENDING].cur, reserved);
    if (err)
        return err;
    poll_wake((struct poll_head *)&judge->sighand->arrivals, POLLIN | POLLRDNORM);
    if (!task)
        wake_one_of(process, sig);
    else if (signal_interrupts(task))
        wake_task(task);
    return 0;
}

i64 signal_process(struct process *process, i32 sig, const struct siginfo *info) {
    return send(process, NULL, sig, info, false);
}

i64 signal_task(struct task *task, i32 sig, const struct siginfo *info) {
    return task->process ? send(task->process, task, sig, info, false) : 0;
}

void signal_timer_send(struct process *process, struct task *task, i32 sig, const struct siginfo *info) {
    send(process, task, sig, info, true);
}

i64 signal_group(i32 pgid, i32 sig, const struct siginfo *info) {
    struct process *process;
    i64 result = -ESRCH;
    list_for_each(process, &all_processes, all)
        if (process->pgid == pgid && !process->zombie)
            result = send(process, NULL, sig, info, false);
    return result;
}

void signal_force(const struct siginfo *info) {
    i32 sig = info->signo;
    struct sigaction *action = &current->sighand->action[sig - 1];
    if ((current->blocked & SIG_BIT(sig)) || action->handler == SIG_IGN) {
        *action = (struct sigaction){ 0 };
        current->blocked &= ~SIG_BIT(sig);
    }
    enqueue(&current->pending, current, sig, info, ~0UL, false);
}

void signal_fault(i32 sig, i32 code, u64 address) {
    signal_force(&(struct siginfo){ .signo = sig, .code = code, .address = address });
}

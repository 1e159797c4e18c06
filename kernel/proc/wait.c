/* wait4 and waitid: what has become of a child. */
#include "errno.h"
#include "fs/pidfd.h"
#include "linux/resource.h"
#include "linux/wait.h"
#include "proc.h"
#include "ptrace.h"
#include "syscall.h"
#include "uaccess.h"

/* Which children, and which news of them. */
struct wish {
    i32 pid;      /* > 0 this child, 0 any */
    i32 pgid;     /* > 0 any of this group, 0 any */
    u32 options;
};

struct news {
    i32 pid, code, status; /* as in siginfo; status of an exit is the exit code or signal */
    u32 uid;
    i32 wait_status;
    struct rusage usage;
};

static bool matches(const struct process *child, const struct wish *wish) {
    if (wish->pid && child->pid != wish->pid)
        return false;
    if (wish->pgid && child->pgid != wish->pgid)
        return false;
    bool clone_child = child->exit_signal != SIGCHLD;
    return (wish->options & __WALL) || clone_child == !!(wish->options & __WCLONE);
}

static void fill(struct news *news, const struct process *child, i32 code, i32 status, i32 wait_status) {
    news->pid = child->pid;
    news->uid = child->cred->ruid;
    news->code = code;
    news->status = status;
    news->wait_status = wait_status;
    rusage_of(&news->usage, child, true);
}

static void reap(struct process *child) {
    struct process *self = current->process;
    cpu_add(&self->child_cpu, child->cpu);
    cpu_add(&self->child_cpu, child->child_cpu);
    self->child_peak_resident = MAX(self->child_peak_resident,
                                    MAX(child->peak_resident, child->child_peak_resident));
    usage_add(&self->child_counts, &child->counts);
    usage_add(&self->child_counts, &child->child_counts);
    process_free(child);
}

static void fill_end(struct news *news, const struct process *child, i32 wait_status) {
    i32 signal = wait_status & 0x7f;
    fill(news, child, signal ? CLD_KILLED : CLD_EXITED, signal ? signal : wait_status >> 8 & 0xff, wait_status);
}

/* Is there news of this child? Takes it unless WNOWAIT says to leave it. What there is of a traced one is
   its tracer's first, be that its parent or not. */
static bool take_news(struct process *child, u32 options, struct news *news) {
    bool keep = options & WNOWAIT, traced = child->traced;
    if (traced && child->traced->tracer->process != current->process && child->zombie)
        return false;
    if (child->zombie) {
        if (!(options & WEXITED) || !list_empty(&child->dead_threads))
            return false;
        fill_end(news, child, child->status);
        if (!keep)
            reap(child);
        return true;
    }
    if (traced && child->traced->tracer->process == current->process)
        return false;
    if (child->stopped && !child->stop_reported && (options & WSTOPPED)) {
        fill(news, child, CLD_STOPPED, child->stop_status >> 8, child->stop_status);
        child->stop_reported = !keep;
        return true;
    }
    if (child->continued && (options & WCONTINUED)) {
        fill(news, child, CLD_CONTINUED, SIGCONT, child->stop_status);
        child->continued = keep;
        return true;
    }
    return false;
}

/* The same of a thread that the caller traces, whose child it need not be. */
static bool take_traced(struct tracee *t, u32 options, struct news *news) {
    struct process *process = t->process;
    bool keep = options & WNOWAIT, leader = process->traced == t;
    if (t->standing && !t->reported && !t->listening) {
        fill(news, process, CLD_TRAPPED, (i32)t->code, (i32)t->code << 8 | 0x7f);
        news->pid = t->tid;
        news->uid = t->task->cred->ruid;
        t->reported = !keep;
        if (!keep)
            t->task->trace_answer = 0;
        return true;
    }
    if (t->task || !(options & WEXITED) || (leader && (!process->zombie || !list_empty(&process->dead_threads))))
        return false;
    fill_end(news, process, leader || process->exiting ? process->status : t->status);
    news->pid = t->tid;
    news->uid = t->uid;
    if (keep)
        return true;
    if (leader && process->parent == current->process)
        reap(process);
    else
        ptrace_untie(t);
    return true;
}

static bool matches_traced(const struct tracee *t, const struct wish *wish) {
    return wish->pid ? t->tid == wish->pid : !wish->pgid || t->process->pgid == wish->pgid;
}

/* Those that one thread traces: 1 with news, 0 with none, -ECHILD where it traces no such. */
static i64 look_at_traced(struct task *tracer, const struct wish *wish, struct news *news) {
    i64 found = -ECHILD;
    struct tracee *t;
    list_for_each(t, &tracer->tracees, link) {
        if (!matches_traced(t, wish))
            continue;
        if (take_traced(t, wish->options, news))
            return 1;
        found = 0;
    }
    return found;
}

/* 1 with news, 0 with WNOHANG and none, or a negative errno. */
static i64 wait_for(const struct wish *wish, struct news *news) {
    for (i64 why = 0;;) {
        bool found = false;
        struct process *child;
        list_for_each(child, &current->process->children, sibling) {
            if (!matches(child, wish))
                continue;
            if (take_news(child, wish->options, news))
                return 1;
            found = true;
        }
        struct task *task;
        list_for_each(task, &current->process->threads, thread_link) {
            i64 traced = task == current || !(wish->options & __WNOTHREAD) ? look_at_traced(task, wish, news) : -ECHILD;
            if (traced > 0)
                return 1;
            found |= !traced;
        }
        if (!found)
            return -ECHILD;
        if (wish->options & WNOHANG)
            return 0;
        if (why) /* a signal, and still no news: SIGCHLD comes after what it tells of */
            return -ERESTARTSYS;
        why = wait_on(&current->process->child_exit, NEVER);
    }
}

i64 sys_wait4(const u64 *a) {
    i32 pid = (i32)a[0];
    u32 options = (u32)a[2];
    struct news news;
    if (options & ~(WNOHANG | WUNTRACED | WCONTINUED | __WNOTHREAD | __WALL | __WCLONE))
        return -EINVAL;
    if (pid == (i32)0x80000000)
        return -ESRCH;
    struct wish wish = { .options = options | WEXITED };
    if (pid > 0)
        wish.pid = pid;
    else if (pid != -1)
        wish.pgid = pid ? -pid : current->process->pgid;
    i64 result = wait_for(&wish, &news);
    if (result <= 0)
        return result;
    if (a[1] && put_user(news.wait_status, a[1]))
        return -EFAULT;
    if (a[3] && put_user(news.usage, a[3]))
        return -EFAULT;
    return news.pid;
}

/* 1 for news, 0 for none, or an errno. */
static i64 wait_by_id(const u64 *a, struct news *news) {
    i32 id = (i32)a[1];
    u32 options = (u32)a[3];
    if ((options & ~(WNOHANG | WNOWAIT | WEXITED | WSTOPPED | WCONTINUED | __WNOTHREAD | __WALL | __WCLONE)) ||
        !(options & (WEXITED | WSTOPPED | WCONTINUED)))
        return -EINVAL;
    struct wish wish = { .options = options };
    u32 opened = 0;
    if (a[0] == P_PIDFD) {
        struct pid_handle *handle = id < 0 ? ERR_PTR(-EINVAL) : pidfd_handle(id, &opened);
        if (IS_ERR(handle))
            return PTR_ERR(handle);
        if (!handle->process)
            return -ECHILD;
        wish.pid = handle->pid;
        wish.options |= opened & O_NONBLOCK ? WNOHANG : 0;
    } else if (a[0] == P_PID && id > 0)
        wish.pid = id;
    else if (a[0] == P_PGID && id >= 0)
        wish.pgid = id ? id : current->process->pgid;
    else if (a[0] != P_ALL)
        return -EINVAL;
    i64 result = wait_for(&wish, news);
    return !result && (opened & O_NONBLOCK) && !(options & WNOHANG) ? -EAGAIN : result;
}

i64 sys_waitid(const u64 *a) {
    struct news news;
    i64 result = wait_by_id(a, &news);
    struct siginfo info = { 0 };
    if (result > 0 && a[4] && put_user(news.usage, a[4]))
        return -EFAULT;
    if (result > 0)
        info = (struct siginfo){
            .signo = SIGCHLD,
            .code = news.code,
            .child_pid = news.pid,
            .child_uid = news.uid,
            .child_status = news.status,
        };
    /* Linux leaves everything behind si_status alone, and says of an error, too, that there was no news. */
    if (a[2] && copy_to_user(a[2], &info, offsetof(struct siginfo, child_status) + sizeof(info.child_status)))
        return -EFAULT;
    return MIN(result, 0);
}

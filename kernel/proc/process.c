/* The tables of processes and threads, and how both come and go. */
#include "fpu.h"
#include "errno.h"
#include "file.h"
#include "fs/pidfd.h"
#include "hypercall.h"
#include "lib.h"
#include "linux/resource.h"
#include "mm.h"
#include "proc.h"
#include "ptrace.h"
#include "seccomp.h"
#include "terminal.h"

struct list all_processes = LIST_INIT(all_processes);
struct process *init_process;

static struct tree tasks;     /* by tid */
static struct tree processes; /* by pid; zombies too */
static u32 slots_used;        /* threads, and zombies: one slot each */
static i32 last_pid;
static bool pids_ahead; /* numbers behind last_pid may be in use */

_Static_assert(sizeof(struct task) <= PAGE_SIZE && sizeof(struct process) <= PAGE_SIZE, "heap objects");

struct task *task_find(i32 tid) {
    struct tree_node *node = tid > 0 ? tree_find(&tasks, (u64)tid) : NULL;
    return node ? tree_entry(node, struct task, by_tid) : NULL;
}

struct process *process_find(i32 pid) {
    struct tree_node *node = pid > 0 ? tree_find(&processes, (u64)pid) : NULL;
    return node ? tree_entry(node, struct process, by_pid) : NULL;
}

u32 task_count(void) { return slots_used; }
void task_count_dead(i32 change) { slots_used += (u32)change; }

/* The host's limit is for everybody; RLIMIT_NPROC is for each user but root, and not for the privileged.
   Who is below it with all there are together need not be counted. */
static bool slot_free(void) {
    if (slots_used >= boot.max_tasks)
        return false;
    u64 limit = current ? current->process->limits[RLIMIT_NPROC].cur : RLIM_INFINITY;
    return slots_used < limit || !current->cred->ruid || capable(CAP_SYS_RESOURCE) || capable(CAP_SYS_ADMIN) ||
           tasks_of_user(current->cred->ruid) < limit;
}

/* A number lives on as long as a group or session is named after it. */
bool pid_taken(i32 pid) {
    if (task_find(pid) || process_find(pid))
        return true;
    struct process *process;
    list_for_each(process, &all_processes, all)
        if (process->pgid == pid || process->sid == pid || ptrace_remembers(process, pid))
            return true;
    return false;
}

/* The one that is wanted and free, or the next; 0 when every number is taken. */
static i32 pid_alloc(i32 wanted) {
    if (wanted) {
        pids_ahead = true;
        return wanted;
    }
    for (i32 tries = 0; tries < PID_MAX; tries++) {
        if (++last_pid >= PID_MAX) {
            last_pid = 2;
            pids_ahead = true;
        }
        if (!pids_ahead || !pid_taken(last_pid))
            return last_pid;
    }
    return 0;
}

#define SOFT_FILES 1024 /* what select(2) can name; who wants more asks */

static void default_limits(struct rlimit *limits) {
    for (u32 i = 0; i < RLIM_COUNT; i++)
        limits[i] = (struct rlimit){ RLIM_INFINITY, RLIM_INFINITY };
    limits[RLIMIT_STACK].cur = 8UL << 20;
    limits[RLIMIT_CORE].cur = 0;
    limits[RLIMIT_NPROC] = (struct rlimit){ boot.max_tasks, boot.max_tasks };
    limits[RLIMIT_NOFILE] = (struct rlimit){ MIN(SOFT_FILES, boot.max_files), boot.max_files };
    limits[RLIMIT_MSGQUEUE] = (struct rlimit){ 819200, 819200 };
    limits[RLIMIT_SIGPENDING] = (struct rlimit){ 4096, 4096 };
    limits[RLIMIT_NICE] = limits[RLIMIT_RTPRIO] = (struct rlimit){ 0, 0 };
}

/* The first process: who the host says it is, leader of its own session and of the console. */
static void init_first(struct process *process) {
    process->pgid = process->sid = console_control.foreground = console_control.session = process->pid;
    default_limits(process->limits);
    process->core_filter = CORE_FILTER_DEFAULT;
}

/* From the process that makes it, which is not always the parent (CLONE_PARENT). */
static void inherit(struct process *process, const struct process *maker) {
    process->pgid = maker->pgid;
    process->sid = maker->sid;
    process->terminal = maker->terminal;
    process->nice = maker->nice;
    process->personality = maker->personality;
    process->membarrier = maker->membarrier;
    process->not_dumpable = maker->not_dumpable;
    process->oom_adjust = maker->oom_adjust;
    process->oom_adjust_least = maker->oom_adjust_least;
    process->core_filter = maker->core_filter;
    process->memory_failure = maker->memory_failure;
    process->no_huge_pages = maker->no_huge_pages;
    process->exec_gain_refused = maker->exec_gain_refused & MDWE_NO_INHERIT ? 0 : maker->exec_gain_refused;
    memcpy(process->limits, maker->limits, sizeof(process->limits));
}

struct process *process_new(struct process *parent, i32 pid) {
    if (!slot_free())
        return NULL;
    struct process *process = kzalloc(sizeof(*process));
    struct cred *cred = !process ? NULL : parent ? cred_get(current->cred) : cred_first(boot.uid, boot.gid);
    pid = cred ? pid_alloc(pid) : 0;
    if (!pid) {
        cred_put(cred);
        kfree(process);
        return NULL;
    }
    process->cred = cred;
    process->pid = pid;
    process->exit_signal = SIGCHLD;
    process->start_ns = clock_monotonic();
    list_init(&process->children);
    list_init(&process->sibling);
    list_init(&process->threads);
    list_init(&process->dead_threads);
    process->maker = current ? current->tid : 0;
    wait_queue_init(&process->child_exit);
    wait_queue_init(&process->vfork_done);
    sig_pending_init(&process->pending);
    list_init(&process->cpu_events);
    for (u32 i = 0; i < ARRAY_LEN(process->cpu_itimers); i++)
        list_init(&process->cpu_itimers[i].event.link);
    if (parent) {
        inherit(process, current->process);
        process->parent = parent;
        list_append(&parent->children, &process->sibling);
    } else {
        init_first(process);
    }
    cpu_timers_changed(process);
    list_append(&all_processes, &process->all);
    process->by_pid.key = (u64)pid;
    tree_insert(&processes, &process->by_pid);
    slots_used++;
    return process;
}

void process_free(struct process *process) {
    pidfd_reaped(process);
    ptrace_forget(process);
    timer_cancel(&process->alarm);
    timer_cancel(&process->cpu_timer);
    sig_pending_flush(&process->pending);
    /* A vfork parent may still stand on the queue although another thread has waited for the child. */
    while (!list_empty(&process->vfork_done.waiters))
        list_remove(process->vfork_done.waiters.next);
    list_remove(&process->sibling);
    list_remove(&process->all);
    tree_remove(&processes, &process->by_pid);
    slots_used--;
    cred_put(process->cred);
    kfree(process);
}

void task_set_tid(struct task *task, i32 tid) {
    if (task->tid)
        tree_remove(&tasks, &task->by_tid);
    task->tid = tid;
    task->by_tid.key = (u64)tid;
    tree_insert(&tasks, &task->by_tid);
}

/* The process brings a slot for its first thread. */
struct task *task_new(struct process *process, i32 tid) {
    if (process->leader && !slot_free())
        return NULL;
    tid = process->leader ? pid_alloc(tid) : process->pid;
    struct task *task = tid ? kzalloc(sizeof(*task)) : NULL;
    if (task)
        task->fpu = kzalloc(fpu_size()); /* XSAVE leaves most of its header as it finds it */
    if (!task || !task->fpu) {
        kfree(task);
        return NULL;
    }
    fpu_reset(task->fpu); /* saving leaves the reserved words of the image as they are */
    task->process = process;
    task->cred = cred_get(current ? current->cred : process->cred);
    list_init(&task->run_link);
    list_init(&task->tracees);
    list_init(&task->heirs);
    sig_pending_init(&task->pending);
    task_set_tid(task, tid);
    list_append(&process->threads, &task->thread_link);
    task->kill_pending = process->exiting;
    if (process->thread_count++)
        slots_used++;
    else
        process->leader = task;
    return task;
}

/* From here on nobody finds it; the leader's place goes to another thread. */
void task_unlink(struct task *task) {
    struct process *process = task->process;
    if (!process)
        return;
    task->process = NULL;
    pidfd_thread_gone(task);
    tree_remove(&tasks, &task->by_tid);
    list_remove(&task->thread_link);
    if (--process->thread_count)
        slots_used--;
    if (process->leader == task)
        process->leader = process->thread_count ? list_first(&process->threads, struct task, thread_link) : NULL;
}

void task_free(struct task *task) {
    task_unlink(task);
    timer_cancel(&task->sleep_timer);
    sig_pending_flush(&task->pending);
    cred_put(task->cred);
    if (task->files)
        fd_table_put(task->files);
    if (task->fs)
        fs_context_put(task->fs);
    if (task->sighand)
        sighand_put(task->sighand);
    if (task->mm)
        mm_put(task->mm);
    seccomp_release(task);
    kfree(task->fpu);
    kfree(task);
}

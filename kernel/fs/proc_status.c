/* /proc/<pid>/{stat,status,comm} and their like of each thread. */
#include "errno.h"
#include "fs/proc.h"
#include "lib.h"
#include "linux/resource.h"
#include "linux/sched.h"
#include "mm.h"
#include "proc.h"
#include "ptrace.h"
#include "seccomp.h"
#include "terminal.h"
#include "user.h"

#define TICK 10000000UL /* ns in a clock tick of /proc: USER_HZ is 100 */
#define PRIORITY_BASE 20

/* A thread, or by number 0 a process and the thread that bears its number. */
struct subject {
    struct process *process;
    struct task *task; /* NULL: it has ended, and its process has not been waited for */
    bool whole;        /* the process */
    i32 id;
};

static struct subject subject_of(struct process *p, i32 number) {
    i32 id = number ? number : p->pid;
    struct task *task = task_find(id);
    return (struct subject){p, task && task->process == p ? task : NULL, !number, id};
}

static const char *comm_of(const struct subject *s) { return s->task ? s->task->comm : s->process->comm; }

static char state_of(const struct subject *s) {
    if (!s->task)
        return 'Z';
    const struct tracee *t = s->task->trace;
    if (t && t->standing)
        return 't';
    return s->process->stopped && !t ? 'T' : s->task->state == TASK_RUNNABLE ? 'R' : 'S';
}

/* A leader that has left its threads is one still. */
static u32 threads_of(const struct process *p) { return p->thread_count + p->leader_left; }

static i32 parent_of(const struct process *p) { return p->parent ? p->parent->pid : 0; }

void proc_comm(struct text *text, struct process *p, i32 number) {
    struct subject s = subject_of(p, number);
    text_add(text, "%s\n", comm_of(&s));
}

/* prctl(PR_SET_NAME) for any thread of the caller's process: what is too long is cut. */
i64 proc_set_comm(struct process *p, i32 number, struct io *io) {
    char name[COMM_LEN] = {0};
    struct subject s = subject_of(p, number);
    u64 size = io->left, part = MIN(size, COMM_LEN - 1);
    if (io_take(io, name, part) < (i64)part)
        return -EFAULT;
    if (p != current->process || !s.task)
        return -EINVAL;
    memset(s.task->comm, 0, COMM_LEN);
    memcpy(s.task->comm, name, strlen(name));
    return (i64)size;
}

void proc_stat(struct text *text, struct process *p, i32 number) {
    struct subject s = subject_of(p, number);
    struct mm *mm = s.task ? s.task->mm : NULL;
    struct usage_counts counts = s.whole || !s.task ? usage_of(p) : s.task->counts;
    struct cpu_time used = s.whole || !s.task ? process_cpu(p) : task_cpu(s.task);
    text_add(text, "%d (%s) %c %d %d %d %lu %d 4194304 ", s.id, comm_of(&s), state_of(&s), parent_of(p), p->pgid,
             p->sid, p->terminal ? p->terminal->rdev : 0, p->terminal ? p->terminal->foreground : -1);
    text_add(text, "%lu %lu %lu %lu ", counts.minor_faults, p->child_counts.minor_faults, counts.major_faults,
             p->child_counts.major_faults);
    i32 realtime = s.task ? s.task->realtime_priority : 0, own = s.task ? s.task->own_priority : 0;
    text_add(text, "%lu %lu %lu %lu %d %d %u 0 ", used.user / TICK, used.system / TICK, p->child_cpu.user / TICK,
             p->child_cpu.system / TICK, realtime ? -1 - realtime : PRIORITY_BASE + p->nice, p->nice, threads_of(p));
    text_add(text, "%lu %lu %lu %lu ", p->start_ns / TICK, mm ? mm->reserved : 0, mm ? mm->resident : 0, RLIM_INFINITY);
    text_add(text, "1 1 %lu 0 0 0 0 0 0 0 0 0 %d 0 %d %u 0 0 0 0 0 ", mm ? mm->stack_top : 0,
             s.whole ? p->exit_signal : -1, own, s.task ? s.task->policy & ~SCHED_RESET_ON_FORK : 0);
    text_add(text, "%lu %lu %lu %lu %lu 0\n", mm ? mm->brk_start : 0, mm ? mm->arg_start : 0,
             mm ? mm->arg_end : 0, mm ? mm->env_start : 0, mm ? mm->env_end : 0);
}

static void add_signals(struct text *text, const struct task *t) {
    u64 ignored = 0, caught = 0;
    for (u32 i = 0; t->sighand && i < NSIG; i++) {
        u64 handler = t->sighand->action[i].handler;
        ignored |= handler == SIG_IGN ? 1UL << i : 0;
        caught |= handler != SIG_IGN && handler != SIG_DFL ? 1UL << i : 0;
    }
    text_add(text, "SigQ:\t%lu/%lu\n", user_signals(t->cred->ruid), t->process->limits[RLIMIT_SIGPENDING].cur);
    text_add(text, "SigPnd:\t%016lx\nShdPnd:\t%016lx\nSigBlk:\t%016lx\nSigIgn:\t%016lx\nSigCgt:\t%016lx\n",
             t->pending.bits, t->process->pending.bits, t->blocked, ignored, caught);
}

static void add_identity(struct text *text, const struct cred *c) {
    text_add(text, "Uid:\t%u\t%u\t%u\t%u\nGid:\t%u\t%u\t%u\t%u\nFDSize:\t64\nGroups:\t", c->ruid, c->euid, c->suid,
             c->fsuid, c->rgid, c->egid, c->sgid, c->fsgid);
    for (u32 i = 0; c->groups && i < c->groups->count; i++)
        text_add(text, "%u ", c->groups->gid[i]);
    text_add(text, "\n");
}

static void add_capabilities(struct text *text, const struct cred *c) {
    text_add(text, "CapInh:\t%016lx\nCapPrm:\t%016lx\nCapEff:\t%016lx\nCapBnd:\t%016lx\nCapAmb:\t%016lx\n",
             c->inheritable, c->permitted, c->effective, c->bounding, c->ambient);
}

static void add_memory(struct text *text, const struct process *p, struct mm *mm) {
    text_add(text, "VmPeak:\t%8lu kB\nVmSize:\t%8lu kB\nVmHWM:\t%8lu kB\nVmRSS:\t%8lu kB\n", mm->reserved / 1024,
             mm->reserved / 1024, MAX(p->peak_resident, mm->resident) * 4, mm->resident * 4);
    text_add(text, "VmLck:\t%8lu kB\nVmSwap:\t%8u kB\n", mm_locked_kb(mm), 0);
}

static const char *state_words(char state) {
    return state == 'R' ? "R (running)" : state == 'S' ? "S (sleeping)" : state == 'T' ? "T (stopped)" : state == 't' ? "t (tracing stop)" : "Z (zombie)";
}

void proc_status(struct text *text, struct process *p, i32 number) {
    struct subject s = subject_of(p, number);
    struct task *t = s.task;
    const struct cred *c = t ? t->cred : p->cred;
    struct usage_counts counts = s.whole || !t ? usage_of(p) : t->counts;
    text_add(text, "Name:\t%s\nUmask:\t%04o\nState:\t%s\nTgid:\t%d\nNgid:\t0\nPid:\t%d\nPPid:\t%d\nTracerPid:\t%d\n",
             comm_of(&s), t && t->fs ? t->fs->umask : 0, state_words(state_of(&s)), p->pid, s.id, parent_of(p), t && t->trace ? t->trace->tracer->process->pid : 0);
    add_identity(text, c);
    if (t && t->mm)
        add_memory(text, p, t->mm);
    text_add(text, "Threads:\t%u\n", threads_of(p));
    if (t)
        add_signals(text, t);
    add_capabilities(text, c);
    text_add(text, "NoNewPrivs:\t%d\nSeccomp:\t%u\nSeccomp_filters:\t%u\n", t && t->no_new_privs,
             t ? seccomp_mode(t) : 0, t ? seccomp_count(t) : 0);
    text_add(text, "Cpus_allowed:\t1\nCpus_allowed_list:\t0\n");
    text_add(text, "Mems_allowed:\t00000000,00000001\nMems_allowed_list:\t0\nvoluntary_ctxt_switches:\t%lu\nnonvoluntary_ctxt_switches:\t%lu\n",
             counts.waits, counts.preemptions);
}

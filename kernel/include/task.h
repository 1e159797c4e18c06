/* Threads, processes, and what they share. */
#pragma once
#include "abi.h"
#include "cputime.h"
#include "cred.h"
#include "numa.h"
#include "sched.h"
#include "signal.h"
#include "tree.h"

struct mm;
struct file;
struct fd_table;
struct fs_context;
struct terminal;
struct tracee;
struct seccomp_filter;
struct futex_waiter;

/* What the entry code pushes, lowest address first (boot/entry.S). */
struct trapframe {
    u64 r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
    u64 vector, error; /* for system calls: 256 and more, error = the number called or -1 */
    u64 rip, cs, rflags, rsp, ss;
};
#define VECTOR_SYSCALL 256
#define VECTOR_NONE 257 /* a call that has replaced the registers: every one is restored as it is */
#define VECTOR_CALL_CHANGED 258 /* a call of which a tracer has changed registers: the same, but it returns */

enum task_state { TASK_RUNNABLE, TASK_SLEEPING, TASK_STOPPED, TASK_DEAD };

#define COMM_LEN 16
#define NSIG 64

struct rlimit {
    u64 cur, max;
};
#define RLIM_COUNT 16
#define RLIM_INFINITY (~0UL)

/* A timer of CPU time: ITIMER_VIRTUAL or ITIMER_PROF. */
struct cpu_itimer {
    struct cpu_event event;
    u64 interval; /* ns */
};

/* What getrusage(2) counts beside time. */
struct usage_counts {
    u64 minor_faults, major_faults; /* served from memory, and by reading a file */
    u64 waits, preemptions;         /* switches to another thread: to wait for something, or not */
};

/* A thread group. */
struct process {
    struct tree_node by_pid; /* key = pid */
    i32 pid, pgid, sid;
    struct terminal *terminal; /* the controlling one, or NULL (terminal.h) */
    i32 lost_foreground;       /* a leader whose terminal hung up: the group to tell at its end */
    struct cred *cred;     /* of the thread that bears its number, also when that has ended */
    struct process *parent;
    struct list children, sibling; /* of parent->children */
    struct list threads;           /* task.thread_link */
    struct tracee *traced;         /* the thread that bears its number, also when that has ended (ptrace.h) */
    struct list dead_threads;      /* tracee.dead_link: others, for which their tracers have yet to wait */
    i32 maker;                     /* the thread that made it */
    struct list all;               /* every live or zombie process */
    u32 thread_count;
    struct task *leader;           /* while there is one: where it has left, one of the others */
    bool exiting;          /* exit_group has begun */
    bool zombie;           /* every thread gone, not yet waited for */
    bool leader_left;      /* the thread that bears its number has ended */
    char comm[COMM_LEN];   /* of that thread then */
    bool stopped, continued; /* job control, for wait4 */
    bool stop_reported;
    bool has_execed;
    i32 exit_signal;       /* to the parent; SIGCHLD or 0 */
    i32 status;            /* wait status */
    i32 stop_status;       /* the same while stopped or continued and not yet reported */
    i32 parent_death_signal; /* PR_SET_PDEATHSIG */
    i32 nice;
    i32 oom_adjust, oom_adjust_least; /* /proc/<pid>/oom_score_adj, and how low the unprivileged may set it */
    u32 personality, membarrier;
    bool subreaper, not_dumpable;
    u8 memory_failure;     /* PR_MCE_KILL, counted down from the default */
    bool no_huge_pages;    /* PR_SET_THP_DISABLE: there are none anyway */
    u8 exec_gain_refused;  /* PR_SET_MDWE */
#define MDWE_REFUSE 1
#define MDWE_NO_INHERIT 2
    u16 core_filter;       /* PR_SET_DUMPABLE's finer sister, kept for those who ask */
#define CORE_FILTER_KNOWN 0x1ff
#define CORE_FILTER_DEFAULT 0x33
    struct wait_queue child_exit; /* this process waits here for its children */
    struct sig_pending pending;   /* for the whole group */
    struct timer alarm;           /* ITIMER_REAL */
    u64 alarm_interval;
    struct cpu_itimer cpu_itimers[2]; /* virtual, profiling */
    struct timer cpu_timer;       /* armed while one of the threads has the CPU (cputimer.c) */
    struct list cpu_events;       /* cpu_event.link */
    bool cpu_watched;             /* the timer is needed: for those, or for a limit */
    struct rlimit limits[RLIM_COUNT];
    u64 start_ns;          /* clock_monotonic at creation */
    struct cpu_time cpu, child_cpu; /* of threads and of children that ended */
    u64 moved_bytes[2], move_calls[2]; /* read, written: /proc/<pid>/io */
    u64 peak_resident, child_peak_resident; /* pages */
    struct usage_counts counts, child_counts; /* likewise of what has ended */
    struct wait_queue vfork_done; /* vfork parents */
    bool vfork_released;
    void *posix_timers;
    struct pid_handle *handle; /* what pidfds of it hold, or NULL (fs/pidfd.h) */
    void *sem_undo;        /* struct sem_undo: what SEM_UNDO owes (ipc/sem.c) */
    char exe[256];         /* path of the program, for /proc/self/exe */
};

/* A thread. */
struct task {
    u64 kernel_sp; /* saved stack pointer while not running (first: boot/switch.S) */
    i32 tid;
    enum task_state state;
    struct process *process;
    bool queued;             /* runnable, and not running: in one of the queues of run_queue.h */
    struct list run_link;    /* of realtime_queue */
    struct tree_node virtual_time; /* of fair_queue */
    u64 charged;             /* ns of CPU time: what virtual time has counted */
    struct list thread_link;
    struct tree_node by_tid; /* key = tid */
    struct trapframe *frame; /* user registers, at the top of the kernel stack */
    u64 kernel_stack;        /* lowest address */
    u64 fs_base, gs_base;
    struct mm *mm;
    struct cred *cred;
    struct fd_table *files;
    struct fs_context *fs;
    struct sighand *sighand;
    u32 call_work;           /* who looks at each call before it is made: seccomp.h */
    bool no_new_privs;
    struct seccomp_filter *filters; /* the newest; NULL: none */
    u64 blocked;             /* signal mask */
    u64 saved_blocked;       /* to restore after sigsuspend, ppoll, pselect */
    union {
        struct {
            bool restore_blocked;
            bool kill_pending;
            bool rseq_interrupted; /* to be told of it (rseq.h) */
            bool trace_work;       /* to be looked at by ptrace_return or ptrace_check */
        };
        u32 work; /* any of these: something is to be done before the program goes on */
    };
    u64 wait_set;            /* what sigtimedwait waits for: may be blocked and still wakes */
    struct sig_pending pending;
    u64 altstack_sp, altstack_size;
    u32 altstack_flags;
    u64 clear_tid;           /* CLONE_CHILD_CLEARTID */
    u64 robust_list;
    u64 rseq_area;           /* restartable sequences: what the thread has registered */
    u32 rseq_size, rseq_signature;
    u32 policy;              /* SCHED_*, and whether children get it too (proc/policy.c) */
    u8 own_priority;         /* 1..99 under SCHED_FIFO and SCHED_RR, else 0 */
    u8 realtime_priority;    /* the same, or that of the most important of its heirs: who runs goes by this */
    struct list heirs;       /* futex_waiter.owned: who waits for locks it holds (proc/inherit.c) */
    struct futex_waiter *lock_wait; /* while it waits for one itself */
    u64 slice_used;          /* ns of its turn under SCHED_RR */
    u64 realtime_from;       /* ns of CPU time: since then it has run in real time without a pause */
    u16 io_priority;         /* class and level, or 0 (proc/ioprio.c) */
    bool rseq_registered;
    struct tracee *trace;    /* who traces it, and how it stands; NULL: nobody (ptrace.h) */
    struct list tracees;     /* tracee.link: whom it traces */
    i32 trace_answer;        /* the signal with which its tracer lets it go on */
    struct memory_policy memory_policy;
    u64 restart_deadline;    /* of a timed call that is about to restart, or 0 (sched.h) */
    i64 (*restart_call)(const u64 *a); /* what restart_syscall goes on with, or NULL */
    struct cpu_time cpu;     /* this thread has had the CPU for */
    struct usage_counts counts;
#define TIMER_SLACK_DEFAULT 50000 /* ns */
    u64 timer_slack, default_slack; /* ns: PR_SET_TIMERSLACK */
    bool timed_out;
    bool held;               /* by a debugger on the host: does not run */
    bool watch_step;         /* its trap flag is there for watched memory (watch.h) */
    bool killable_sleep;     /* only SIGKILL wakes */
    bool starved;            /* there was no memory for what a call wanted to reach */
    struct timer sleep_timer;
    char comm[COMM_LEN];
    struct pid_handle *handle; /* what pidfds of it hold, where it is no leader */
    void *fpu; /* vector state while another task runs: fpu.h */
};

extern struct task *current;

/* Has the current thread this capability? */
static inline bool capable(u32 capability) { return current->cred->effective >> capability & 1; }

struct task *task_find(i32 tid);
struct process *process_find(i32 pid);
extern struct list all_processes; /* process.all */
extern struct process *init_process;
u32 task_count(void);
/* Threads are created by clone (fork.c) and end in exit.c. */
noreturn void exit_thread(i32 code);              /* this thread only */
noreturn void exit_group(i32 status);             /* wait status: code << 8, or the signal */
void task_free(struct task *task);

/* Threads, processes, and what they share. */
#pragma once
#include "abi.h"
#include "sched.h"
#include "signal.h"

struct mm;
struct file;
struct fd_table;
struct fs_context;

/* What the entry code pushes, lowest address first (boot/entry.S). */
struct trapframe {
    u64 r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
    u64 vector, error; /* for system calls: vector 256, error = the number called */
    u64 rip, cs, rflags, rsp, ss;
};
#define VECTOR_SYSCALL 256

enum task_state { TASK_RUNNABLE, TASK_SLEEPING, TASK_STOPPED, TASK_DEAD };

#define COMM_LEN 16
#define NSIG 64

struct rlimit {
    u64 cur, max;
};
#define RLIM_COUNT 16
#define RLIM_INFINITY (~0UL)

/* A thread group. */
struct process {
    i32 pid, pgid, sid;
    u32 uid, gid;
    struct process *parent;
    struct list children, sibling; /* of parent->children */
    struct list threads;           /* task.thread_link */
    struct list all;               /* every live or zombie process */
    struct list group;             /* unused when dead */
    u32 thread_count;
    struct task *leader;
    bool exiting;          /* exit_group has begun */
    bool zombie;           /* every thread gone, not yet waited for */
    bool stopped, continued; /* job control, for wait4 */
    bool stop_reported;
    bool has_execed;
    i32 exit_signal;       /* to the parent; SIGCHLD or 0 */
    i32 status;            /* wait status */
    struct wait_queue child_exit; /* this process waits here for its children */
    struct sig_pending pending;   /* for the whole group */
    struct timer alarm;           /* ITIMER_REAL */
    u64 alarm_interval;
    struct rlimit limits[RLIM_COUNT];
    u64 user_ns, system_ns, child_user_ns, child_system_ns;
    struct wait_queue vfork_done; /* vfork parents */
    bool vfork_released;
    void *posix_timers;
    char exe[256];         /* path of the program, for /proc/self/exe */
};

/* A thread. */
struct task {
    u64 kernel_sp; /* saved stack pointer while not running (first: boot/switch.S) */
    i32 tid;
    enum task_state state;
    struct process *process;
    struct list run_link, thread_link, all_link;
    struct trapframe *frame; /* user registers, at the top of the kernel stack */
    u64 kernel_stack;        /* lowest address */
    u64 fs_base, gs_base;
    struct mm *mm;
    struct fd_table *files;
    struct fs_context *fs;
    struct sighand *sighand;
    u64 blocked;             /* signal mask */
    u64 saved_blocked;       /* to restore after sigsuspend, ppoll, pselect */
    bool restore_blocked;
    struct sig_pending pending;
    u64 altstack_sp, altstack_size;
    u32 altstack_flags;
    u64 clear_tid;           /* CLONE_CHILD_CLEARTID */
    u64 robust_list;
    u64 wake_deadline;
    bool timed_out;
    bool killable_sleep;     /* only SIGKILL wakes */
    bool interrupted;
    bool kill_pending;
    struct timer sleep_timer;
    void *futex_waiter;
    char comm[COMM_LEN];
    u8 fpu[512] __attribute__((aligned(16)));
};

extern struct task *current;

struct task *task_find(i32 tid);
struct process *process_find(i32 pid);
extern struct list all_processes; /* process.all */
extern struct process *init_process;
u32 task_count(void);
/* Threads are created by clone (fork.c) and end in exit.c. */
noreturn void exit_thread(i32 code);              /* this thread only */
noreturn void exit_group(i32 status);             /* wait status: code << 8, or the signal */
void task_free(struct task *task);

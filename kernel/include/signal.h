/* Signals: what is pending, what is done about it. */
#pragma once
#include "fs/poll.h"
#include "list.h"

struct task;
struct process;
struct trapframe;

#define SIGHUP 1
#define SIGINT 2
#define SIGQUIT 3
#define SIGILL 4
#define SIGTRAP 5
#define SIGABRT 6
#define SIGBUS 7
#define SIGFPE 8
#define SIGKILL 9
#define SIGUSR1 10
#define SIGSEGV 11
#define SIGUSR2 12
#define SIGPIPE 13
#define SIGALRM 14
#define SIGTERM 15
#define SIGCHLD 17
#define SIGCONT 18
#define SIGSTOP 19
#define SIGTSTP 20
#define SIGTTIN 21
#define SIGTTOU 22
#define SIGURG 23
#define SIGXCPU 24
#define SIGXFSZ 25
#define SIGVTALRM 26
#define SIGPROF 27
#define SIGWINCH 28
#define SIGIO 29
#define SIGSYS 31
#define SIGRTMIN 32
#define SIG_BIT(sig) (1UL << ((sig) - 1))
#define SIG_UNBLOCKABLE (SIG_BIT(SIGKILL) | SIG_BIT(SIGSTOP))
#define SIG_STOPS (SIG_BIT(SIGSTOP) | SIG_BIT(SIGTSTP) | SIG_BIT(SIGTTIN) | SIG_BIT(SIGTTOU))

/* si_code values */
#define SI_USER 0
#define SI_KERNEL 0x80
#define SI_QUEUE -1
#define SI_TIMER -2
#define SIGINFO_USED 48 /* bytes of a siginfo that can mean something */
#define SI_MESGQ -3
#define SI_TKILL -6
#define SEGV_MAPERR 1
#define SEGV_ACCERR 2
#define BUS_ADRERR 2
#define ILL_ILLOPN 2
#define FPE_INTDIV 1
#define FPE_FLTDIV 3
#define FPE_FLTOVF 4
#define FPE_FLTUND 5
#define FPE_FLTRES 6
#define FPE_FLTINV 7
#define TRAP_BRKPT 1
#define POLL_IN 1
#define POLL_OUT 2
#define POLL_MSG 3
#define POLL_HUP 6
#define CLD_EXITED 1
#define CLD_KILLED 2
#define CLD_DUMPED 3
#define CLD_TRAPPED 4
#define CLD_STOPPED 5
#define CLD_CONTINUED 6

/* siginfo_t as programs see it: 128 bytes. */
struct siginfo {
    i32 signo, error, code, pad;
    union {
        struct {
            i32 pid;
            u32 uid;
            union {
                i32 status;
                u64 value;
            };
        };
        struct {
            i32 timer_id, overrun;
            u64 timer_value;
        };
        struct {
            i32 child_pid;
            u32 child_uid;
            i32 child_status;
            i64 child_utime, child_stime; /* clock ticks */
        };
        u64 address;
        struct { /* SIGSYS */
            u64 call_address;
            i32 call;
            u32 call_arch;
        };
        u64 raw[14];
    };
};
_Static_assert(sizeof(struct siginfo) == 128, "siginfo");

/* Pending signals: a bit each; standard signals keep one siginfo, real-time ones queue. */
struct sig_pending {
    u64 bits;
    struct list queue;
};

struct sigaction {
    u64 handler; /* 0 default, 1 ignore */
    u64 flags;
    u64 restorer;
    u64 mask;
};
#define SIG_DFL 0
#define SIG_IGN 1

struct sighand {
    u32 refs;
    struct sigaction action[64];
    struct poll_head arrivals; /* signalfds that are being waited for */
};

void sig_pending_init(struct sig_pending *pending);
void sig_pending_flush(struct sig_pending *pending);
struct sighand *sighand_new(void);
struct sighand *sighand_dup(const struct sighand *from);
void sighand_put(struct sighand *sighand);
/* exec: handlers back to default, ignored ones stay. */
void sighand_reset(struct sighand *sighand);

/* Queue a signal; 0 or -EAGAIN when the queue is full. info may be NULL (SI_USER from current). */
i64 signal_process(struct process *process, i32 sig, const struct siginfo *info);
i64 signal_task(struct task *task, i32 sig, const struct siginfo *info);
/* To the current task, which cannot block or ignore it; and the same for a fault. */
void signal_force(const struct siginfo *info);
void signal_fault(i32 sig, i32 code, u64 address);
/* kill(2) to a process group; 0 or -ESRCH. */
i64 signal_group(i32 pgid, i32 sig, const struct siginfo *info);
/* A siginfo from a program, which must not claim to come from the kernel, nor, to another process than
   itself, from kill(2): -EFAULT, -EPERM (filled in all the same). */
i64 siginfo_from_user(struct siginfo *info, u64 addr, i32 pid);
/* What kill and sigqueue do to one process, permission included; info NULL: SI_USER. */
i64 signal_from_program(struct process *process, i32 sig, const struct siginfo *info);
/* The same for a process group, and for a thread (of this process, or with 0 of any); info NULL: SI_TKILL. */
i64 signal_group_from_program(i32 pgid, i32 sig, const struct siginfo *info);
i64 signal_thread_from_program(i32 tgid, i32 tid, i32 sig, const struct siginfo *info);
/* Take the next pending signal of this set: its number, 0 if there is none. */
i32 signal_take(struct task *task, u64 set, struct siginfo *info);
/* Copy siginfos that are queued to a user's table: how many, or -EFAULT where the first cannot be. */
i64 signal_show(const struct sig_pending *pending, u64 skip, u32 count, u64 to);
/* Drop what is pending of this set, in the group and in every thread. */
void signal_discard(struct process *process, u64 set);
/* The signal of one that has it, to the process or one of its threads. */
void signal_timer_send(struct process *process, struct task *task, i32 sig, const struct siginfo *info);
/* The signal of a POSIX timer is still pending: it stands for so many expirations more. False: it is not. */
bool signal_timer_again(struct process *process, struct task *task, i32 sig, i32 timer_id, u64 more);
/* The timer has been set anew or deleted: what it has sent and nobody has seen is void. */
void signal_timer_void(struct process *process, struct task *task, i32 sig, i32 timer_id);
/* Does this action, or the default it stands for, ignore the signal? */
bool action_ignores(const struct sigaction *action, i32 sig);
/* Build the frame of a handler; 0 or -EFAULT (sigframe.c). */
i64 sigframe_push(struct trapframe *frame, i32 sig, const struct siginfo *info,
                  const struct sigaction *action, u64 mask);
/* Is there a signal that must interrupt this task's sleep? */
bool signal_interrupts(const struct task *task);
/* Before every return to user mode with signals pending: act on them, build frames, restart calls. */
void signal_deliver(struct trapframe *frame);
/* For waits with a temporary mask (sigsuspend, ppoll, pselect, epoll_pwait). */
i64 set_temporary_mask(u64 mask_addr, u64 size);

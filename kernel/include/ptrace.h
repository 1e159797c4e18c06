/* Threads that others look into and steer: ptrace(2).

   Who is traced has a record, which its tracer (a thread too) has in a list. It outlives the thread until
   the tracer has waited for its end. A traced thread *stands* at a stop until the tracer lets it go on;
   meanwhile its registers are in its trap frame, as those of any thread in the kernel. */
#pragma once
#include "linux/ptrace.h"
#include "task.h"

/* How it goes on: to the next signal or event, system call, or instruction. */
enum tracee_mode { TRACEE_RUNS, TRACEE_CALLS, TRACEE_STEPS, TRACEE_EMULATES, TRACEE_EMULATES_STEPS };

struct tracee {
    struct task *task;       /* NULL: it has ended */
    struct process *process; /* of which it is, or was, a thread */
    struct task *tracer;
    struct list link;        /* of tracer->tracees */
    struct list dead_link;   /* of process->dead_threads, once it has ended */
    i32 tid;
    u32 uid;
    i32 status;              /* of its end, as wait4 has it */
    u32 options;             /* PTRACE_O_* */
    bool seized;             /* rather than attached to */
    bool standing;           /* at a stop: */
    bool reported;           /* the tracer has waited for it */
    bool listening;          /* PTRACE_LISTEN: it stands on, but cannot be steered */
    bool informed;           /* there is `info` */
    u32 code;                /* signal, and event << 8 */
    u64 message;             /* GETEVENTMSG */
    struct siginfo info;
    bool stop_due;           /* its process has been stopped, */
    bool trap_due;           /* it shall stop (INTERRUPT), */
    bool notice_due;         /* it is seized and SIGCONT has come: to be told at a stop yet to come */
    bool stop_void;          /* SIGCONT has come since the signal at which it stands was sent */
    bool step_ours;          /* the trap flag is the tracer's, not the program's */
    enum tracee_mode mode;
};

/* ptrace_link.c: who traces whom. */
i64 ptrace_tie(struct task *task, struct task *tracer, u32 options, bool seized); /* 0, -EPERM, -ENOMEM */
void ptrace_untie(struct tracee *t);
/* A new thread of the current, traced one, which does not run yet; is the tracer to have it? */
i64 ptrace_inherit(struct task *child);
/* The current thread ends: those it traces are free, or die with it. */
void ptrace_tracer_ends(void);
/* Its thread has left the process, with this wait status. */
void ptrace_ended(struct tracee *t, i32 status);
/* Somebody has waited for a process that is no more. */
void ptrace_forget(struct process *process);
/* execve has given the current thread the number of its process. */
void ptrace_renamed(void);
/* Is this the number of a dead thread for which its tracer has yet to wait? */
bool ptrace_remembers(const struct process *process, i32 tid);

/* ptrace_stop.c: stops of the current thread. */
bool ptrace_call(struct trapframe *frame);   /* before a system call; false: it is not to be made */
void ptrace_return(struct trapframe *frame); /* on the way back to the program, task.trace_work being set */
void ptrace_check(struct trapframe *frame);  /* the same after signals have been acted on */
bool ptrace_trap(void);                      /* stop if one is due; false: none was */
i32 ptrace_signal(i32 sig, struct siginfo *info); /* what to act on instead; 0: nothing */
bool ptrace_wants(u32 event);                /* to be told to the tracer? */
void ptrace_event(u32 event, u64 message);
void ptrace_exec(i32 old_tid);
void ptrace_exit(i32 status);
bool ptrace_hides_step(void);                /* a handler begins: take the tracer's trap flag; true if it steps */
void ptrace_handler_begins(void);

/* ptrace_group.c: stops that others ask for, and telling the tracer. */
void ptrace_make_due(struct tracee *t);      /* have it stop as soon as it can, also when it sleeps */
void ptrace_group_stops(struct process *process);
void ptrace_group_continues(struct process *process);
void ptrace_tell(const struct tracee *t, i32 code, i32 status); /* SIGCHLD and a wake-up for its wait4 */
void ptrace_go_on(struct tracee *t, i32 signal, enum tracee_mode mode);

/* ptrace_registers.c and ptrace_look.c: requests about a thread that stands. -ENXIO: not one of theirs. */
i64 ptrace_registers(struct task *task, u64 request, u64 addr, u64 data);
i64 ptrace_look(struct tracee *t, u64 request, u64 addr, u64 data);
void ptrace_step_flag(struct tracee *t, bool on);
static inline i64 frame_call(const struct trapframe *frame) {
    return frame->vector >= VECTOR_SYSCALL ? (i64)frame->error : -1;
}

/* Is its tracer stepping it? */
static inline bool ptrace_steps(const struct task *task) { return task->trace && task->trace->step_ours; }
static inline bool ptrace_is_due(const struct tracee *t) { return t->stop_due || t->trap_due || t->notice_due; }

/* Controlling terminals and job control on them (proc/terminal.c): what the console and
   pseudo-terminals have in common. */
#pragma once
#include "types.h"

struct file;
struct process;

struct terminal {
    i32 session;    /* whose controlling terminal it is, or 0 */
    i32 foreground; /* the group that may read, and that Ctrl-C goes to, or 0 */
    u64 rdev;
};

/* The host's terminal, or what stands for it: signals from the host go to its foreground. */
extern struct terminal console_control;
/* The host's user can stop the first process and continue it, as a shell could whose job it were. */
extern bool console_suspends;
/* It has stopped: wait until the user continues it; false: nobody will. */
bool console_suspend(void);

/* A file of the terminal has been opened: it becomes the controlling one of a session leader that
   has none, unless O_NOCTTY. */
void terminal_opened(struct terminal *terminal, const struct file *file);
/* May the current process read (SIGTTIN) or change (SIGTTOU) the terminal, or is it in the
   background? 0, -EIO, or -ERESTARTSYS after the signal. */
i64 terminal_check(struct terminal *terminal, i32 sig);
/* The ioctls of job control; `own`: asked of the terminal itself, not of a master's end. -ENOTTY for
   all others as well. */
i64 terminal_ioctl(struct terminal *terminal, const struct file *file, bool own, u64 command, u64 argument);
/* To everybody in the foreground; 0 or -ESRCH. */
i64 terminal_signal(struct terminal *terminal, i32 sig);
/* The line is cut: the session's leader hears of it, and nobody has the terminal any more. */
void terminal_hang_up(struct terminal *terminal);
/* A process ends: its session loses the terminal if it was the leader. */
void terminal_leader_exit(struct process *process);

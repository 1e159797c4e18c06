/* Processes as files (fs/pidfd.c). */
#pragma once
#include "fs/poll.h"

struct file;
struct process;

/* What pidfds hold: it outlives the process, and nobody else gets it with the number. */
struct pid_handle {
    u32 refs;
    i32 pid;
    struct process *process; /* NULL once it has been waited for */
    struct poll_head head;
};

/* An open file of a process; ERR_PTR. */
struct file *pidfd_file(struct process *process, u32 flags);
/* The handle behind a descriptor; -EBADF when it is none, or no pidfd. */
struct pid_handle *pidfd_handle(i32 fd, bool *nonblocking);
/* The process has ended, or has been waited for and is about to be freed. */
void pidfd_ended(struct process *process);
void pidfd_reaped(struct process *process);

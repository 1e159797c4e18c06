/* Processes and threads as files (fs/pidfd.c). */
#pragma once
#include "fs/poll.h"
#include "linux/fcntl.h"

struct file;
struct process;
struct task;

/* What pidfds hold: it outlives the process, and nobody else gets it with the number. */
struct pid_handle {
    u32 refs;
    i32 pid;
    struct process *process; /* NULL once it has been waited for */
    struct task *thread;     /* of a thread that is not a leader: NULL once it has ended */
    struct poll_head head;
};

#define PIDFD_THREAD O_EXCL /* the thread is meant, not its process */

/* An open file of a process, or of one thread; ERR_PTR. */
struct file *pidfd_file(struct process *process, u32 flags);
struct file *pidfd_thread_file(struct task *task, u32 flags);
/* The handle behind a descriptor, and how that was opened; -EBADF when it is none, or no pidfd. */
struct pid_handle *pidfd_handle(i32 fd, u32 *flags);
/* The process has ended, or has been waited for and is about to be freed. */
void pidfd_ended(struct process *process);
void pidfd_reaped(struct process *process);
/* The thread has ended, or has another number. */
void pidfd_thread_gone(struct task *task);

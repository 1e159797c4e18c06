/* O_ASYNC: a signal to an owner whenever a file may be ready (fcntl(2), "Managing signals"). */
#pragma once
#include "fs/open.h"

/* Whether files of this kind send signals. */
bool async_possible(const struct file *file);
/* O_ASYNC of the file becomes `on`; files of other kinds never have it. 0 or -ENOMEM. */
i64 async_set(struct file *file, i32 fd, bool on);
/* The current process owns the file unless it has an owner. 0 or -ENOMEM. */
i64 async_own(struct file *file);
/* To the owner, whom there has been: something happened in the directory. */
void async_message(struct file *file, i32 fd);
/* Urgent data has come: SIGURG for the owner, with or without O_ASYNC. */
void async_urgent(struct file *file);
/* F_SETOWN to F_GETSIG, F_SETOWN_EX and F_GETOWN_EX; -EINVAL for any other command. */
i64 async_command(struct file *file, u32 command, u64 argument);
/* The file is closed for good. */
void async_forget(struct file *file);

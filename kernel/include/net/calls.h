/* What the system calls of kernel/net share. */
#pragma once
#include "net/socket.h"

#define OPTION_BYTES 256 /* the most an option says */

/* The socket of a descriptor, without a reference; NULL and *error: -EBADF, -ENOTSOCK. */
struct socket *socket_of(i32 fd, i64 *error);
/* Its file with a reference, for calls that may sleep; ERR_PTR. */
struct file *socket_file_of(i32 fd);
/* When a call that may wait must give up: 0 = at once. */
u64 socket_deadline(const struct file *file, u64 timeout, u32 flags);

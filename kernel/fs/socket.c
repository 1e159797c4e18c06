/* Sockets: there is no network, and saying so is better than a socket that leads nowhere. */
#include "errno.h"
#include "fs/open.h"
#include "syscall.h"

i64 sys_socket(const u64 *a) { return -EAFNOSUPPORT; }
i64 sys_connect(const u64 *a) { return fd_peek(a[0]) ? -ENOTSOCK : -EBADF; }

/* What open files know of epoll (fs/epoll.c). */
#pragma once
#include "types.h"

struct file;

/* The file is being closed for good: epolls stop watching it. */
void epoll_forget(struct file *file);
/* What an epoll watches under a descriptor, the place-th (from 0) of several; -EINVAL if it is none, -ENOENT. */
struct file *epoll_watched(struct file *epoll, u32 fd, u32 place);

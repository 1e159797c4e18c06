/* What open files know of epoll (fs/epoll.c). */
#pragma once

struct file;

/* The file is being closed for good: epolls stop watching it. */
void epoll_forget(struct file *file);

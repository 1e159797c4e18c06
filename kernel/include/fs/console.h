/* The three standard streams (fs/console.c), and what a terminal among them can do (fs/tty.c). */
#pragma once
#include "fs/open.h"

struct console {
    struct inode inode;
    u32 stream;
    u32 access; /* O_RDONLY, O_WRONLY, O_RDWR */
    bool present, tty;
    u32 armed;  /* poll bits the host watches for us */
    struct poll_head head;
    struct event_source source;
};

#define STREAMS 3
extern struct console consoles[STREAMS];
extern const struct file_ops console_ops;

i64 tty_ioctl(struct file *file, u64 command, u64 argument);
void console_resized(void); /* the host's terminal has a new size */
/* /dev/tty and /dev/console: the stream that is a terminal, or NULL. */
struct console *console_terminal(u32 flags);

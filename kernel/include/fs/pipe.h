/* Pipes and FIFOs (fs/pipe.c). */
#pragma once
#include "fs/open.h"
#include "fs/ring.h"

struct pipe {
    struct ring ring;
    struct poll_head head;
    u32 readers, writers;             /* open files */
    u32 readers_ever, writers_ever;   /* opens so far: what a blocked open waits for */
    u32 users;                        /* files and blocked opens */
    bool held;                        /* a splice is writing its bytes elsewhere: readers wait */
};

struct pipe *file_pipe(struct file *file); /* NULL: not a pipe */
/* Wait until there is something to read (0 without it: the end), or room for a page (-EPIPE and SIGPIPE
   without readers); not when the file or the caller says so: -EAGAIN. */
i64 pipe_wait_data(struct file *file, bool nonblock);
i64 pipe_wait_room(struct file *file, bool nonblock);
/* F_SETPIPE_SZ: the new size in bytes, or negative errno. */
i64 pipe_resize(struct pipe *pipe, u64 size);

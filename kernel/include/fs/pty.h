/* Pseudo-terminals: a master's end for whoever plays the person at the keyboard, and a slave's end
   that is a terminal to programs. */
#pragma once
#include "fs/line.h"
#include "fs/open.h"
#include "fs/ring.h"
#include "terminal.h"

#define PTYS_MAX 256
#define PTY_SLAVE_MAJOR 136

struct pty {
    struct inode inode; /* /dev/pts/<index>; every open file of either end holds it */
    u32 index;
    struct terminal control;
    struct line line;
    struct ring typed;     /* by the master, while the line has no room for it */
    struct ring shown;     /* by the slave, for the master to read */
    struct poll_head master, slave;
    struct winsize size;
    u32 slaves;            /* open files of the slave's end */
    bool locked, closed;   /* closed: there were slaves, and the last has gone */
    bool hung_up, exclusive;
    bool packet;           /* TIOCPKT: the master reads a status byte before the data */
    u8 status;             /* TIOCPKT_*: what it has not read yet */
};

extern const struct file_ops pty_master_ops, pty_slave_ops;

/* fs/devpts.c */
void devpts_mount(void);
i64 devpts_add(struct pty *pty);  /* a number and a name for a new pair; frees it when there is none: -ENOSPC */
void devpts_drop(struct pty *pty); /* its master has been closed: no more such name */
struct dentry *devpts_entry(const struct name *name); /* referenced; ERR_PTR */

i64 ptmx_open(struct file *file);                     /* /dev/ptmx */
i64 pty_slave_open(struct pty *pty, struct file *file);
/* /dev/tty: the process's own terminal, or -ENXIO; -ENODEV when that is the console. */
i64 pty_open_own(struct file *file);
i64 pty_ioctl(struct file *file, u64 command, u64 argument); /* either end (fs/pty_ioctl.c) */
static inline bool pty_is_master(const struct file *file) { return file->ops == &pty_master_ops; }
void pty_pump(struct pty *pty); /* what was typed goes to the line, as far as there is room */
void pty_flush_shown(struct pty *pty);
void pty_tell(struct pty *pty, u8 status, u8 instead_of); /* packet mode */

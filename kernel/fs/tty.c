/* What ioctl can ask of a terminal, and job control on it. */
#include "errno.h"
#include "fs/console.h"
#include "hypercall.h"
#include "lib.h"
#include "linux/tty.h"
#include "proc.h"
#include "task.h"
#include "uaccess.h"

static i64 get_attributes(struct console *c, u8 *attributes) {
    hc_begin(NV_OP_CON_GETATTR);
    hc_arg(0, c->stream);
    hc_out(attributes, TERMIOS_SIZE);
    return MIN(hc_ring(), 0);
}

static i64 set_attributes(struct console *c, const u8 *attributes, u64 when) {
    hc_begin(NV_OP_CON_SETATTR);
    hc_arg(0, c->stream);
    hc_arg(1, when);
    hc_in(attributes, TERMIOS_SIZE);
    return MIN(hc_ring(), 0);
}

static i64 window_size(struct console *c, u64 to) {
    hc_begin(NV_OP_CON_INFO);
    hc_arg(0, c->stream);
    i64 error = hc_ring();
    struct winsize size = {.rows = hc_result(2), .columns = hc_result(3)};
    return error < 0 ? error : put_user(size, to);
}

static bool group_in_session(i32 pgid, i32 sid) {
    struct process *p;
    list_for_each(p, &all_processes, all)
        if (p->pgid == pgid && p->sid == sid)
            return true;
    return false;
}

static i64 set_foreground(u64 from) {
    i32 pgid;
    if (get_user(pgid, from))
        return -EFAULT;
    if (pgid < 0)
        return -EINVAL;
    if (!group_in_session(pgid, current->process->sid))
        return -EPERM;
    foreground_pgid = pgid;
    return 0;
}

i64 tty_ioctl(struct file *file, u64 command, u64 argument) {
    struct console *c = file->private;
    u8 attributes[TERMIOS_SIZE];
    i64 error;
    i32 value;
    switch (command) {
    case TCGETS:
        error = get_attributes(c, attributes);
        return error ? error : copy_to_user(argument, attributes, sizeof(attributes));
    case TCSETS:
    case TCSETSW:
    case TCSETSF:
        error = copy_from_user(attributes, argument, sizeof(attributes));
        return error ? error : set_attributes(c, attributes, command - TCSETS);
    case TCFLSH: /* setting what is set, with the flush that goes with it */
        error = argument > 2 ? -EINVAL : get_attributes(c, attributes);
        return error || argument == 1 ? error : set_attributes(c, attributes, 2);
    case TCSBRK: /* writes have reached the host's terminal already; breaks mean nothing to it */
        return 0;
    case TIOCGWINSZ:
        return window_size(c, argument);
    case TIOCGPGRP:
        return put_user(foreground_pgid, argument);
    case TIOCSPGRP:
        return set_foreground(argument);
    case TIOCGSID:
        return put_user(current->process->sid, argument);
    case TIOCSCTTY: /* there is one terminal, and it is everybody's */
        return current->process->sid == current->process->pid ? 0 : -EPERM;
    case FIONREAD: /* the host tells whether, not how much */
        value = console_ready(c, POLLIN) & POLLIN ? 1 : 0;
        return put_user(value, argument);
    default:
        return -ENOTTY;
    }
}

i64 tty_may_read(void) {
    struct process *p = current->process;
    if (!foreground_pgid || p->pgid == foreground_pgid)
        return 0;
    bool deaf = (current->blocked & SIG_BIT(SIGTTIN)) ||
                current->sighand->action[SIGTTIN - 1].handler == SIG_IGN;
    if (deaf || group_is_orphaned(p->pgid))
        return -EIO;
    signal_group(p->pgid, SIGTTIN, NULL);
    return -ERESTARTSYS;
}

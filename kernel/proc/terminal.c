/* Controlling terminals: sessions, foreground groups, and what they forbid the background. */
#include "terminal.h"
#include "errno.h"
#include "fs/open.h"
#include "linux/tty.h"
#include "proc.h"
#include "uaccess.h"

struct terminal console_control = { .rdev = MAKEDEV(5, 1) };

static bool leads_session(const struct process *process) { return process->sid == process->pid; }

static void signal_kernel(i32 pgid, i32 sig) {
    if (pgid)
        signal_group(pgid, sig, &(struct siginfo){ .signo = sig, .code = SI_KERNEL });
}

static void take(struct terminal *terminal) {
    terminal->session = current->process->sid;
    terminal->foreground = current->process->pgid;
    current->process->terminal = terminal;
}

/* Nobody of the session has a terminal any more. */
static void clear_session(i32 sid) {
    struct process *process;
    list_for_each(process, &all_processes, all)
        if (process->sid == sid)
            process->terminal = NULL;
}

void terminal_opened(struct terminal *terminal, const struct file *file) {
    struct process *self = current->process;
    if (leads_session(self) && !self->terminal && !terminal->session && file_readable(file))
        take(terminal);
}

i64 terminal_check(struct terminal *terminal, i32 sig) {
    struct process *self = current->process;
    if (self->terminal != terminal || !terminal->foreground || self->pgid == terminal->foreground)
        return 0;
    bool deaf = (current->blocked & SIG_BIT(sig)) || current->sighand->action[sig - 1].handler == SIG_IGN;
    if (deaf)
        return sig == SIGTTIN ? -EIO : 0;
    if (group_is_orphaned(self->pgid))
        return -EIO;
    signal_kernel(self->pgid, sig);
    return -ERESTARTSYS;
}

i64 terminal_signal(struct terminal *terminal, i32 sig) {
    struct siginfo info = { .signo = sig, .code = SI_KERNEL };
    return terminal->foreground ? signal_group(terminal->foreground, sig, &info) : -ESRCH;
}

static i64 set_foreground(struct terminal *terminal, u64 from) {
    struct process *self = current->process, *process;
    i32 pgid;
    i64 error = terminal_check(terminal, SIGTTOU);
    if (error)
        return error == -EIO ? -ENOTTY : error;
    if (get_user(pgid, from))
        return -EFAULT;
    if (pgid < 0)
        return -EINVAL;
    if (self->terminal != terminal || terminal->session != self->sid)
        return -ENOTTY;
    bool exists = process_find(pgid) || task_find(pgid);
    list_for_each(process, &all_processes, all) {
        if (process->pgid != pgid)
            continue;
        if (process->sid != self->sid)
            return -EPERM;
        terminal->foreground = pgid;
        return 0;
    }
    return exists ? -EPERM : -ESRCH;
}

static i64 make_controlling(struct terminal *terminal, const struct file *file, bool steal) {
    struct process *self = current->process;
    if (leads_session(self) && self->sid == terminal->session)
        return 0;
    if (!leads_session(self) || self->terminal || !file_readable(file))
        return -EPERM;
    if (terminal->session) {
        if (!steal || !capable(CAP_SYS_ADMIN))
            return -EPERM;
        clear_session(terminal->session);
    }
    take(terminal);
    return 0;
}

/* The session has no terminal any more; its foreground hears of that. */
static void give_up(struct process *leader) {
    struct terminal *terminal = leader->terminal;
    clear_session(leader->sid);
    if (terminal->session == leader->sid)
        terminal->session = terminal->foreground = 0;
}

static i64 detach(struct terminal *terminal) {
    struct process *self = current->process;
    if (self->terminal != terminal)
        return -ENOTTY;
    if (leads_session(self)) {
        signal_group(terminal->foreground, SIGHUP, NULL);
        signal_group(terminal->foreground, SIGCONT, NULL);
        give_up(self);
    }
    self->terminal = NULL;
    return 0;
}

i64 terminal_ioctl(struct terminal *terminal, const struct file *file, bool own, u64 command, u64 argument) {
    bool foreign = own && current->process->terminal != terminal;
    switch (command) {
    case TIOCGPGRP:
        return foreign ? -ENOTTY : put_user(terminal->foreground, argument);
    case TIOCSPGRP:
        return set_foreground(terminal, argument);
    case TIOCGSID:
        return foreign || !terminal->session ? -ENOTTY : put_user(terminal->session, argument);
    case TIOCSCTTY:
        return make_controlling(terminal, file, argument == 1);
    case TIOCNOTTY:
        return detach(terminal);
    }
    return -ENOTTY;
}

void terminal_hang_up(struct terminal *terminal) {
    struct process *process;
    list_for_each(process, &all_processes, all) {
        if (!terminal->session || process->sid != terminal->session)
            continue;
        if (process->terminal == terminal)
            process->terminal = NULL;
        if (!leads_session(process))
            continue;
        process->lost_foreground = terminal->foreground;
        signal_process(process, SIGHUP, &(struct siginfo){ .signo = SIGHUP, .code = SI_KERNEL });
        signal_process(process, SIGCONT, &(struct siginfo){ .signo = SIGCONT, .code = SI_KERNEL });
    }
    terminal->session = terminal->foreground = 0;
}

void terminal_leader_exit(struct process *process) {
    if (!leads_session(process))
        return;
    if (process->terminal) {
        signal_kernel(process->terminal->foreground, SIGHUP);
        give_up(process);
    } else if (process->lost_foreground) {
        signal_kernel(process->lost_foreground, SIGHUP);
        signal_kernel(process->lost_foreground, SIGCONT);
    }
}

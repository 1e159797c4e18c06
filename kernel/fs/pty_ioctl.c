/* ioctl(2) on either end of a pseudo-terminal. */
#include "errno.h"
#include "fs/pty.h"
#include "lib.h"
#include "proc.h"
#include "task.h"
#include "uaccess.h"

#define FLUSHING_SETTINGS(command) ((command) == TCSETSF || (command) == TCSETSF2 || (command) == TCSETAF)
#define OLD_SETTINGS(command) ((command) == TCSETA || (command) == TCSETAW || (command) == TCSETAF)

static void drop_input(struct pty *pty) {
    line_drop_input(&pty->line);
    pty_tell(pty, TIOCPKT_FLUSHREAD, 0);
    pty_pump(pty);
}

static i64 get_old(const struct termios *t, u64 to) {
    struct termio old = {
        .iflag = t->iflag, .oflag = t->oflag, .cflag = t->cflag, .lflag = t->lflag, .discipline = t->discipline,
    };
    memcpy(old.cc, t->cc, NCC);
    return put_user(old, to);
}

/* What the old structure does not show stays as it is. */
static i64 take_old(struct termios *t, u64 from) {
    struct termio old;
    if (get_user(old, from))
        return -EFAULT;
    t->iflag = (t->iflag & ~0xffffu) | old.iflag;
    t->oflag = (t->oflag & ~0xffffu) | old.oflag;
    t->cflag = (t->cflag & ~0xffffu) | old.cflag;
    t->lflag = (t->lflag & ~0xffffu) | old.lflag;
    t->discipline = old.discipline;
    memcpy(t->cc, old.cc, NCC);
    return 0;
}

static i64 set_settings(struct pty *pty, u64 command, u64 from) {
    struct termios new = pty->line.termios, old = new;
    bool second = command == TCSETS2 || command == TCSETSW2 || command == TCSETSF2;
    if (OLD_SETTINGS(command) ? take_old(&new, from) : copy_from_user(&new, from, second ? sizeof(new) : TERMIOS_SIZE))
        return -EFAULT;
    i64 error = terminal_check(&pty->control, SIGTTOU);
    if (error)
        return error;
    if (FLUSHING_SETTINGS(command))
        drop_input(pty);
    new.cflag = (new.cflag & ~(CSIZE | PARENB)) | CS8 | CREAD;
    line_set(&pty->line, &new);
    bool flow = (new.iflag & IXON) && new.cc[VSTOP] == 19 && new.cc[VSTART] == 17;
    bool flowed = (old.iflag & IXON) && old.cc[VSTOP] == 19 && old.cc[VSTART] == 17;
    if (flow != flowed)
        pty_tell(pty, flow ? TIOCPKT_DOSTOP : TIOCPKT_NOSTOP, flow ? TIOCPKT_NOSTOP : TIOCPKT_DOSTOP);
    poll_wake(&pty->slave, POLLIN | POLLOUT);
    return 0;
}

static i64 flush(struct pty *pty, bool master, u64 queue) {
    i64 error = master ? 0 : terminal_check(&pty->control, SIGTTOU);
    if (error)
        return error;
    if (queue > TCIOFLUSH)
        return -EINVAL;
    bool typed = (queue == TCIFLUSH) != master || queue == TCIOFLUSH;
    bool shown = (queue == TCOFLUSH) != master || queue == TCIOFLUSH;
    if (typed) {
        ring_cut(&pty->typed, 0);
        drop_input(pty);
    }
    if (shown && master)
        ring_cut(&pty->shown, 0);
    if (shown)
        pty_flush_shown(pty);
    return 0;
}

static i64 control_flow(struct pty *pty, u64 action) {
    i64 error = terminal_check(&pty->control, SIGTTOU);
    if (error)
        return error;
    switch (action) {
    case TCOOFF:
    case TCOON:
        line_stop(&pty->line, action == TCOOFF);
        return 0;
    case TCIOFF: /* to the other side, as if typed there */
    case TCION: {
        u8 c = pty->line.termios.cc[action == TCIOFF ? VSTOP : VSTART];
        if (c)
            pty->line.emit(&pty->line, &c, 1);
        poll_wake(&pty->master, POLLIN | POLLRDNORM);
        return 0;
    }
    }
    return -EINVAL;
}

static i64 set_size(struct pty *pty, u64 from) {
    struct winsize size;
    if (get_user(size, from))
        return -EFAULT;
    if (!memcmp(&size, &pty->size, sizeof(size)))
        return 0;
    pty->size = size;
    terminal_signal(&pty->control, SIGWINCH);
    return 0;
}

static i64 open_peer(struct pty *pty, u32 flags) {
    char text[24];
    struct name name;
    if (flags & ~(u32)(O_ACCMODE | O_NOCTTY | O_NONBLOCK | O_CLOEXEC))
        return -EINVAL;
    name_set(&name, text, format(text, sizeof(text), "%u", pty->index));
    struct dentry *d = devpts_entry(&name);
    if (IS_ERR(d))
        return PTR_ERR(d);
    struct file *file = file_open_dentry(d, flags);
    dentry_put(d);
    return IS_ERR(file) ? PTR_ERR(file) : fd_install(file, 0, flags & O_CLOEXEC);
}

static i64 master_ioctl(struct pty *pty, u64 command, u64 argument) {
    i32 value = 0;
    bool sets = command == TIOCSPTLCK || command == TIOCPKT;
    if (sets && get_user(value, argument))
        return -EFAULT;
    switch (command) {
    case TIOCGPTN:
        return put_user(pty->index, argument);
    case TIOCSPTLCK:
        pty->locked = value;
        return 0;
    case TIOCGPTLCK:
        value = pty->locked;
        return put_user(value, argument);
    case TIOCPKT:
        if (value && !pty->packet)
            pty->status = 0;
        pty->packet = value;
        return 0;
    case TIOCGPKT:
        value = pty->packet;
        return put_user(value, argument);
    case TIOCGPTPEER:
        return open_peer(pty, argument);
    case TIOCSIG:
        if (argument != SIGINT && argument != SIGQUIT && argument != SIGTSTP)
            return -EINVAL;
        terminal_signal(&pty->control, argument);
        return 0;
    }
    return -ENOTTY;
}

/* Only who has the terminal, or root, may type on it. */
static i64 type_for(struct pty *pty, u64 from) {
    u8 c;
    if (current->process->terminal != &pty->control && !capable(CAP_SYS_ADMIN))
        return -EPERM;
    if (get_user(c, from))
        return -EFAULT;
    line_type(&pty->line, c);
    poll_wake(&pty->slave, POLLIN | POLLRDNORM);
    poll_wake(&pty->master, POLLIN | POLLRDNORM);
    return 0;
}

static i64 waiting(struct pty *pty, bool master, u64 to) {
    i32 n = master ? (i32)pty->shown.size : (i32)line_waiting(&pty->line);
    return put_user(n, to);
}

i64 pty_ioctl(struct file *file, u64 command, u64 argument) {
    struct pty *pty = file->private;
    bool master = pty_is_master(file);
    i32 nothing = 0;
    if (!master && pty->hung_up)
        return command == TIOCSPGRP ? -ENOTTY : -EIO;
    switch (command) {
    case TCGETS:
        return copy_to_user(argument, &pty->line.termios, TERMIOS_SIZE);
    case TCGETS2:
        return put_user(pty->line.termios, argument);
    case TCGETA:
        return get_old(&pty->line.termios, argument);
    case TCSETA:
    case TCSETAW:
    case TCSETAF:
    case TCSETS:
    case TCSETSW:
    case TCSETSF:
    case TCSETS2:
    case TCSETSW2:
    case TCSETSF2:
        return set_settings(pty, command, argument);
    case TCFLSH:
        return flush(pty, master, argument);
    case TCXONC:
        return control_flow(pty, argument);
    case TCSBRK: /* output is with the master already; there is no line to break */
    case TCSBRKP:
        return master ? 0 : terminal_check(&pty->control, SIGTTOU);
    case TIOCGWINSZ:
        return put_user(pty->size, argument);
    case TIOCSWINSZ:
        return set_size(pty, argument);
    case FIONREAD:
        return waiting(pty, master, argument);
    case TIOCOUTQ:
    case TIOCGETD:
        return put_user(nothing, argument);
    case TIOCEXCL:
    case TIOCNXCL:
        pty->exclusive = command == TIOCEXCL;
        return 0;
    case TIOCSTI:
        return type_for(pty, argument);
    }
    i64 done = master ? master_ioctl(pty, command, argument) : -ENOTTY;
    return done == -ENOTTY ? terminal_ioctl(&pty->control, file, !master, command, argument) : done;
}

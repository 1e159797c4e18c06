/* What ioctl can ask of the console, when the host's end of it is a terminal. */
#include "errno.h"
#include "fs/console.h"
#include "hypercall.h"
#include "lib.h"
#include "linux/tty.h"
#include "proc.h"
#include "task.h"
#include "terminal.h"
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

/* The size a program has set: the host's terminal stays as it is, and overrules it when it changes. */
static struct winsize size_set;
static bool has_size;

void console_resized(void) { has_size = false; }

static i64 set_window_size(u64 from) {
    struct winsize size;
    if (get_user(size, from))
        return -EFAULT;
    if (has_size && !memcmp(&size, &size_set, sizeof(size)))
        return 0;
    size_set = size;
    has_size = true;
    terminal_signal(&console_control, SIGWINCH);
    return 0;
}

static i64 window_size(struct console *c, u64 to) {
    if (has_size)
        return put_user(size_set, to);
    hc_begin(NV_OP_CON_INFO);
    hc_arg(0, c->stream);
    i64 error = hc_ring();
    struct winsize size = {.rows = hc_result(2), .columns = hc_result(3)};
    return error < 0 ? error : put_user(size, to);
}

i64 tty_ioctl(struct file *file, u64 command, u64 argument) {
    struct console *c = file->private;
    u8 attributes[TERMIOS_SIZE];
    i64 error;
    switch (command) {
    case TCGETS:
        error = get_attributes(c, attributes);
        return error ? error : copy_to_user(argument, attributes, sizeof(attributes));
    case TCSETS:
    case TCSETSW:
    case TCSETSF:
        error = terminal_check(&console_control, SIGTTOU);
        if (!error)
            error = copy_from_user(attributes, argument, sizeof(attributes));
        return error ? error : set_attributes(c, attributes, command - TCSETS);
    case TCFLSH: /* setting what is set, with the flush that goes with it */
        error = argument > 2 ? -EINVAL : terminal_check(&console_control, SIGTTOU);
        if (!error)
            error = get_attributes(c, attributes);
        return error || argument == 1 ? error : set_attributes(c, attributes, 2);
    case TCSBRK: /* writes have reached the host's terminal already; breaks mean nothing to it */
        return 0;
    case TIOCGWINSZ:
        return window_size(c, argument);
    case TIOCSWINSZ:
        return set_window_size(argument);
    default:
        return terminal_ioctl(&console_control, file, true, command, argument);
    }
}

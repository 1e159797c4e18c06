/* What is typed on a terminal, and who reads it when. */
#include "fs/line.h"
#include "errno.h"
#include "frame.h"
#include "lib.h"
#include "signal.h"

#define MASK(count) ((count) & (LINE_SIZE - 1))
#define NO_CHARACTER 0 /* a control character that is switched off; ends a line that EOF has ended */

static const struct termios usual = {
    .iflag = ICRNL | IXON,
    .oflag = OPOST | ONLCR,
    .cflag = B38400 | CS8 | CREAD,
    .lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN,
    .cc = {3, 28, 127, 21, 4, 0, 1, 0, 17, 19, 26, 0, 18, 15, 23, 22, 0},
    .ispeed = 38400, .ospeed = 38400,
};

bool line_init(struct line *line) {
    line->termios = usual;
    line->input = kmalloc(LINE_SIZE);
    return line->input != NULL;
}

void line_free(struct line *line) { kfree(line->input); }

static bool canonical(const struct line *line) { return line_local(line, ICANON) && !line_local(line, EXTPROC); }

static bool ends_at(const struct line *line, u32 at) { return line->ends[MASK(at) / 64] >> (at % 64) & 1; }

static void set_end(struct line *line, u32 at, bool on) {
    u64 bit = 1UL << (at % 64);
    u64 *word = &line->ends[MASK(at) / 64];
    *word = on ? *word | bit : *word & ~bit;
}

void line_set(struct line *line, const struct termios *settings) {
    struct termios old = line->termios;
    line->termios = *settings;
    if ((old.lflag ^ settings->lflag) & (ICANON | EXTPROC)) {
        memset(line->ends, 0, sizeof(line->ends));
        line->canon = line->tail;
        if (line_local(line, ICANON) && line->head != line->tail) {
            set_end(line, line->head - 1, true); /* what is there already can be read */
            line->canon = line->head;
        }
        line->erasing = line->literal = false;
    }
    if ((old.iflag & IXON) && !(settings->iflag & IXON))
        line_stop(line, false);
}

void line_stop(struct line *line, bool stop) {
    if (line->stopped == stop)
        return;
    line->stopped = stop;
    line->flow(line);
}

void line_drop_input(struct line *line) {
    line->head = line->canon = line->tail = 0;
    memset(line->ends, 0, sizeof(line->ends));
    line->erasing = line->literal = false;
}

u32 line_room(const struct line *line) {
    u32 used = line->head - line->tail;
    if (used < LINE_SIZE - 1)
        return LINE_SIZE - 1 - used;
    return canonical(line) && line->canon == line->tail;
}

/* A line that is too long loses what comes, but for its end. */
static void put(struct line *line, u8 c) {
    if (line->head - line->tail >= LINE_SIZE)
        line->head--;
    line->input[MASK(line->head++)] = c;
}

static void end_line(struct line *line, u8 c) {
    put(line, c);
    set_end(line, line->head - 1, true);
    line->canon = line->head;
}

/* Ctrl-C and its like; true when the byte was one. */
static bool type_signal(struct line *line, u8 c) {
    i32 sig = line_is(line, VINTR, c) ? SIGINT : line_is(line, VQUIT, c) ? SIGQUIT
            : line_is(line, VSUSP, c) ? SIGTSTP : 0;
    if (!sig)
        return false;
    if (!line_local(line, NOFLSH)) {
        line->flush(line);
        line_drop_input(line);
    }
    line->signal(line, sig);
    if (line->termios.iflag & IXON)
        line_stop(line, false);
    if (line_local(line, ECHO))
        line_echo(line, c);
    return true;
}

static bool type_flow(struct line *line, u8 c) {
    bool start = line_is(line, VSTART, c), stop = line_is(line, VSTOP, c);
    if (start || stop)
        line_stop(line, !start);
    return start || stop;
}

/* Editing and ends of lines; true when that was all. */
static bool type_editing(struct line *line, u8 c) {
    bool extended = line_local(line, IEXTEN);
    if (line_is(line, VERASE, c) || line_is(line, VKILL, c) || (extended && line_is(line, VWERASE, c))) {
        line_erase(line, c);
    } else if (extended && line_is(line, VLNEXT, c)) {
        line->literal = true;
        if (line_local(line, ECHO)) {
            line_finish_erasing(line);
            if (line_local(line, ECHOCTL)) {
                line_echo_raw(line, '^');
                line_echo_raw(line, '\b');
            }
        }
    } else if (extended && line_local(line, ECHO) && line_is(line, VREPRINT, c)) {
        line_reprint(line, c);
    } else if (c == '\n') {
        if (line_local(line, ECHO | ECHONL))
            line_echo_raw(line, c);
        end_line(line, c);
    } else if (line_is(line, VEOF, c)) {
        end_line(line, NO_CHARACTER);
    } else if (line_is(line, VEOL, c) || (extended && line_is(line, VEOL2, c))) {
        if (line_local(line, ECHO))
            line_echo_typed(line, c);
        end_line(line, c);
    } else {
        return false;
    }
    return true;
}

void line_type(struct line *line, u8 c) {
    u32 flags = line->termios.iflag;
    if (flags & ISTRIP)
        c &= 0x7f;
    if ((flags & IUCLC) && line_local(line, IEXTEN) && c >= 'A' && c <= 'Z')
        c += 'a' - 'A';
    bool fresh_line = false, literal = line->literal || line_local(line, EXTPROC);
    line->literal = false;
    if (!literal) {
        if ((flags & IXON) && type_flow(line, c))
            return;
        if (line_local(line, ISIG) && type_signal(line, c))
            return;
        if ((flags & IXON) && (flags & IXANY))
            line_stop(line, false);
        if (c == '\r') {
            if (flags & IGNCR)
                return;
            fresh_line = flags & ICRNL;
            c = fresh_line ? '\n' : c;
        } else if (c == '\n' && (flags & INLCR)) {
            c = '\r';
        }
        if (canonical(line) && type_editing(line, c))
            return;
    }
    if (line_local(line, ECHO)) {
        line_finish_erasing(line);
        if (fresh_line)
            line_echo_raw(line, c);
        else
            line_echo_typed(line, c);
    }
    put(line, c);
}

bool line_available(const struct line *line, u32 least) {
    return canonical(line) ? line->canon != line->tail : line->head - line->tail >= least;
}

u32 line_waiting(const struct line *line) {
    if (!canonical(line))
        return line->head - line->tail;
    u32 n = line->canon - line->tail;
    for (u32 at = line->tail; at != line->canon; at++) /* the end of input is no byte */
        n -= ends_at(line, at) && line->input[MASK(at)] == NO_CHARACTER;
    return n;
}

/* Bytes from the tail on, without wrapping around the buffer's end. */
static i64 move(struct line *line, struct io *io, u32 n) {
    i64 done = 0;
    while (n) {
        u32 part = MIN(n, LINE_SIZE - MASK(line->tail));
        i64 moved = io_put(io, line->input + MASK(line->tail), part);
        if (moved <= 0)
            return done ? done : moved;
        line->tail += moved;
        done += moved;
        n -= moved;
    }
    return done;
}

static bool skip_end_of_input(struct line *line) {
    if (line->tail == line->canon || !ends_at(line, line->tail) || line->input[MASK(line->tail)] != NO_CHARACTER)
        return false;
    set_end(line, line->tail++, false);
    return true;
}

i64 line_read(struct line *line, struct io *io, bool *full) {
    if (!canonical(line))
        return move(line, io, MIN(io->left, line->head - line->tail));
    *full = true;
    if (skip_end_of_input(line)) /* an empty line: the end of the file, for once */
        return 0;
    u32 n = 0, most = MIN(io->left, line->canon - line->tail);
    while (n < most && !ends_at(line, line->tail + n))
        n++;
    bool visible = n < most && line->input[MASK(line->tail + n)] != NO_CHARACTER;
    n += visible;
    i64 moved = move(line, io, n);
    if (moved != n)
        return moved;
    if (visible)
        set_end(line, line->tail - 1, false);
    else
        skip_end_of_input(line); /* it goes with the line it has ended */
    return moved;
}

/* The line discipline: from what is typed to what is read, with echo (fs/line.c, fs/line_edit.c),
   and from what is written to what the screen gets (fs/line_output.c). termios(3) says the rest. */
#pragma once
#include "fs/io.h"
#include "linux/tty.h"

#define LINE_SIZE 4096 /* bytes of input that are kept; a power of two */

struct line {
    struct termios termios;
    u8 *input;                   /* LINE_SIZE bytes */
    u64 ends[LINE_SIZE / 64];    /* a bit per byte of `input` that ends a line */
    u32 head, canon, tail;       /* counts: typed, in ended lines, read */
    u32 column, start_column;    /* on the screen: now, and where the line being typed began */
    bool literal, erasing, stopped;
    /* What the line is part of. `emit`: to the screen, as it is; what does not fit is lost. */
    void (*emit)(struct line *line, const u8 *bytes, u32 n);
    void (*signal)(struct line *line, i32 sig); /* to the foreground */
    void (*flow)(struct line *line);            /* `stopped` has changed */
    void (*flush)(struct line *line);           /* drop what is on its way to the screen */
};

bool line_init(struct line *line); /* usual settings; false: no memory */
void line_free(struct line *line);
/* New settings: what has been typed is seen in their light. */
void line_set(struct line *line, const struct termios *settings);
/* A byte has been typed. */
void line_type(struct line *line, u8 c);
/* How many more bytes may be typed: all, while a line that is too long waits for its end. */
u32 line_room(const struct line *line);
/* Is there something to read? In raw mode at least `least` bytes. */
bool line_available(const struct line *line, u32 least);
u32 line_waiting(const struct line *line); /* FIONREAD */
/* Move what can be read at once, at most to the end of a line; *full: the read is complete.
   Bytes or -EFAULT. */
i64 line_read(struct line *line, struct io *io, bool *full);
void line_drop_input(struct line *line);
void line_stop(struct line *line, bool stop);

/* Bytes written, made ready for the screen; `to` takes LINE_OUT_MAX bytes for each. How many. */
#define LINE_OUT_MAX 8
u32 line_output(struct line *line, const u8 *from, u32 n, u8 *to);

/* fs/line_edit.c, for fs/line.c only. */
static inline bool line_is(const struct line *line, int index, u8 c) {
    return c && line->termios.cc[index] == c;
}
static inline bool line_local(const struct line *line, u32 flags) { return line->termios.lflag & flags; }
void line_echo(struct line *line, u8 c);     /* as ^X where it is a control character */
void line_echo_raw(struct line *line, u8 c);
void line_echo_typed(struct line *line, u8 c); /* with what echo has to remember */
void line_finish_erasing(struct line *line);
void line_erase(struct line *line, u8 c); /* ERASE, WERASE or KILL */
void line_reprint(struct line *line, u8 c);

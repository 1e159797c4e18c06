/* What happens to output on its way to the screen (OPOST), and where that leaves the cursor. */
#include "fs/line.h"
#include "lib.h"

#define TAB 8

static u32 newline(struct line *line, u8 *to) {
    u32 flags = line->termios.oflag, n = 0;
    if (flags & (ONLRET | ONLCR))
        line->column = 0;
    line->start_column = line->column;
    if (flags & ONLCR)
        to[n++] = '\r';
    to[n++] = '\n';
    return n;
}

static u32 carriage_return(struct line *line, u8 *to) {
    u32 flags = line->termios.oflag;
    if ((flags & ONOCR) && !line->column)
        return 0;
    if (!(flags & OCRNL) || (flags & ONLRET))
        line->column = line->start_column = 0;
    to[0] = flags & OCRNL ? '\n' : '\r';
    return 1;
}

static u32 tab(struct line *line, u8 *to) {
    u32 spaces = TAB - line->column % TAB;
    line->column += spaces;
    if ((line->termios.oflag & TABDLY) != XTABS) {
        to[0] = '\t';
        return 1;
    }
    memset(to, ' ', spaces);
    return spaces;
}

u32 line_output(struct line *line, const u8 *from, u32 n, u8 *to) {
    u32 done = 0;
    for (u32 i = 0; i < n; i++) {
        u8 c = from[i];
        if (!(line->termios.oflag & OPOST)) {
            to[done++] = c;
        } else if (c == '\n') {
            done += newline(line, to + done);
        } else if (c == '\r') {
            done += carriage_return(line, to + done);
        } else if (c == '\t') {
            done += tab(line, to + done);
        } else {
            if (c == '\b')
                line->column -= line->column > 0;
            else if (c >= 32 && c != 127 && !((line->termios.iflag & IUTF8) && (c & 0xc0) == 0x80))
                line->column++;
            bool small = c >= 'a' && c <= 'z';
            to[done++] = small && (line->termios.oflag & OLCUC) ? c - 'a' + 'A' : c;
        }
    }
    return done;
}

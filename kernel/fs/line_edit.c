/* Echo, and taking back what has been typed. */
#include "fs/line.h"
#include "lib.h"

#define MASK(count) ((count) & (LINE_SIZE - 1))
#define TAB 8

static bool control(u8 c) { return c < 32 || c == 127; }
static bool continues(const struct line *line, u8 c) { return (line->termios.iflag & IUTF8) && (c & 0xc0) == 0x80; }
static bool word_part(u8 c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' || c >= 0xaa;
}

void line_echo_raw(struct line *line, u8 c) {
    u8 out[LINE_OUT_MAX];
    line->emit(line, out, line_output(line, &c, 1, out));
}

void line_echo(struct line *line, u8 c) {
    if (!line_local(line, ECHOCTL) || !control(c) || c == '\t')
        return line_echo_raw(line, c);
    u8 out[2] = {'^', c ^ 0100};
    line->column += 2;
    line->emit(line, out, 2);
}

void line_echo_typed(struct line *line, u8 c) {
    if (line->canon == line->head)
        line->start_column = line->column;
    line_echo(line, c);
}

void line_finish_erasing(struct line *line) {
    if (line->erasing)
        line_echo_raw(line, '/');
    line->erasing = false;
}

static void wipe(struct line *line) {
    line_echo_raw(line, '\b');
    line_echo_raw(line, ' ');
    line_echo_raw(line, '\b');
}

/* How far back a tab goes depends on what was typed before it. */
static void wipe_tab(struct line *line) {
    u32 columns = 0;
    bool after_tab = false;
    for (u32 at = line->head; at != line->canon && !after_tab;) {
        u8 c = line->input[MASK(--at)];
        after_tab = c == '\t';
        if (control(c) && !after_tab)
            columns += line_local(line, ECHOCTL) ? 2 : 0;
        else if (!after_tab && !continues(line, c))
            columns++;
    }
    if (!after_tab)
        columns += line->start_column;
    for (u32 back = TAB - columns % TAB; back; back--) {
        line->emit(line, (const u8 *)"\b", 1);
        line->column -= line->column > 0;
    }
}

/* Show that the character at `head`, of n bytes, is gone. */
static void show_erased(struct line *line, u32 n, bool one) {
    u8 c = line->input[MASK(line->head)];
    if (line_local(line, ECHOPRT)) {
        if (!line->erasing)
            line_echo_raw(line, '\\');
        line->erasing = true;
        line_echo(line, c);
        for (u32 i = 1; i < n; i++)
            line_echo_raw(line, line->input[MASK(line->head + i)]);
    } else if (one && !line_local(line, ECHOE)) {
        line_echo(line, line->termios.cc[VERASE]);
    } else if (c == '\t') {
        wipe_tab(line);
    } else {
        if (control(c) && line_local(line, ECHOCTL))
            wipe(line);
        if (!control(c) || line_local(line, ECHOCTL))
            wipe(line);
    }
}

static bool erase_at_once(struct line *line) {
    bool echo = line_local(line, ECHO);
    if (echo && line_local(line, ECHOK) && line_local(line, ECHOKE) && line_local(line, ECHOE))
        return false;
    line->head = line->canon;
    if (echo) {
        line_finish_erasing(line);
        line_echo(line, line->termios.cc[VKILL]);
        if (line_local(line, ECHOK))
            line_echo_raw(line, '\n');
    }
    return true;
}

void line_erase(struct line *line, u8 c) {
    bool one = line_is(line, VERASE, c), word = !one && line_is(line, VWERASE, c) && line_local(line, IEXTEN);
    bool seen = false;
    if (line->head == line->canon)
        return;
    if (!one && !word && erase_at_once(line))
        return;
    while (line->head != line->canon) {
        u32 at = line->head;
        u8 first;
        do
            first = line->input[MASK(--at)];
        while (continues(line, first) && at != line->canon);
        if (continues(line, first)) /* half a character stays */
            break;
        if (word && word_part(first))
            seen = true;
        else if (word && seen)
            break;
        u32 n = line->head - at;
        line->head = at;
        if (line_local(line, ECHO))
            show_erased(line, n, one);
        if (one)
            break;
    }
    if (line->head == line->canon && line_local(line, ECHO))
        line_finish_erasing(line);
}

void line_reprint(struct line *line, u8 c) {
    line_finish_erasing(line);
    line_echo(line, c);
    line_echo_raw(line, '\n');
    for (u32 at = line->canon; at != line->head; at++)
        line_echo(line, line->input[MASK(at)]);
}

/* Numbers that programs write as text: as a file of /proc takes them. */
#include "errno.h"
#include "lib.h"

static bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

static u32 digit(char c) {
    return c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : 16;
}

/* By its start 0x 16, 0 8, else 10. */
static u32 base_of(const char **text) {
    if (**text != '0')
        return 10;
    if (((*text)[1] | 32) != 'x' || digit((*text)[2]) == 16)
        return 8;
    *text += 2;
    return 16;
}

i64 parse_i32(const char *text, i32 *number) {
    i64 value = 0;
    while (is_space(*text))
        text++;
    bool negative = *text == '-';
    text += *text == '-' || *text == '+';
    u32 base = base_of(&text);
    if (digit(*text) >= base)
        return -EINVAL;
    for (; digit(*text) < base; text++)
        if ((value = value * base + digit(*text)) > (1L << 31))
            return -ERANGE;
    while (is_space(*text))
        text++;
    if (*text)
        return -EINVAL;
    value = negative ? -value : value;
    *number = (i32)value;
    return *number == value ? 0 : -ERANGE;
}

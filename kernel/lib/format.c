/* printf-style formatting, the kernel log, panic. */
#include "hypercall.h"
#include "lib.h"

struct sink {
    char *buf;
    u64 size, length;
};

static void emit(struct sink *out, char c) {
    if (out->length + 1 < out->size)
        out->buf[out->length] = c;
    out->length++;
}

struct spec {
    u32 width, precision;
    bool zero, left, wide, precise;
};

static void pad(struct sink *out, const struct spec *spec, u64 used, char with) {
    for (; used < spec->width; used++)
        emit(out, with);
}

static void text(struct sink *out, const struct spec *spec, const char *s) {
    u64 length = 0;
    while ((!spec->precise || length < spec->precision) && s[length])
        length++;
    if (!spec->left)
        pad(out, spec, length, ' ');
    for (u64 i = 0; i < length; i++)
        emit(out, s[i]);
    if (spec->left)
        pad(out, spec, length, ' ');
}

static void number(struct sink *out, const struct spec *spec, u64 value, u32 base, bool negative) {
    char digits[24];
    u32 n = 0;
    do
        digits[n++] = "0123456789abcdef"[value % base];
    while (value /= base);
    u32 length = n + negative;
    if (!spec->left && !spec->zero)
        pad(out, spec, length, ' ');
    if (negative)
        emit(out, '-');
    if (!spec->left && spec->zero)
        pad(out, spec, length, '0');
    while (n)
        emit(out, digits[--n]);
    if (spec->left)
        pad(out, spec, length, ' ');
}

static const char *parse(const char *fmt, struct spec *spec, __builtin_va_list *args) {
    for (;; fmt++) {
        if (*fmt == '0')
            spec->zero = true;
        else if (*fmt == '-')
            spec->left = true;
        else
            break;
    }
    for (; *fmt >= '0' && *fmt <= '9'; fmt++)
        spec->width = spec->width * 10 + (u32)(*fmt - '0');
    if (fmt[0] == '.' && fmt[1] == '*') {
        spec->precision = __builtin_va_arg(*args, u32);
        spec->precise = true;
        fmt += 2;
    }
    for (; *fmt == 'l'; fmt++)
        spec->wide = true;
    return fmt;
}

u64 vformat(char *buf, u64 size, const char *fmt, __builtin_va_list original) {
    struct sink out = { buf, size, 0 };
    __builtin_va_list args;
    __builtin_va_copy(args, original);
    for (; *fmt; fmt++) {
        if (*fmt != '%') {
            emit(&out, *fmt);
            continue;
        }
        struct spec spec = { 0 };
        fmt = parse(fmt + 1, &spec, &args);
        switch (*fmt) {
        case 's':
            text(&out, &spec, __builtin_va_arg(args, const char *));
            break;
        case 'c':
            emit(&out, (char)__builtin_va_arg(args, int));
            break;
        case 'd': {
            i64 value = spec.wide ? __builtin_va_arg(args, i64) : __builtin_va_arg(args, i32);
            number(&out, &spec, value < 0 ? -(u64)value : (u64)value, 10, value < 0);
            break;
        }
        case 'u':
        case 'x':
        case 'o': {
            u64 value = spec.wide ? __builtin_va_arg(args, u64) : __builtin_va_arg(args, u32);
            number(&out, &spec, value, *fmt == 'u' ? 10 : *fmt == 'x' ? 16 : 8, false);
            break;
        }
        case 'p':
            number(&out, &spec, __builtin_va_arg(args, u64), 16, false);
            break;
        default:
            emit(&out, *fmt);
        }
    }
    __builtin_va_end(args);
    if (size)
        buf[MIN(out.length, size - 1)] = 0;
    return out.length;
}

u64 format(char *buf, u64 size, const char *fmt, ...) {
    __builtin_va_list args;
    __builtin_va_start(args, fmt);
    u64 length = vformat(buf, size, fmt, args);
    __builtin_va_end(args);
    return length;
}

void klog(const char *fmt, ...) {
    char line[200];
    __builtin_va_list args;
    __builtin_va_start(args, fmt);
    u64 length = vformat(line, sizeof(line), fmt, args);
    __builtin_va_end(args);
    hc_begin(NV_OP_LOG);
    hc_in(line, MIN(length, sizeof(line) - 1));
    hc_ring();
}

noreturn void panic(const char *fmt, ...) {
    char line[200];
    __builtin_va_list args;
    __builtin_va_start(args, fmt);
    u64 length = vformat(line, sizeof(line), fmt, args);
    __builtin_va_end(args);
    hc_begin(NV_OP_PANIC);
    hc_in(line, MIN(length, sizeof(line) - 1));
    hc_ring();
    for (;;)
        __asm__ volatile("hlt");
}
